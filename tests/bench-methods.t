#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# The tables of bench/methods.md are those that its script makes of its results, and a run's line comes of what is in its folder.
set -u
. "${top_srcdir:?}/tests/tap.sh"
bench=$top_srcdir/bench
if ! command -v python3 >/dev/null; then
	skip "the tables of bench/methods.md" "no python3"
	done_testing
	exit 0
fi

PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
python3 "$bench/methods_tables.py" >"$dir/tables"
ok $? "the tables are made"
grep '^|' "$dir/tables" | grep -v -x -F -f "$bench/methods.md" >"$dir/strange"
[ -s "$dir/tables" ] && [ ! -s "$dir/strange" ]
ok $? "every row of them stands in bench/methods.md"
shown "$dir/strange"

# A run as bench/methods.sh leaves one, of a moment.
"$BASIN" sample --quiet --data shapes --model mlp:3072-4-10 --sampler sgd --steps 2 --keep-every 1 --seed 7 \
	--out "$dir/sgd-7" >"$dir/out" && "$BASIN" predict "$dir/sgd-7" --json >"$dir/sgd-7.predict.json"
ok $? "a run and its predictions"
echo abc >"$dir/sgd-7.commit"
echo 1500000000 >"$dir/sgd-7.ns"
echo 500000000 >>"$dir/sgd-7.ns"
for again in 1 2; do
	python3 "$bench/methods_tables.py" add "$dir/results" "$dir" sgd-7
	ok $? "its line, asked for: $again"
done
[ "$(wc -l <"$dir/results")" -eq 1 ]
ok $? "is there once"
accuracy=$(member accuracy "$dir/sgd-7.predict.json")
python3 "$bench/methods_tables.py" "$dir/results" >"$dir/tables"
grep -q "^| sgd-7 | 2 | $(printf %.4f "$accuracy") |" "$dir/tables"
ok $? "and its row has its scores"
grep -q '^| sgd-7 | abc | [0-9]* | 2 | - | - |$' "$dir/tables"
ok $? "and the wall time of both its parts"
echo '{"name": "sgd-7", "seed": 7, "torch": "2"}' >"$dir/mixed"
python3 "$bench/methods_tables.py" add "$dir/mixed" "$dir" sgd-7 && [ "$(wc -l <"$dir/mixed")" -eq 2 ]
ok $? "a control of the same name that came first does not keep it out"
done_testing
