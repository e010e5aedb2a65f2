#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# The man pages' OPTIONS and the completion script say what the option tables say, and the script completes.
. "${top_srcdir:?}/tests/tap.sh"
source=$top_srcdir
try=$(dirname "$BASIN")/tests/cli_program

result() {
	ok "$1" "$2"
	[ "$1" -eq 0 ] || shown "$dir/why"
}

# Drift: a copy is brought up to date and must not change.
mkdir "$dir/copy" "$dir/copy/man" "$dir/copy/completion"
for page in "$source"/man/*.1; do
	[ -f "$page" ] && cp "$page" "$dir/copy/man/"
done
cp "$source/completion/basin.bash" "$dir/copy/completion/"
chmod -R u+w "$dir/copy"
sh "$source/man/update" "$BASIN" "$dir/copy" >"$dir/why" 2>&1
result $? "every command has a page with marks for its options"
for file in completion/basin.bash $("$BASIN" --dump commands | sed 's,.*,man/basin-&.1,'); do
	[ -f "$source/$file" ] || continue
	diff -u "$source/$file" "$dir/copy/$file" >"$dir/why"
	result $? "$file says what the option tables say (else: make update-docs)"
done

# The updater itself, with a program whose tables are known.
mkdir "$dir/made" "$dir/made/man" "$dir/made/completion"
sh "$source/man/update" "$try" "$dir/made" >"$dir/why" 2>&1
[ $? -eq 1 ] && grep -q 'basin-try.1: there is no such page' "$dir/why"
result $? "a command without a page is named"
for c in try flood; do
	printf '%s\n' '.Dd January 1, 2026' ".Dt BASIN-$c 1" .Os '.Sh NAME' ".Nm basin-$c" '.Nd tests documentation' \
		'.Sh OPTIONS' '.\" BEGIN OPTIONS' old text '.\" END OPTIONS' '.Sh EXIT STATUS' 0. >"$dir/made/man/basin-$c.1"
done
sh "$source/man/update" "$try" "$dir/made" >"$dir/why" 2>&1
result $? "pages are filled in"
page=$dir/made/man/basin-try.1
! grep -q '^old\|^text' "$page" && [ "$(grep -c '^\.It Fl Fl batch Ar N$' "$page")" = 1 ] &&
	grep -q '^0\.$' "$page" && [ "$(grep -c 'OPTIONS$' "$page")" = 3 ]
result $? "what stood between the marks is replaced, the rest stays"
cp "$page" "$dir/before"
sh "$source/man/update" "$try" "$dir/made" && cmp -s "$page" "$dir/before"
result $? "a second time changes nothing"
if command -v mandoc >/dev/null 2>&1; then
	mandoc -T lint -W warning "$dir"/made/man/*.1 >"$dir/why" 2>&1
	result $? "mandoc has no complaint about the options"
	mandoc -T utf8 "$page" | LC_ALL=C.UTF-8 col -b >"$dir/why"
	grep -q -e '--lr RATE' "$dir/why" && grep -q 'Step size λ (default 0.1; > 0)\.' "$dir/why"
	result $? "a formatted page reads as it should"
else
	for name in "mandoc has no complaint about the options" "a formatted page reads as it should"; do
		skip "$name" "mandoc is not installed"
	done
fi
sed '/END OPTIONS/d' "$dir/before" >"$page"
sh "$source/man/update" "$try" "$dir/made" 2>"$dir/why"
[ $? -eq 1 ] && grep -q 'basin-try.1: expected one line' "$dir/why" && grep -q 'It Fl Fl batch' "$page"
result $? "a page without its marks is named and left alone"

# Completion: words WORD... are on the line, the last one is being typed; prints what it may become.
# shellcheck source=/dev/null
. "$dir/made/completion/basin.bash"
complete_words() {
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
	_basin
	printf '%s\n' "${COMPREPLY[@]}" | LC_ALL=C sort | tr '\n' ' '
}
# completes WANTED WORD...
completes() {
	want=$1
	shift
	got=$(complete_words "$@")
	echo "got “$got”" >"$dir/why"
	[ "$got" = "$want" ]
	result $? "“$*” completes to “$want”"
}
completes '--help --version flood help try ' basin ''
completes '--help ' basin --h
cd "$dir" && mkdir empty && cd empty && : >'a file' && : >beta || exit 99
completes '--json ' basin try --js
completes '--sampler --sampling ' basin try --sam
completes 'iid shuffle ' basin try --sampling ''
completes 'iid ' basin try --json --sampling i
completes 'iid shuffle ' basin try --sampling =
completes 'shuffle ' basin try --sampling = s
completes 'a file beta ' basin try --out ''
completes 'a file ' basin try --out = a
completes 'beta ' basin try b
completes 'beta ' basin try --json b
completes ' ' basin try --batch ''
completes 'cpu cuda ' basin flood --device ''
completes '--config --device --dump-config --help --json --progress --quiet --threads --version ' basin flood --
completes 'flood try ' basin help ''
completes 'eat peel ' basin flood ''
completes 'peel ' basin flood --json --device cpu p
completes 'apple fig tin: ' basin flood --threads = 2 peel ''
completes 'tin: ' basin flood peel t
completes 'a file beta ' basin flood peel tin :
completes 'beta ' basin flood peel tin : b
completes 'a file apple beta fig tin: ' basin flood peel tin : beta ''
completes '--device --dump-config ' basin flood peel --d

# The program's own: what there is of each, whatever the build.
# shellcheck source=/dev/null
. "$source/completion/basin.bash"
kinds='cifar100: cifar10: csv: fashion-mnist: glyphs mnist: npy: shapes svhn: '
for words in 'sample --data' 'predict run --data' 'ood --ood' 'ood run --id' 'data info' 'data --json write'; do
	# shellcheck disable=SC2086
	completes "$kinds" basin $words ''
done
completes 'info write ' basin data ''
completes 'banana: basins: double-well: gaussian: lenet linear mixture: mlp: quadratics: resnet18 resnet20 resnet34 resnet50 wells: ' basin sample --model ''
completes 'cpu cuda ' basin predict --device ''
completes 'glyphs ' basin info g

done_testing
