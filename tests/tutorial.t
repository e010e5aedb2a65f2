#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# basin-tutorial(7) does what it says: each of its commands is run, in the page's order, in one folder, and what the page shows of
# their output has the shape of what they print. Those on images run at a fraction of their length, and CIFAR-10 and SVHN are
# a few of the built-in images in the publishers' files.
set -u
. "${top_srcdir:?}/tests/tap.sh"
page=$top_srcdir/man/basin-tutorial.7
mkdir "$dir/bin" "$dir/walk"
# Under the name that the page has for it.
printf '#!/bin/sh\nexec "%s" "$@"\n' "$BASIN" >"$dir/bin/basin"
chmod +x "$dir/bin/basin"
PATH=$dir/bin:$PATH

# The blocks, as a terminal shows them: N.run is commands, N.shown what the page has of the output of those before it.
awk -v into="$dir" '
	/^\.\\" RUN$/ { n++; kind = "run" }
	/^\.\\" SHOWN$/ { kind = "shown" }
	/^\.Ed$/ { close(file); file = "" }
	file { gsub(/\\\(aq/, "\047"); gsub(/\\e/, "\\"); sub(/^\\&/, ""); print >file }
	/^\.Bd -literal/ { file = into "/" (kind ? sprintf("%02d.%s", n, kind) : "unmarked"); kind = "" }
' "$page"
[ -s "$dir/01.run" ] && [ ! -e "$dir/unmarked" ] &&
	[ "$(grep -c '^\.Bd' "$page")" = "$(find "$dir" -name '*.run' -o -name '*.shown' | wc -l)" ]
ok $? "each block of the page is marked as commands or as what they print"
grep -l 'basin [a-z]' "$dir"/*.run >"$dir/some" && [ "$(cat "$dir"/*.run | grep -c '^basin \|| basin ')" -ge 12 ]
ok $? "and the commands are there"

# shape: lines with every number as N, and one blank for many.
shape() {
	sed -E 's/[-+]?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?/N/g; s/[[:blank:]]+/ /g; s/ $//'
}

# shorter FILE: commands on images as they are run here.
shorter() {
	sed -e 's/--epochs 30/--epochs 4/; s/--keep-last 3/--keep-last 2/' -e 's/--epochs 10 /--epochs 4 /; s/--batch 128/--batch 16/' "$1"
}

# A few images in the publishers' files.
few_images() {
	basin data write shapes --format cifar10 --out all >/dev/null || return
	mkdir cifar-10-batches-bin
	for file in all/*.bin; do
		head -c $((3073 * 16)) "$file" >"cifar-10-batches-bin/${file##*/}"
	done
	cp all/*.txt cifar-10-batches-bin
	basin data write cifar10:cifar-10-batches-bin --format svhn --out svhn >/dev/null
}

cd "$dir/walk" || exit 99
(few_images) >"$dir/out" 2>"$dir/err"
result=$?
ok $result "images in the publishers' files"
[ $result = 0 ] || shown "$dir/out" "$dir/err"
for run in "$dir"/*.run; do
	shorter "$run" >"$dir/commands"
	name=$(grep -o 'basin [a-z].*' "$run" | head -n 1 | sed 's/ *\\$//')
	sh -e "$dir/commands" >"$dir/out" 2>"$dir/err"
	result=$?
	ok $result "${name:-${run##*/}}: exit status 0"
	[ $result = 0 ] || { shown "$dir/err"; echo "# exit status $result"; }
	seen=${run%.run}.shown
	[ -e "$seen" ] || continue
	# Each line that is shown begins a line of the output, in its order; the output may have more.
	shape <"$dir/out" >"$dir/printed"
	shape <"$seen" | awk -v printed="$dir/printed" '
		{
			found = 0
			while (!found && (getline line <printed) > 0)
				found = index(line, $0) == 1
			if (!found)
				print "# nothing printed from there on begins with: " $0
			missed = missed + !found
		}
		END { exit missed > 0 || NR == 0 }'
	result=$?
	ok $result "${name:-${run##*/}}: what the page shows"
	[ $result = 0 ] || shown "$dir/out"
done
done_testing
