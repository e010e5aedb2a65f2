#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# What ./quickstart shows first, an ensemble on the built-in images, is one to want: calibrated, and it knows foreign ones.
# README.md gives the figures of six seeds, 0.042 to 0.062 and 0.83 to 0.85; the bounds leave an instruction set's bits
# their room.
set -u
. "${top_srcdir:?}/tests/tap.sh"
"$BASIN" sample --config "$top_srcdir/examples/shapes-fsgld.conf" --quiet --out "$dir/run"
ok $? "shapes-fsgld.conf runs"

# below FIGURE BOUND: of the report in out.
below() {
	member "$1" | awk -v most="$2" '{ good = $1 + 0 < most } END { exit !good }'
}

"$BASIN" predict "$dir/run" --json >"$dir/out" && below ece 0.08
ok $? "its expected calibration error is below 0.08"
"$BASIN" ood "$dir/run" --ood glyphs --json >"$dir/out" && ! below auroc 0.75
ok $? "the default score tells glyphs with an AUROC above 0.75"
done_testing
