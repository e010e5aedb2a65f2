#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# What make check-fidelity ends with: of each test that is named, beside its log, what it measured and how many checks passed.
set -u
passed=0 failed=0
for test; do
	log=${test%.t}.log
	if ! grep -q '^1\.\.[0-9]' "$log" 2>/dev/null; then
		echo "$test: did not come to its end"
		failed=$((failed + 1))
		continue
	fi
	good=$(grep -c '^ok ' "$log")
	bad=$(grep -c '^not ok ' "$log")
	echo "$test: $good passed, $bad failed"
	sed -n -e 's/^# /    /p' -e 's/^not ok [0-9]* - /    FAILED: /p' "$log"
	passed=$((passed + good)) failed=$((failed + bad))
done
echo "$passed passed, $failed failed"
