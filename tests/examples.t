#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# The option files of examples/ are taken as they are, and the smallest one samples what it says.
set -u
. "${top_srcdir:?}/tests/tap.sh"
for conf in "$top_srcdir"/examples/*.conf; do
	"$BASIN" sample --config "$conf" --out "$dir/run" --dump-config >"$dir/dump"
	ok $? "${conf##*/} is taken"
	# Every option of the file stands in the dump with its value.
	sed -n 's/^\([a-z-]* = .*\)$/\1/p' "$conf" >"$dir/want"
	[ "$(grep -c -x -F -f "$dir/want" "$dir/dump")" -eq "$(wc -l <"$dir/want")" ]
	ok $? "${conf##*/} gives the values that are used"
done
"$BASIN" sample --config "$top_srcdir/examples/gaussian-sgld.conf" --out "$dir/run" >"$dir/out"
ok $? "gaussian-sgld.conf runs"
grep -q "19900 states kept in each" "$dir/out"
ok $? "and keeps what it says"
grep -q "next: basin info" "$dir/out"
ok $? "and sends to a command that works on it"

# The published CIFAR protocols: the methods whose items in the manual name them have a file for either set, the files
# differ in nothing but what is a method's own, and each keeps 16 states. Four examples and a small network show that
# without the data.
methods=$(sed -n 's/^\.Pa cifar100*-\(.*\)\.conf [,.]$/\1/p' "$top_srcdir/man/basin-sample.1" | sort -u)
methods=$(echo $methods)
[ -n "$methods" ]
ok $? "the methods are known"
for set in cifar10 cifar100; do
	for method in $methods; do
		conf=$top_srcdir/examples/$set-$method.conf
		[ -f "$conf" ] && grep -q -x "sampler = $method" "$conf"
		ok $? "$set-$method.conf is for $method"
		grep -v -e '^#' -e '^sampler' -e '^sigma' -e '^coupling' -e '^temperature' -e '^keep-last' "$conf" >"$dir/protocol"
		[ "$set-$method" = "$set-${methods%% *}" ] && cp "$dir/protocol" "$dir/first"
		cmp -s "$dir/protocol" "$dir/first"
		ok $? "$set-$method.conf has the common protocol"
		command=$(sed -n 's/^#   basin \(ood .*\)$/\1/p' "$conf")
		[ -n "$command" ] && "$BASIN" $command --dump-config >"$dir/dump" && grep -q -x 'ood-normalize = 0.5:0.5' "$dir/dump"
		ok $? "$set-$method.conf says how foreign images are scored"
		rm -rf "$dir/published"
		"$BASIN" sample --config "$conf" --data shapes --holdout 9996 --model lenet --batch 4 --epochs 16 --lr 0.001 --quiet \
			--out "$dir/published" >"$dir/out" && "$BASIN" info "$dir/published" | grep -q "16 snapshots"
		ok $? "$set-$method.conf keeps 16 states"
	done
done
done_testing
