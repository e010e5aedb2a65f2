#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Runs over analytic targets: batches of terms, noise on the gradients, going on with them, and what is refused.
set -u
. "${top_srcdir:?}/tests/tap.sh"
cd "$dir" || exit 99
terms="--model quadratics:1/2,-2/0.5,3/1,0/1,5/0.25 --lr 0.05 --gradient-noise 0.5 --quiet"

# same A B: two runs have the same snapshots.
same() { cmp -s "$1/chain-0.snaps" "$2/chain-0.snaps"; }
# same_end A B: and the same last state, where their lengths were not the same at first.
same_end() { "$BASIN" export "$1" --out a.npz >out && "$BASIN" export "$2" --out b.npz >out && cmp -s a.npz b.npz && rm a.npz b.npz; }
steps_of() { "$BASIN" info "$1" | sed -n 's/^chain 0: done at step \([0-9]*\):.*/\1/p'; }

# shellcheck disable=SC2086 # words
{
	"$BASIN" sample $terms --batch 2 --epochs 3 --keep-last 2 --out epochs
	[ "$(steps_of epochs)" = 9 ] && "$BASIN" info epochs | grep -q "2 snapshots, steps 6 to 9"
	ok $? "three epochs of five terms in batches of two are nine steps, the last two epochs kept"
	"$BASIN" info epochs | tr -s ' \n' '  ' | grep -q "N = 5, T = 1, δ = 0, as λ → 0; .* here u is that of N = 5 quadratics .* with normal noise of deviation 0.5"
	ok $? "the target's sentence says N and the noise"
	"$BASIN" sample $terms --batch 2 --epochs 3 --keep-last 2 --device cpu --threads 2 --out threads
	same epochs threads
	ok $? "threads change nothing"
	"$BASIN" sample $terms --epochs 3 --out all
	[ "$(steps_of all)" = 3 ] && "$BASIN" sample $terms --batch 0 --epochs 3 --out none && same all none
	ok $? "without --batch a step takes all that there are, as with 0"
	for model in double-well:2,1 banana:0.3,2,0.5 mixture:5x5:2@0.03 wells:-1/0.3/0,1/0.6/0 basins:0.3/50,1.5/2 \
		quadratics:1/2/3,4/5/6; do
		name=${model%%:*}
		long="--model $model --lr 0.005 --sampler fsgld --sigma 0.1 --gradient-noise 0.3 --keep-every 7 --quiet"
		"$BASIN" sample $long --steps 60 --out "$name" && "$BASIN" sample $long --steps 25 --out "$name-part" &&
			"$BASIN" sample --resume "$name-part" --steps 60 --quiet && same_end "$name" "$name-part"
		ok $? "$name: ended and gone on with, the same bits"
	done
	"$BASIN" sample ${terms% --gradient*} --batch 2 --steps 9 --quiet --out plain && ! same epochs plain
	ok $? "noise makes a difference"
	"$BASIN" info epochs --json >info.json && grep -q '"gradient-noise": *"0.5"' info.json
	ok $? "and is among the options"

	fails 2 "^basin: --batch 6: the model has 5 examples" "a batch of more" "$BASIN" sample $terms --steps 2 --batch 6 --out no
	fails 2 "^basin: --gradient-noise 1,2: 2 numbers; --model gaussian:1 has 1 dimension: give one for all, or one each" \
		"more deviations than dimensions" "$BASIN" sample --model gaussian:1 --gradient-noise 1,2 --steps 2 --out no
	fails 2 '^basin: --gradient-noise 1,-2: number 2, "-2": expected a standard deviation, 0 or above' "a deviation below 0" \
		"$BASIN" sample --model gaussian:1,1 --gradient-noise 1,-2 --steps 2 --out no
	fails 2 "^basin: --gradient-noise is for analytic targets; --model mlp:3072-8-10 has the noise of its minibatches" \
		"noise on a network's gradients" "$BASIN" sample --data shapes --model mlp:3072-8-10 --gradient-noise 1 --steps 2 --out no
	for option in "--batch 1" "--epochs 2" "--keep-last 1"; do
		fails 2 "^basin: ${option% *} does not apply to --model wells:0/1/0, which has no data" "${option% *} where there is one term" \
			"$BASIN" sample --model wells:0/1/0 --out no $option
	done
	fails 2 "^basin: --data does not apply to --model basins:1/2" "data for a target" \
		"$BASIN" sample --data shapes --model basins:1/2 --steps 2 --out no
	fails 2 "^basin: --model wells: expected wells:CENTRE/WIDTH/DEPTH,…" "a name alone" "$BASIN" sample --model wells --steps 2 --out no
	fails 2 "^basin: --model duble-well:2,1: no such model; there are linear, .*quadratics:.*; did you mean double-well?" \
		"a misspelt target, before data are asked for" "$BASIN" sample --model duble-well:2,1 --steps 2 --out no
	fails 2 '^basin: --model basins:1/2,3: term 2, "3": expected HALFWIDTH/CURVATURE' "half a term" \
		"$BASIN" sample --model basins:1/2,3 --steps 2 --out no
}
[ ! -e no ]
ok $? "and nothing was made"
"$BASIN" sample --model double-well:3,1 --lr 1 --steps 200 --quiet --out far 2>err
[ $? = 1 ] && grep -q "diverged\|finite" err
ok $? "a step size that is too large ends with words: $(head -n 1 err)"
done_testing
