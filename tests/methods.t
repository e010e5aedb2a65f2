#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# A method touches five places at most (CONTRIBUTING.md), and each row of samplers/methods.h has all of them: its file,
# the row, a test, its item in the manual with the equation, and the option files of the protocol that the manual says
# was published. The item also says what is sampled, and what a step costs.
. "${top_srcdir:?}/tests/tap.sh"
cd "$top_srcdir" || exit 99
page=man/basin-sample.1

# has NAME WHAT COMMAND…: the method's place, by a name that says what is missing.
has() {
	local name=$1 what=$2
	shift 2
	"$@" >"$dir/out" 2>&1
	ok $? "$name: $what"
}

# item NAME: what the page's Methods say of it.
item() {
	awk -v name="$1" '
		/^\.S[sh] / { inside = $0 == ".Ss Methods"; depth = 0; mine = 0 }
		/^\.Bl / { depth++ }
		/^\.El$/ && !--depth { mine = 0 }
		/^\.It / && depth == 1 { mine = inside && $0 == ".It Cm " name }
		mine' "$page"
}

has_equation() { item "$1" | grep -q '←'; }
# says NAME WORDS: the item has them, on whatever lines.
says() { item "$1" | tr '\n' ' ' | grep -q -E "$2"; }
has_test() { grep -v '^ *\*\|^/\*' tests/sampler_body.c tests/methods_*.c | grep -q "\"$1\""; }
in_build() { grep -q "samplers/$1\\.c\\( \\|\$\\)" samplers/Makemodule.am; }
has_source() { sed -n '2,12p' "samplers/$1.c" | grep -q -E 'arXiv|[12][0-9]{3}'; }

sed -n 's/^\tX(\([a-z_0-9]*\), "\([^"]*\)", "\([^"]*\)").*/\1 \2/p' samplers/methods.h >"$dir/rows"
there=$("$BASIN" sample --help | sed -n '/^ *--sampler /,/ method /p' | tr -d ' \n' | sed 's/--sampler\(.*\)method.*/\1/')
[ "$(cut -d ' ' -f 2 "$dir/rows" | tr '\n' '|')" = "$there|" ]
ok $? "the rows are the methods that there are"
while read -r id name; do
	has "$name" "file samplers/$id.c" test -f "samplers/$id.c"
	has "$name" "samplers/$id.c is in samplers/Makemodule.am" in_build "$id"
	has "$name" "samplers/$id.c opens with where the method is from" has_source "$id"
	has "$name" "a test of the equation in tests/sampler_body.c or tests/methods_*.c" has_test "$name"
	has "$name" "an item with the equation among the Methods of $page" has_equation "$name"
	has "$name" "what it samples, or that it claims no target, in $page" says "$name" '(^|\. )(Samples |Claims no target[.;])'
	has "$name" "gradients and vectors of a step in $page" says "$name" '[Gg]radients?( and a value)? a step.* vectors?[ ,.]'
	for example in $(item "$name" | sed -n 's/^\.Pa \([^ ]*\).*/\1/p'); do
		has "$name" "examples/$example, which $page names" test -f "examples/$example"
	done
done <"$dir/rows"
for id in $(sed -n 's/^const struct sampler sampler_\([a-z_0-9]*\) = .*/\1/p' samplers/*.c); do
	has "$id" "a row in samplers/methods.h" grep -q "^$id " "$dir/rows"
done
for conf in examples/cifar10-*.conf examples/cifar100-*.conf; do
	name=${conf##*/}
	name=${name#cifar*-}
	name=${name%.conf}
	grep -q " $name\$" "$dir/rows" || continue
	has "$name" "${conf##*/} is in the method's item of $page" grep -q "${conf##*/}" <(item "$name")
done
done_testing
