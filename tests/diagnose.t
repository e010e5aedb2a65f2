#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# basin diagnose: good chains pass, and chains that are wrong in one way each fail a check that is named here. Its parts are held to
# closed forms in tests/diagnosis.c. Seeds are fixed: that these good chains pass is no matter of chance, and how often others do
# is said in basin-diagnose(1).
set -u
. "${top_srcdir:?}/tests/tap.sh"
cd "$dir" || exit 99

BASIN_DEVICE=cpu
export BASIN_DEVICE

# passes NAME RUN [options]: exit status 0, and nothing on standard error.
passes() {
	name=$1
	shift
	"$BASIN" diagnose --json --quiet "$@" >out 2>err && [ ! -s err ] && ! grep -q '"ok": false' out
	result=$?
	ok $result "$name"
	[ $result = 0 ] || { sed -n '/"checks"/,/^  \]/p' out >found && shown found err; }
}

# finds NAME CHECKS RUN [options]: exit status 1, each of the checks is among those that failed, on standard error too.
finds() {
	name=$1 checks=$2
	shift 2
	"$BASIN" diagnose --json --quiet "$@" >out 2>err
	[ $? = 1 ]
	result=$?
	for check in $checks; do
		[ "$(verdict "$check")" = false ] && grep -q "^basin: [0-9]* of [0-9]* checks failed: .*$check" err || result=1
	done
	ok $result "$name"
	[ $result = 0 ] || { sed -n '/"checks"/,/^  \]/p' out >found && shown found err; }
}

# verdict CHECK, value CHECK, reason CHECK: of the report in out
of_check() {
	sed -n "/\"name\": \"$1\"/,/}/s/^ *\"$2\": \(.*[^,]\),*\$/\1/p" out | head -n 1
}
verdict() {
	of_check "$1" ok
}

# Whether the first number is within a tolerance of the second.
is_near() {
	awk -v a="$1" -v b="$2" -v by="$3" 'BEGIN { exit !(a - b <= by && b - a <= by) }'
}

awk 'BEGIN { srand(3); for (i = 0; i < 240; i++) { x = rand() * 4 - 2; y = rand() * 4 - 2; e = 0
	for (j = 0; j < 12; j++) e += rand(); print x "," y "," 0.7 * x - 1.2 * y + 0.5 + 0.5 * (e - 6) } }' >line.csv

# linear OUT [options]: chains on 200 rows of it
linear() {
	out=$1
	shift
	rm -rf "$out"
	"$BASIN" sample --quiet --data "csv:${table:-line.csv}" --holdout 40 --model linear --noise-sd 0.5 --batch "${batch:-50}" \
		--chains "${chains:-4}" --steps "${steps:-40000}" --keep-every 40 --burn-in 1000 --out "$out" "$@" || exit 99
}
brief() {
	chains=2 steps=3000 linear "$@" --sampler sgld --lr "${lr:-0.01}" --weight-decay 0.005
}
gaussian() {
	out=$1
	shift
	"$BASIN" sample --quiet --model gaussian:1,2,0.5@0.4 --sampler sgld --lr 0.05 --chains 4 --steps 40000 --keep-every 20 --burn-in 500 \
		--out "$out" "$@" || exit 99
}

# ---- good chains ----

linear good --sampler sgld --lr 0.01 --weight-decay 0.005
passes "a linear-Gaussian regression by sgld" good
[ "$(member chains out)" = 4 ] && [ "$(member draws out)" = 975 ] && [ "$(member units out)" = '"nats"' ] &&
	[ "$(member temperature out)" = 1.0 ] && member target out | grep -q '^"θ ~ exp'
ok $? "the report says how many chains and draws, the units, the temperature and the target"
is_near "$(of_check temperature_configurational value)" 1 0.15 && is_near "$(of_check temperature_configurational expected)" 1 0 &&
	is_near "$(of_check dead_members value)" 0 0
ok $? "with T, and no dead member"
grep -q 'log-likelihood of example' out && [ "$(grep -c '"name": "log-likelihood of example' out)" = 32 ]
ok $? "32 examples are watched"
linear momentum --sampler sghmc --lr 0.001 --weight-decay 0.005 --seed 2
passes "and by sghmc" momentum
# Without what the anchor adds to its precision θ would have a temperature of 0.8.
"$BASIN" sample --quiet --model gaussian:1,1,1 --weight-decay 1 --sampler entropy-mcmc --coupling 1 --lr 0.03 --chains 4 --steps 20000 \
	--keep-every 20 --burn-in 500 --out coupled || exit 99
passes "θ of entropy-mcmc, beside its anchor" coupled --gradients 1000
is_near "$(of_check temperature_configurational value)" 1.04 0.1
ok $? "with the precision that the anchor adds"
linear tails --sampler sgld --lr 0.006 --weight-decay 0.05 --prior laplace,fc.bias=0.5
passes "under a laplace prior" tails
linear cold --sampler sgld --lr 0.006 --temperature 0.2
passes "at T = 0.2" cold
gaussian normal
passes "an analytic target" normal
linear thawed --sampler sgld --lr 0.01 --weight-decay 0.005 --freeze fc.bias --init good
passes "frozen tensors have no part" thawed
[ "$(member directions out)" = 2 ]
ok $? "nor a direction"
printf '0,0,1\n0,0,2\n' >nought.csv
passes "an output that nothing moves says nothing" thawed --probe csv:nought.csv
# Where the well's slope is not smoothed the temperature would be below 0.
"$BASIN" sample --quiet --model double-well:1,1 --sampler fsgld --sigma 0.5 --lr 0.01 --chains 4 --steps 40000 --keep-every 20 \
	--burn-in 1000 --out smooth || exit 99
passes "fsgld, by the gradient that it smooths" smooth --gradients 2000
is_near "$(of_check temperature_configurational value)" 1.05 0.4
ok $? "which has T"
# A step makes the variance 1/(1 − λ/2) times as large. Around a mean of the same ten draws it would be a tenth too little.
"$BASIN" sample --quiet --model gaussian:1,1,1 --sampler sgld --lr 0.05 --chains 200 --steps 2100 --keep-every 100 --burn-in 100 \
	--out twenty || exit 99
"$BASIN" diagnose --json --quiet twenty >out 2>err
[ "$(member draws out)" = 20 ] && is_near "$(of_check temperature_configurational value)" 1.0256 0.05
ok $? "the temperature of twenty draws a chain does not lack what their own mean would take"

# ---- chains that are wrong in one way ----

linear frozen --sampler sgld --lr 1e-12
finds "chains that hardly move" "rhat_predictions ess_bulk_predictions rhat_parameters ess_bulk_parameters temperature_configurational" frozen
"$BASIN" sample --quiet --model gaussian:1,2 --sampler sgld --lr 1e-16 --steps 200 --keep-every 5 --chains 2 --out still || exit 99
finds "chains that never move" "ess_bulk_parameters ess_tail_parameters distance_within temperature_configurational" still
# Gradient noise of variance 2/(λβ) is as much as the injected one: the chain is one at 2T.
gaussian warm --gradient-noise 6.3246
finds "chains at 2T" temperature_configurational warm
is_near "$(of_check temperature_configurational value)" 2.1 0.3 && is_near "$(of_check gradient_noise value)" 1 0.2
ok $? "whose gradients have as much noise as is injected"
# A hundred gradients would leave an error of 0.24, four of which are more than T is off.
"$BASIN" sample --quiet --model gaussian:1 --sampler sgld --lr 0.05 --gradient-noise 6.3246 --steps 40000 --keep-every 20 --burn-in 500 \
	--out one || exit 99
finds "one chain of one parameter at 2T" temperature_configurational one
linear large --sampler sgld --lr 0.1 --weight-decay 0.005
finds "chains at ten times the step size" temperature_configurational large
"$BASIN" sample --quiet --model double-well:12,1 --sampler sgld --lr 0.001 --seed 2 --steps 6000 --keep-every 10 --chains 4 --out apart || exit 99
finds "chains in different wells" "rhat_parameters ess_bulk_parameters" apart
grep -q '"draws": null' out
ok $? "for which no number of draws is enough"
awk 'BEGIN { srand(5); for (i = 0; i < 240; i++) { x = rand() * 4 - 2; y = rand() * 4 - 2; print x "," y "," (x * y > 0) } }' >xor.csv
"$BASIN" sample --quiet --data csv:xor.csv --likelihood categorical --holdout 40 --model mlp:2-8-2 --lr 0.01 --batch 50 --steps 2000 \
	--keep-every 20 --chains 4 --out short || exit 99
finds "chains of a network that is still being trained" "rhat_predictions ess_bulk_predictions dead_members" short
grep -q '"of": "log-likelihood of example [0-9]*"' out && grep -q '"of": "first: short/chain-[0-3].snaps, step [0-9]*, ' out
ok $? "with the example, and with the first draw that is dead"
"$BASIN" sample --quiet --data csv:line.csv --holdout 40 --model linear --noise-sd 0.5 --init good --lr 1e-16 --batch 50 --chains 4 \
	--steps 30 --keep-every 1 --out collapsed || exit 99
finds "an ensemble of which all members are the same" "ess_bulk_predictions ess_bulk_parameters distance_within distance_between" collapsed
finds "also of one member a chain" distance_between collapsed --last 1
cp -r good twins && cp twins/chain-0.snaps twins/chain-1.snaps || exit 99
finds "two chains that are one" distance_between twins/chain-0.snaps twins/chain-1.snaps
"$BASIN" sample --quiet --data csv:line.csv --holdout 40 --model linear --noise-sd 0.5 --lr 0.001 --batch 50 --chains 2 --steps 400 \
	--keep-every 2 --seed 4 --out begun || exit 99
finds "chains that are still on their way" "drift_predictions drift_parameters" begun

# ---- what can't be judged does not fail ----

# silent CHECK REASON: it is not judged, for this reason
silent() {
	[ "$(verdict "$1")" = null ] && of_check "$1" reason | grep -q -e "$2"
}

passes "few draws" good --last 19
silent rhat_predictions 'fewer than 20' && silent temperature_configurational 'fewer than 20' && silent drift_parameters '19 draws a chain'
ok $? "say nothing of convergence"
"$BASIN" diagnose --json --quiet good --last 44 --min-ess 1 --max-rhat 2 >out
silent drift_predictions '44 draws a chain, fewer than 45' && silent drift_parameters 'than 45' && ! silent rhat_predictions draws
ok $? "and somewhat more nothing of a drift"
linear cooling --sampler sgld --lr 0.004 --schedule cosine
passes "a step size that varies" cooling
silent rhat_predictions 'λ.* varies' && silent ess_tail_parameters varies && silent temperature_configurational varies
ok $? "is no stationary chain"
brief first
brief cosine --schedule cosine --seed 8
passes "beside one that does not" first cosine
silent rhat_predictions 'λ.* varies' && silent temperature_configurational varies
ok $? "it is none either"
passes "in whatever order" cosine first
silent rhat_predictions 'λ.* varies' && silent temperature_configurational varies
ok $? "they are given"
"$BASIN" sample --quiet --model quadratics:1/2,-2/0.5,3/1,0/1,5/0.25,1/1,2/1,-1/1,4/2,1/3 --sampler sgld --lr 0.01 --batch 1 \
	--epochs 3 --schedule cyclical --cycles 4 --keep-every 1 --chains 2 --out terms || exit 99
passes "a cyclical step size whose epochs are of an analytic target's terms" terms
silent rhat_parameters 'λ.* varies'
ok $? "varies too"
linear cooled --sampler sgld --lr 0.01 --schedule step --milestones 100 --gamma 0.4
passes "a step size that no longer varies" cooled --from-step 1000
[ "$(verdict temperature_configurational)" = true ] && is_near "$(of_check gradient_noise value)" 0.027 0.005
ok $? "is judged by its own draws, and its gradients' noise is held against what is injected at that step size"
"$BASIN" sample --quiet --data csv:line.csv --holdout 40 --model linear --noise-sd 0.5 --sampler sgd --lr 0.01 --batch 50 --chains 2 \
	--steps 2000 --keep-every 10 --out descent && "$BASIN" diagnose --json --quiet descent >out 2>err
silent temperature_configurational 'claims no target' && silent gradient_noise 'claims no target'
ok $? "a method without a target has no temperature"
"$BASIN" sample --quiet --model gaussian:1,2 --sampler sghmc --explore 1 --lr 0.01 --steps 2000 --keep-every 10 --chains 2 --out exploring &&
	"$BASIN" diagnose --json --quiet exploring --max-gradient-noise 1 --max-rhat 9 --min-ess 0 >out 2>err
silent temperature_configurational 'no noise is injected' && silent gradient_noise 'no noise' && silent temperature_kinetic 'no noise'
ok $? "nor have draws of steps that inject no noise"
"$BASIN" sample --quiet --data csv:line.csv --holdout 40 --model linear --noise-sd 0.5 --batch 50 --sampler sghmc --noise-estimate 0.1 \
	--lr 1e-4 --steps 800 --keep-every 10 --out all-noise && "$BASIN" diagnose --json --quiet all-noise --max-gradient-noise 1 >out 2>err
[ "$(verdict gradient_noise)" = false ] && [ "$(of_check gradient_noise value)" = null ]
ok $? "noise of gradients is infinitely more than none (b̂ = a)"
"$BASIN" diagnose --json --quiet --gradients 0 good >out 2>err && silent temperature_configurational 'no gradients are wanted'
ok $? "nor has one of which no gradients are taken"
"$BASIN" diagnose --json --quiet --gradients 20 --max-mcse 12 normal >out 2>err && silent temperature_configurational 'too large to tell'
ok $? "nor of one whose errors are as large as it"
"$BASIN" diagnose --json --quiet --gradients 20 --max-mcse 12 --max-temperature-error 2 normal >out 2>err &&
	[ "$(verdict temperature_configurational)" = true ]
ok $? "but by a bound that is wanted that wide"
"$BASIN" diagnose --json --quiet --gradients 19 good >out 2>err && silent temperature_configurational 'fewer than 20 gradients'
ok $? "nor one of which too few are"
cp -r momentum untold && sed -i 's/,"kinetic_temperature":[^,}]*//' untold/*.log.jsonl && "$BASIN" diagnose --json --quiet untold >out 2>err
silent temperature_kinetic "lines of a chain's log"
ok $? "nor is a kinetic one judged of which the log says nothing"
"$BASIN" swag good --quiet --out fitted && "$BASIN" diagnose --json --quiet fitted >out 2>err
silent temperature_configurational 'of no sampler' && silent distance_between 'one chain'
ok $? "nor draws of a fitted Gaussian"
# unlike REASON [options]: two runs, of which the second has them, are not judged together
unlike() {
	reason=$1
	shift
	brief second --seed 7 "$@"
	"$BASIN" diagnose --json --quiet first second >out 2>err
	silent rhat_predictions "$reason" && silent temperature_configurational "$reason"
}
unlike none
[ "$(verdict rhat_predictions)" != null ]
ok $? "runs that differ by their seed are judged together"
lr=0.005 unlike none
[ "$(verdict temperature_configurational)" != null ] && silent gradient_noise 'steps are of different methods or sizes'
ok $? "those of another step size too, but for the gradients' noise"
awk -F, '{ print $1 "," $2 "," $3 + 1 }' line.csv >higher.csv
table=higher.csv unlike 'different training data'
ok $? "those on different data are not"
# Whose sentences say that δ differs, or that tensors are frozen, and not which.
brief first --prior gaussian,fc.bias=2
unlike 'different priors' --prior gaussian,fc.bias=0.5
ok $? "nor those whose priors differ by tensor in another way"
brief first --freeze fc.weight
unlike 'different tensors' --freeze fc.bias
ok $? "nor those that hold different tensors"
brief first
batch=100 unlike 'different sizes'
ok $? "nor those with minibatches of different sizes"
"$BASIN" diagnose --json --quiet --role anchor coupled >out 2>err
silent temperature_configurational 'only θ' && [ "$(member roles out)" = '[' ] && grep -q '^    "anchor"$' out
ok $? "anchors are judged where they are named, but for their temperature"
chains=1 steps=12000 linear part --sampler sgld --lr 0.01 --weight-decay 0.005 --seed 9
"$BASIN" diagnose --json good part/chain-0.snaps >out 2>err && [ "$(member chains_left_out out)" = 1 ] && [ "$(member chains out)" = 4 ]
ok $? "a chain that ended early is left out"
"$BASIN" sample --quiet --data shapes --holdout 9990 --model linear --lr 1e-4 --batch 10 --augment crop-flip --steps 30 --keep-every 1 \
	--out moved && "$BASIN" diagnose --json --quiet --points 5 --max-dead 30 --probe shapes moved >out 2>err
silent temperature_configurational 'not one function' && [ "$(grep -c '"name": "output [0-9] for probe example' out)" = 50 ] &&
	[ "$(grep -c '"name": "log-likelihood of example' out)" = 5 ]
ok $? "nor has a model of which u is not one function; the outputs of a probe are watched"
"$BASIN" diagnose --json --quiet short >out 2>err
silent rhat_parameters 'hidden units can change places' && of_check rhat_parameters value | grep -q '^[0-9.]*$'
ok $? "parameters of a network with hidden units are shown, and not judged"

# ---- options ----

finds "which is done where it is asked for" rhat_parameters short --judge-parameters yes
finds "the largest R̂ is an option" rhat_predictions good --max-rhat 1.0001
"$BASIN" diagnose --quiet good --max-rhat 1 --min-ess 0 --max-mcse 9 >out 2>err
grep -q '^enough .*not known: no number of draws meets these bounds' out
ok $? "and one that no draws reach is told"
finds "so is the smallest effective number" "ess_bulk_predictions ess_tail_parameters" good --min-ess 1e6
finds "and the share of T, with no error beside it" temperature_configurational good --max-temperature-error 0 --max-mcse 0
finds "and the noise of gradients" gradient_noise warm --max-gradient-noise 0.5 --max-temperature-error 2
finds "and the smallest distance" "distance_within distance_between" good --min-distance 0.5
passes "within wider bounds a chain at 2T passes" warm --max-temperature-error 2 --max-gradient-noise 2
passes "of a kinetic temperature the log tells" momentum
[ "$(verdict temperature_kinetic)" = true ] && is_near "$(of_check temperature_kinetic value)" 1 0.15
ok $? "which is T"
finds "or is not" temperature_kinetic momentum --max-temperature-error 0 --max-mcse 0
"$BASIN" diagnose --json --quiet --directions 2 good >out 2>err && [ "$(grep -c '"name": "direction [01]"' out)" = 2 ] &&
	[ "$(member directions out)" = 2 ]
ok $? "fewer directions than parameters are random ones"

# ---- for people ----

"$BASIN" diagnose --quiet good >out 2>err && grep -q '^R̂, predictions  *1\.00[0-9]*  *≤ 1\.01  *ok$' out &&
	grep -q '^configurational temperature  *[01]\.[0-9]*  *1 ± 0\.[0-9]*  *ok$' out && grep -q '^enough  *4 chains of [0-9]* draws each' out &&
	grep -q '^mean log-likelihood  *-[0-9.]* ± [0-9.e-]* nats$' out
ok $? "a table has a line a check, and what would be enough"
"$BASIN" diagnose --quiet collapsed >out 2>err
[ $? = 1 ] && grep -q '^distance of the nearest chains  *0  *> [0-9.e-]*  *NOT OK$' out &&
	grep -q '^basin: [0-9]* of 13 checks failed: ess_bulk_predictions, ' err
ok $? "with what failed in it and in the message"
tr -d '\200-\277' <out | LC_ALL=C awk 'length > 80 { exit 1 }'
ok $? "in 80 columns"
"$BASIN" diagnose --progress good >out 2>err
grep -q '^snapshot 3900/3900$' err && grep -q '^snapshot 3900/3900$' err
ok $? "progress is that of snapshots that are read, and of gradients"

far=$(dirname "$BASIN")/tests/basin_far
"$BASIN" diagnose --json --quiet momentum >out 2>err && BASIN_DEVICE=far "$far" diagnose --json --quiet momentum >there 2>err &&
	cmp -s out there
ok $? "on a device behind memory of its own it is the same"

# ---- refusals ----

fails 2 'no run given' "no run" "$BASIN" diagnose
fails 2 '^basin: --probe: the run.s target is analytic' "a probe of an analytic target" "$BASIN" diagnose normal --probe shapes
fails 2 'directions 33' "more directions than a word has bits" "$BASIN" diagnose good --directions 33
fails 2 '--role nobody: good has no snapshots of this role; expected theta' "a role that there is not" "$BASIN" diagnose good --role nobody
mv line.csv gone.csv
fails 2 "training set, for gradients (.*, --gradients 0 does without): .*line.csv" "training data that are gone" \
	"$BASIN" diagnose good --data csv:gone.csv
passes "which predictions of other data do not need" good --data csv:gone.csv --gradients 0
done_testing
