#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# The data of this example: three arms of a spiral in the plane, with so much noise that they overlap. The same 1100 points
# everywhere, by a generator of its own (Park & Miller 1988).
#   sh data.sh >data.csv
LC_ALL=C awk '
function uniform() { state = state * 16807 % 2147483647; return state / 2147483647 }
function normal() { radius = sqrt(-2 * log(uniform())); return radius * cos(6.283185307179586 * uniform()) }
BEGIN {
	state = 20261126
	for (i = 0; i < 1100; i++) {
		class = i % 3
		along = 3.2 * uniform()
		angle = 2.0943951023931953 * class + 0.55 * along
		x = along * cos(angle) + 0.45 * normal()
		y = along * sin(angle) + 0.45 * normal()
		printf "%.4f,%.4f,%d\n", x, y, class
	}
}'
