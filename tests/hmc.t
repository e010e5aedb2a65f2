#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# hmc as a user meets it: trajectories as steps and epochs, the log, what info says of it, and what is refused.
set -u
. "${top_srcdir:?}/tests/tap.sh"
cd "$dir" || exit 99
awk 'BEGIN {
	print "x,z,y"
	for (i = 0; i < 40; i++) printf "%g,%g,%g\n", (i * 7 % 11) / 11, (i * 5 % 13) / 13, (i * 7 % 11) / 11 - (i * 3 % 7) / 20
}' >d.csv
cold="--data csv:d.csv --model linear --likelihood gaussian --noise-sd 0.3 --quiet --threads 1"
line="$cold --weight-decay 0.1 --lr 1e-3"

# of RUN NAME: the numbers of that name in chain 0's log, a line each.
of() { sed 's/.*"'"$2"'":\([^,}]*\).*/\1/' "$1/chain-0.log.jsonl"; }
# near A B E: two lists of numbers agree to E, relatively.
near() { paste "$1" "$2" | awk -v e="$3" '{ d = $1 - $2; if (d < 0) d = -d; if (!(d <= e * ($1 < 0 ? -$1 : $1))) bad = 1 } END { exit bad || !NR }'; }

# shellcheck disable=SC2086 # words
{
	"$BASIN" sample $line --sampler hmc --batch 7 --epochs 60 --burn-in 40 --keep-last 5 --log-every 1 --out parts
	ok $? "hmc runs"
	"$BASIN" info parts >out && grep -q '^chain 0: done at step 60: 5 snapshots, steps 56 to 60, 5 theta$' out
	ok $? "an epoch is a trajectory, and --keep-last counts them"
	[ "$(of parts lr | tail -n 20 | sort -u | wc -l)" = 1 ] && [ "$(of parts lr | head -n 41 | sort -u | wc -l)" = 41 ] &&
		[ "$(of parts lr | head -n 1)" = 0.001 ]
	ok $? "the log's lr is --lr at first, moves in the burn-in, and stays"
	acceptance=$(of parts acceptance | tail -n 1)
	grep -q "^acceptance of trajectories: $(printf %.3g "$acceptance")\$" out
	ok $? "info tells the acceptance, $acceptance"
	"$BASIN" info parts --json | grep -q "\"acceptance\": $acceptance"
	ok $? "for programs too"
	of parts acceptance | awk 'NR > 40 && ($1 < 0.5 || $1 > 1) { bad = 1 } END { exit bad }'
	ok $? "which is in the region of what was asked for"
	tr -s ' \n' ' ' <out >words
	grep -q "N = 40, T = 1, δ = 0.1, at every λ, as far as float32 goes: trajectories over all data of time τ = 0.785398 in leapfrog steps √(2λT/N) are taken or not by Metropolis; λ begins with 0.001, a leapfrog step of 0.00707107, and is adapted to an acceptance of 0.8 in the first 40 trajectories" words
	ok $? "and the target, with the trajectory that was not given"
	[ "$(of parts leapfrogs | head -n 1)" = 111.0 ]
	ok $? "which is so many leapfrog steps of the first λ"

	# Sums in other parts round otherwise, and an adapted λ takes that up.
	"$BASIN" sample $line --sampler hmc --batch 7 --steps 8 --log-every 1 --out some && "$BASIN" sample $line --sampler hmc --batch 0 --steps 8 --log-every 1 --out all
	of some nll >a && of all nll >b && near a b 1e-4 && of some lr | sort -u | grep -q -x 0.001
	ok $? "the batch is what is computed at once and no more; without burn-in λ stays"
	"$BASIN" sample $line --sampler hmc --batch 7 --steps 8 --log-every 1 --chains 2 --workers 2 --out two && cmp -s some/chain-0.snaps two/chain-0.snaps
	ok $? "the same bits beside another chain"
	"$BASIN" info two | grep -q '^acceptance of trajectories: .* (chain [01]) to .* (chain [01])$'
	ok $? "of several chains info tells the range"
	rm two/chain-1.log.jsonl && "$BASIN" info two --json | tr -d ' \n' | grep -q '"chain":1,.*"acceptance":null'
	ok $? "without its log a chain has none"
	sed 2s/step/stop/ some/chain-0.log.jsonl >log && cp log some/chain-0.log.jsonl && "$BASIN" info some >out 2>err
	[ $? = 0 ] && grep -q '^basin: warning: .*/chain-0.log.jsonl: at byte [0-9]*: .*; what it says is left out' err && ! grep -q '^acceptance' out
	ok $? "nor with a damaged one, which is warned of"
	printf '{"step":9,"acc' >>two/chain-0.log.jsonl && "$BASIN" info two >out 2>err && ! [ -s err ] && grep -q '^acceptance' out
	ok $? "a line that is being written is not one yet"

	"$BASIN" sample $line --sampler sghmc --steps 3000 --burn-in 500 --log-every 10 --out warm && "$BASIN" info warm >out &&
		sed -n 's/^kinetic temperature: \(.*\); T = 1$/\1/p' out | awk '{ good = $1 > 0.8 && $1 < 1.25 } END { exit !good }'
	ok $? "info tells the kinetic temperature of sghmc: $(sed -n 's/^kinetic/&/p' out)"

	"$BASIN" sample $cold --sampler hmc --steps 4 --batch 0 --trajectory 1e-3 --lr 10 --weight-decay 1e-3 --out stays && [ "$(of stays leapfrogs)" = 1.0 ]
	ok $? "a trajectory has a leapfrog step at least"
	loud=${cold% --quiet*}
	"$BASIN" sample $loud --threads 1 --weight-decay 1e-3 --sampler hmc --batch 0 --steps 30 --lr 5 --chains 2 --out still 2>err &&
		[ "$(grep -c '^basin: warning: chain [01] ends with an acceptance of 0: it hardly moves' err)" = 2 ] &&
		"$BASIN" sample $loud --threads 1 --weight-decay 0.1 --sampler hmc --batch 0 --steps 30 --lr 1e-3 --out moves 2>err &&
		! grep -q acceptance err
	ok $? "of chains that accept nothing a warning is given, and of no others"

	if grep -q avx512 /proc/cpuinfo 2>/dev/null; then
		fails 2 '^basin: --precision bf16: --sampler hmc compares energies, which are too coarse in it; take fp32' "bf16" \
			"$BASIN" sample $line --sampler hmc --steps 2 --precision bf16 --out no
	else
		skip "bf16" "the processor has no AVX-512"
	fi
	fails 2 '^basin: --schedule cosine: --sampler hmc adapts the step size itself' "a schedule" \
		"$BASIN" sample $line --sampler hmc --steps 2 --schedule cosine --out no
	fails 2 '^basin: --explore belongs to methods with noise to do without' "steps without noise" \
		"$BASIN" sample $line --sampler hmc --steps 2 --explore 0.5 --out no
	fails 2 '^basin: --sampling iid: --sampler hmc takes all data at every step' "drawn batches" \
		"$BASIN" sample $line --sampler hmc --steps 2 --sampling iid --out no
	fails 2 '^basin: --accept 0.9: λ is adapted in the --burn-in, and this run has none' "an acceptance without a burn-in" \
		"$BASIN" sample $line --sampler hmc --steps 2 --accept 0.9 --out no
	fails 2 '^basin: --lr 0.001: a trajectory of --trajectory 1e+06 would begin with .* and 100000 is the most' "too long a trajectory" \
		"$BASIN" sample $line --sampler hmc --steps 2 --trajectory 1e6 --out no
	fails 2 '^basin: --lr 30: the prior alone makes the leapfrog steps diverge (λδ = 3, 2 or more), and without --burn-in λ stays' \
		"a λ at which nothing would be taken" "$BASIN" sample $cold --weight-decay 0.1 --sampler hmc --steps 2 --lr 30 --out no
	fails 2 '^basin: --gradient-noise is on the gradients of batches' "noise on gradients" \
		"$BASIN" sample --model gaussian:1 --gradient-noise 1 --sampler hmc --steps 2 --out no
	fails 2 '^basin: hmc compares values of one u(θ), which there is not with batch norm; take --norm frn, and --augment none' "batch norm" \
		"$BASIN" sample --data shapes --model resnet20 --sampler hmc --steps 2 --out no
	fails 2 '^basin: hmc compares values of one u(θ), which there is not with augmentation; take --augment none' "augmentation" \
		"$BASIN" sample --data shapes --model lenet --augment crop-flip --sampler hmc --steps 2 --out no
}
[ ! -e no ]
ok $? "and nothing was made"
done_testing
