#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# The methods' equations, written a second time in NumPy, beside every state and logged loss of the program's own runs.
set -u
. "${top_srcdir:?}/tests/tap.sh"
cd "$dir" || exit 99

if python_with 'msgpack, numpy'; then
	BASIN=$BASIN "$python" "$top_srcdir/tests/golden/steps_check.py" >tap 2>err
	made=$?
	ok $made "the runs could be made and read"
	[ $made = 0 ] || shown err
	while read -r verdict name; do
		[ "$verdict" = yes ]
		ok $? "$name"
	done <tap
else
	skip "the steps in NumPy" "no python3 with numpy and msgpack"
fi

done_testing
