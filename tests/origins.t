#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# What reports and exports say of where they come from: the members in their order, runs, version, fingerprints; and how
# inputs were normalised.
set -u
. "${top_srcdir:?}/tests/tap.sh"
cd "$dir" || exit 99

# A table whose columns have scales of their own: its rows are classes of, and its numbers as NumPy is told below.
awk 'BEGIN { for (i = 0; i < 90; i++) print i * 7 % 11 - 3 "," i * 5 % 13 / 8 "," (i * i + i % 7) % 3 }' >classes.csv
awk 'BEGIN { for (i = 0; i < 90; i++) print i * 7 % 11 - 3 "," 100 + i * 5 % 13 / 8 "," 40 + i % 7 / 3 }' >real.csv
awk 'BEGIN { for (i = 0; i < 50; i++) print i % 3 "," i % 5 "," i % 2 }' >far.csv
plan="--quiet --data csv:classes.csv --likelihood categorical --model mlp:2-5-3 --lr 0.05 --steps 30 --keep-every 10"
plan="$plan --threads 1"
# shellcheck disable=SC2086 # words
"$BASIN" sample $plan --sampler entropy-mcmc --coupling 0.01 --chains 2 --out one &&
	"$BASIN" sample $plan --sampler sgld --seed 2 --out two || ok 1 "runs to read"

# ---- members ----

"$BASIN" predict --json --threads 1 --save-member-probs all.npy two one >out 2>err
ok $? "members of two runs"
{ tr -d ' \n' <out; echo; } | sed 's/.*"members":\[//; s/\].*//' | tr '{' '\n' |
	sed -n 's/[}"]//g; s/,$//; s/^file://; s/,[a-z]*:/ /gp' >members
{
	for step in 10 20 30; do echo "two/chain-0.snaps 0 $step theta"; done
	for chain in 0 1; do
		for step in 10 20 30; do
			for role in theta anchor; do echo "one/chain-$chain.snaps $chain $step $role"; done
		done
	done
} >wanted
cmp -s members wanted
listed=$?
ok $listed "are listed by run, chain, step and role"
[ $listed = 0 ] || shown out
"$BASIN" predict --json --threads 1 --chain 1 --role anchor --last 2 one >out 2>err &&
	[ "$(sed -n '/"members": \[/,/\]/p' out >members.only; grep -c '"file": "one/chain-1.snaps"' members.only)" = 2 ] &&
	[ "$(grep -c '"step":' members.only)" = 2 ]
ok $? "and only those that were chosen"
# Each row is what its snapshot predicts alone.
rows=$((90 * 3 * 4))
number=0 wrong=0
while read -r file _ step role; do
	"$BASIN" predict --quiet --threads 1 --role "$role" --from-step "$step" --to-step "$step" --save-member-probs row.npy \
		--overwrite "$file" >out 2>err || wrong=$((wrong + 1))
	tail -c $rows row.npy >row
	tail -c +$((129 + number * rows)) all.npy | head -c $rows | cmp -s - row || wrong=$((wrong + 1))
	number=$((number + 1))
done <members
[ $number = 15 ] && [ $wrong = 0 ] && [ "$(wc -c <all.npy)" = $((128 + number * rows)) ]
ok $? "and saved in that order"

# ---- versions, runs, fingerprints ----

list() { tr -d ' \n' <out | sed -n "s/.*\"$1\":\(\[[^]]*\]\).*/\1/p"; }  # list KEY: its value, on one line
version=$("$BASIN" --version | sed -n '1s/basin //p')
print_of() { "$BASIN" data info --json "$@" 2>err | sed -n 's/.*"fingerprint": \("[^"]*"\).*/\1/p'; }
trained=$(sed -n 's/.*"fingerprint": \("[^"]*"\).*/\1/p' one/run.json)
"$BASIN" predict --json --data csv:classes.csv --split train two one/chain-1.snaps >out 2>err
[ "$(member version)" = "\"$version\"" ] && [ "$(list runs)" = '["two","one/chain-1.snaps"]' ] &&
	[ -n "$trained" ] && [ "$(list train_fingerprints)" = "[$trained]" ] && [ "$(member data_fingerprint)" = "$trained" ]
ok $? "predict names version, runs and the set that they were trained on"
"$BASIN" ood --json --ood csv:far.csv one >out 2>err
[ "$(member version)" = "\"$version\"" ] && [ "$(list runs)" = '["one"]' ] && [ "$(list train_fingerprints)" = "[$trained]" ] &&
	[ "$(member id_fingerprint)" = "$trained" ] && [ -n "$(member ood_fingerprint)" ] && [ "$(member ood_fingerprint)" != "$trained" ]
ok $? "and ood"
sed 's/,[^,]*$/,-1/' far.csv >unlabelled.csv
cp out labelled
"$BASIN" ood --json --ood csv:unlabelled.csv one >out 2>err && [ "$(member ood_fingerprint)" = "$(member ood_fingerprint labelled)" ]
ok $? "whose foreign set is known by its inputs alone"
"$BASIN" sample --quiet --data shapes --model linear --steps 1 --threads 1 --out images || ok 1 "a run of images"
"$BASIN" predict --json images >out 2>err
[ "$(member data_fingerprint)" = "$(print_of shapes --split test)" ] &&
	[ "$(list train_fingerprints)" = "[$(print_of shapes)]" ]
ok $? "a test split has a fingerprint of its own"
"$BASIN" predict --json --probs "$top_srcdir/tests/golden/probs.npy" --labels "$top_srcdir/tests/golden/labels.npy" >out
[ "$(member version)" = "\"$version\"" ] && [ "$(list runs)" = '[]' ]
ok $? "stored probabilities come from no run"
"$BASIN" predict one >out 2>err && ! grep -q -e fingerprint -e version out
ok $? "people are spared them"

# ---- how inputs are normalised ----

"$BASIN" sample --quiet --data csv:real.csv --standardize --model mlp:2-4-1 --lr 0.01 --steps 5 --threads 1 --out real &&
	"$BASIN" export real --out real.npz >out && "$BASIN" export images --out images.npz >out &&
	"$BASIN" export two --out two.npz >out
ok $? "exports of a standardised table, of images and of a table as it is"
if python_with numpy; then
	"$BASIN" data write shapes --format cifar10 --out records >out && "$python" - >out 2>&1 <<'END2'
import numpy
table = numpy.loadtxt("real.csv", delimiter=",")
with numpy.load("real.npz") as f:
    for key, x in (("x", table[:, :2]), ("target", table[:, 2:])):
        for name, value in (("mean", x.mean(0)), ("sd", x.std(0))):
            got = f[f"standardize.{key}_{name}"]
            assert got.dtype == numpy.float64 and got.shape == value.shape
            # Cells may have been read as float32.
            assert numpy.allclose(got, value, rtol=2e-6, atol=0), (key, name, got, value)
    assert not any(name.startswith("normalize.") for name in f)
rows = numpy.concatenate([numpy.fromfile(f"records/data_batch_{k}.bin", numpy.uint8) for k in range(1, 6)])
pixels = rows.reshape(-1, 3073)[:, 1:].reshape(-1, 3, 1024) / 255
with numpy.load("images.npz") as f:
    assert numpy.allclose(f["normalize.mean"], pixels.mean((0, 2)), rtol=1e-10)
    assert numpy.allclose(f["normalize.sd"], pixels.std((0, 2)), rtol=1e-10)
    assert f["normalize.sd"].dtype == numpy.float64 and not any(name.startswith("standardize.") for name in f)
with numpy.load("two.npz") as f:
    assert sorted(f) == ["fc1.bias", "fc1.weight", "fc2.bias", "fc2.weight"], sorted(f)
END2
	right=$?
	ok $right "the archives hold the means and deviations that NumPy finds"
	[ $right = 0 ] || shown out
else
	skip "the archives hold means and deviations" "no python3 with numpy"
fi
done_testing
