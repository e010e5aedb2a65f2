#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# What quickstart finds before it builds.
set -u
. "${top_srcdir:?}/tests/tap.sh"
. "$top_srcdir/tools/setup.sh"

if printf '#include <stdio.h>\n' | cc -E - >/dev/null 2>&1; then
	CC=cc setup_has compiler
	ok $? "a compiler"
	CC='env LC_ALL=C cc' setup_has compiler
	ok $? "a compiler behind another program"
else
	skip "a compiler" "there is no cc"
	skip "a compiler behind another program" "there is no cc"
fi
! CC=$dir/none setup_has compiler
ok $? "none where CC names what is not there"
! CC="env $dir/none" setup_has compiler
ok $? "nor where that stands behind another program"
done_testing
