#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# make bundle: a folder that is moved, and runs there on its own libraries.
set -u
. "${top_srcdir:?}/tests/tap.sh"
if [ ! -w . ] || [ ! -e Makefile ]; then
	echo "1..0 # SKIP the build folder can't be written to"
	exit 0
fi
for program in make ldd objdump; do
	command -v $program >/dev/null 2>&1 || {
		echo "1..0 # SKIP there is no $program"
		exit 0
	}
done
# With a packer of no time.
env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make bundle BUNDLE="$dir/bundle" PACK=cat >"$dir/said" 2>&1 && grep -q 'MB$' "$dir/said"
result=$?
ok $result "it is made, and its size is said"
[ $result = 0 ] || shown "$dir/said"
tar -tf "$dir/bundle.tar.xz" >"$dir/packed" && grep -qx 'bundle/bin/basin' "$dir/packed" && grep -q 'bundle/lib/libdnnl' "$dir/packed"
ok $? "it is packed, with its libraries"

moved="$dir/some where/else"
mkdir "$dir/some where"
mv "$dir/bundle" "$moved"
for file in bin/basin bench/gpu.sh bench/gpu.md share/man/man1/basin.1 share/doc/basin/LICENSE share/doc/basin/examples/shapes-fsgld.conf; do
	[ -s "$moved/$file" ]
	ok $? "it has $file"
done
for program in "$moved"/bin/basin "$moved"/tests/*; do
	[ -e "$program" ] || continue
	# What the C library and its loader are made of is the machine's.
	env -i ldd "$program" | grep '=>' | grep -v -F "=> $moved/" |
		grep -v -E '^[[:space:]]*(libc|libm|libmvec|libdl|librt|libpthread|libresolv)\.so[^ ]* =>' >"$dir/found"
	[ ! -s "$dir/found" ]
	result=$?
	ok $result "${program##*/} finds its libraries beside itself"
	[ $result = 0 ] || shown "$dir/found"
done
top_srcdir=$(cd "$top_srcdir" && pwd)
cd "$dir" || exit 99
clean() { env -i PATH=/usr/bin:/bin HOME="$dir" BASIN_DEVICE=cpu "$@"; }
clean "$moved/bin/basin" sample --data shapes --holdout 9900 --model mlp:3072-8-10 --steps 3 --lr 0.01 --out run >said 2>&1 &&
	clean "$moved/bin/basin" predict run --json >out 2>said && [ -n "$(member nll)" ]
result=$?
ok $result "it runs where it was moved to, in an empty environment"
[ $result = 0 ] || shown said
for program in "$moved"/tests/card_*; do
	[ -e "$program" ] || continue
	# A card's checks take long, and are make check's.
	clean env CUDA_VISIBLE_DEVICES= "$program" >out 2>said && grep -q '^ok .*SKIP .*CUDA\|^ok .*SKIP .*driver' out
	result=$?
	ok $result "${program##*/} starts, and says that there is no card"
	[ $result = 0 ] || shown out said
done
# What is taken along besides, under the name that programs ask for, with what it loads by itself.
library=$(env -i ldd "$moved/bin/basin" | sed -n 's/.* => \(.*libz\.so.*\) (0x.*/\1/p')
mkdir -p small/bin small/tests small/bench
ln -s "$library" libother.so
: >libother_part.so.9
LIBRARIES=$dir/libother.so PACK=cat sh "$top_srcdir/tools/bundle.sh" "$dir/small" >said 2>&1 && [ -s "small/lib/${library##*/}" ] &&
	[ -e small/lib/libother_part.so.9 ]
result=$?
ok $result "another library is kept by its own name, and its parts are"
[ $result = 0 ] || shown said
done_testing
