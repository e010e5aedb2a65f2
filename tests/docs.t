#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The man pages' OPTIONS and the completion script say what the option tables say, and the script completes.
source=${top_srcdir:-.}
try=$(dirname "$BASIN")/tests/cli_program
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
n=0

result() {
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else
		echo "not ok $n - $2"
		sed 's/^/# /' "$tmp/why"
	fi
}

# Drift: a copy is brought up to date and must not change.
mkdir "$tmp/copy" "$tmp/copy/man" "$tmp/copy/completion"
for page in "$source"/man/*.1; do
	[ -f "$page" ] && cp "$page" "$tmp/copy/man/"
done
cp "$source/completion/basin.bash" "$tmp/copy/completion/"
chmod -R u+w "$tmp/copy"
sh "$source/man/update" "$BASIN" "$tmp/copy" >"$tmp/why" 2>&1
result $? "every command has a page with marks for its options"
for file in completion/basin.bash $("$BASIN" --dump commands | sed 's,.*,man/basin-&.1,'); do
	[ -f "$source/$file" ] || continue
	diff -u "$source/$file" "$tmp/copy/$file" >"$tmp/why"
	result $? "$file says what the option tables say (else: make update-docs)"
done

# The updater itself, with a program whose tables are known.
mkdir "$tmp/made" "$tmp/made/man" "$tmp/made/completion"
sh "$source/man/update" "$try" "$tmp/made" >"$tmp/why" 2>&1
[ $? -eq 1 ] && grep -q 'basin-try.1: there is no such page' "$tmp/why"
result $? "a command without a page is named"
for c in try flood; do
	printf '%s\n' '.Dd January 1, 2026' ".Dt BASIN-$c 1" .Os '.Sh NAME' ".Nm basin-$c" '.Nd tests documentation' \
		'.Sh OPTIONS' '.\" BEGIN OPTIONS' old text '.\" END OPTIONS' '.Sh EXIT STATUS' 0. >"$tmp/made/man/basin-$c.1"
done
sh "$source/man/update" "$try" "$tmp/made" >"$tmp/why" 2>&1
result $? "pages are filled in"
page=$tmp/made/man/basin-try.1
! grep -q '^old\|^text' "$page" && [ "$(grep -c '^\.It Fl Fl batch Ar N$' "$page")" = 1 ] &&
	grep -q '^0\.$' "$page" && [ "$(grep -c 'OPTIONS$' "$page")" = 3 ]
result $? "what stood between the marks is replaced, the rest stays"
cp "$page" "$tmp/before"
sh "$source/man/update" "$try" "$tmp/made" && cmp -s "$page" "$tmp/before"
result $? "a second time changes nothing"
if command -v mandoc >/dev/null 2>&1; then
	mandoc -T lint -W warning "$tmp"/made/man/*.1 >"$tmp/why" 2>&1
	result $? "mandoc has no complaint about the options"
	mandoc -T utf8 "$page" | col -b >"$tmp/why"
	grep -q -e '--lr RATE' "$tmp/why" && grep -q 'Step size λ (default 0.1; > 0)\.' "$tmp/why"
	result $? "a formatted page reads as it should"
else
	for name in "mandoc has no complaint about the options" "a formatted page reads as it should"; do
		n=$((n + 1))
		echo "ok $n - $name # SKIP mandoc is not installed"
	done
fi
sed '/END OPTIONS/d' "$tmp/before" >"$page"
sh "$source/man/update" "$try" "$tmp/made" 2>"$tmp/why"
[ $? -eq 1 ] && grep -q 'basin-try.1: expected one line' "$tmp/why" && grep -q 'It Fl Fl batch' "$page"
result $? "a page without its marks is named and left alone"

# Completion: words WORD... are on the line, the last one is being typed; prints what it may become.
# shellcheck source=/dev/null
. "$tmp/made/completion/basin.bash"
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
	echo "got “$got”" >"$tmp/why"
	[ "$got" = "$want" ]
	result $? "“$*” completes to “$want”"
}
completes '--help --version flood help try ' basin ''
completes '--help ' basin --h
cd "$tmp" && mkdir empty && cd empty && : >'a file' && : >beta || exit 99
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

echo "1..$n"
