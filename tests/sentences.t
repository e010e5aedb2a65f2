#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# The sentence of basin info says target, likelihood, prior, scales and units: for each method, prior, likelihood and temperature.
set -u
. "${top_srcdir:?}/tests/tap.sh"
cd "$dir" || exit 99
awk 'BEGIN { print "x,z,y"; for (i = 0; i < 20; i++) printf "%g,%g,%d\n", (i * 7 % 11) / 11, (i * 5 % 13) / 13, i % 2 }' >classes.csv
awk 'BEGIN { print "x,z,y"; for (i = 0; i < 20; i++) printf "%g,%g,%g\n", (i * 7 % 11) / 11, (i * 5 % 13) / 13, i * 3 % 17 / 7 }' >real.csv
short="--steps 1 --batch 20 --lr 1e-4 --quiet --threads 1 --out run"

# sentence WORDS…: of a run of those, on a line.
sentence() {
	rm -rf run
	# shellcheck disable=SC2086 # words
	"$BASIN" sample $short "$@" 2>err && "$BASIN" info run --json >out && member target | sed 's/^"\(.*\)"$/\1/' >said
}
# says WORDS: the sentence has them; a line of diagnostics where not.
says() {
	grep -q -F -e "$1" said && return
	echo "# not said: $1"
	shown said err
	return 1
}

for sampler in $(sed -n 's/^\tX([a-z_0-9]*, "\([^"]*\)".*/\1/p' "$top_srcdir/samplers/methods.h"); do
	case $sampler in
	sgd | adamw | sam | asam | m-sam | rw-sam | tail-sgd | entropy-sgd | entropy-sgld) claims= ;;
	*) claims=yes ;;
	esac
	case $sampler in entropy-*) own="--coupling 1" ;; *) own= ;; esac
	# shellcheck disable=SC2086 # words
	sentence --sampler $sampler $own --data csv:classes.csv --likelihood categorical --model mlp:2-3-2 --weight-decay 0.2 --temperature 0.5
	if [ -z "$claims" ]; then
		[ "$(cat said)" = "$sampler claims no target distribution" ]
		ok $? "$sampler claims no target"
		continue
	fi
	says "~ exp(−(N/T)" && says "N = 20, T = 0.5, δ = 0.2" &&
		says "; ℓᵢ(θ) = −ln p(yᵢ | xᵢ, θ), nats, p categorical; the prior is gaussian, of deviation s = 1/√(Nδ) = 0.5 at T = 1; T tempers likelihood and prior alike"
	ok $? "$sampler says target, scales and units"
	case $sampler in
	hmc) says "at every λ" ;;
	psgld | low-precision-sgld) says ", as λ → 0" ;;
	*) says "as λ → 0" && says "; at λ, where " ;;
	esac
	ok $? "$sampler says what λ does"
done

for temperature in 1 0.1; do
	for prior in gaussian laplace student-t:5; do
		for likelihood in categorical bernoulli gaussian; do
			case $likelihood in
			categorical) of="--data csv:classes.csv --model mlp:2-3-2" p="categorical" ;;
			bernoulli) of="--data csv:classes.csv --model mlp:2-3-1" p="bernoulli" ;;
			gaussian) of="--data csv:real.csv --standardize --model linear --noise-sd 0.3"
				p="gaussian with deviation 0.3 in the units of the standardised targets" ;;
			esac
			case $prior in
			gaussian) stands="the prior is gaussian, of deviation s = 1/√(Nδ) = 0.5 at T = 1;" ;;
			laplace) stands="the prior is laplace, of deviation s = 1/√(Nδ) = 0.5 at T = 1: for (δ/2)‖·‖² read δ Σ e(·), e(x) = √2 s|x|;" ;;
			*) stands="the prior is student-t, of deviation s = 1/√(Nδ) = 0.5 at T = 1: for (δ/2)‖·‖² read δ Σ e(·), e(x) = ((ν+1)/2) s² ln(1 + x²/((ν−2)s²)), ν = 5;" ;;
			esac
			case $temperature in 1) heat="; T = 1 tempers neither" ;; *) heat="; T tempers likelihood and prior alike" ;; esac
			# shellcheck disable=SC2086 # words
			sentence $of --likelihood $likelihood --prior $prior --weight-decay 0.2 --temperature $temperature && says "T = $temperature," &&
				says "nats, p $p;" && says "$stands" && says "$heat"
			ok $? "$prior prior, $likelihood likelihood, T = $temperature"
		done
	done
done
sentence --data csv:real.csv --model linear --weight-decay 0 --noise-sd 2 && says "p gaussian with deviation 2 in the units of the targets; δ = 0 is no prior" &&
	! says "tempers" >unsaid
ok $? "without a weight decay there is no prior"
sentence --data csv:real.csv --model linear --weight-decay 0 --temperature 0.5 && says "; δ = 0 is no prior; T tempers all of u"
ok $? "and none to temper"
own="p gaussian with a deviation σ for each target, in the units of the standardised targets, θ's noise.log_sd being ln σ"
learn="--data csv:real.csv --standardize --model linear --noise-sd learn"
# shellcheck disable=SC2086 # words
sentence $learn --weight-decay 0.2 --prior laplace && says "$own, whose prior, whatever δ, is normal with mean 0 and deviation 1 at T = 1; the prior is laplace," &&
	! says "differs by tensor" >unsaid
ok $? "a deviation that is sampled, and its prior"
# shellcheck disable=SC2086 # words
sentence $learn --weight-decay 0.2 --prior "gaussian,noise.*=4,*.bias=2" && says "normal with mean 0 and deviation 0.5 at T = 1; the prior is gaussian" &&
	says "; δ differs by tensor (--prior)"
ok $? "with a factor of its own"
# shellcheck disable=SC2086 # words
sentence $learn --weight-decay 0 && says "is normal with mean 0 and deviation 1 at T = 1; δ as it stands here is of that alone, other tensors have no prior; T = 1"
ok $? "without a weight decay it keeps its own"
# shellcheck disable=SC2086 # words
sentence $learn --weight-decay 0.2 --freeze "noise.*" && says "$own and frozen; the prior is gaussian" && says "; frozen tensors stay at their initial values"
ok $? "or is frozen"
sentence --data csv:real.csv --likelihood heteroscedastic --model linear --weight-decay 0.2 &&
	says "p heteroscedastic, normal with a mean and an ln σ² that are outputs, in the units of the targets; the prior is gaussian"
ok $? "a deviation that is an output"
sentence --data shapes --model lenet --augment crop-flip --weight-decay 0.1 && says "; T = 1 tempers neither; not the posterior of a fixed model" &&
	! says "Bayes" >unsaid
ok $? "of augmented examples there is no posterior"
sentence --data csv:real.csv --model linear --prior "laplace,*.bias=0.5" --freeze "*.weight" && says "; δ differs by tensor (--prior), frozen tensors stay at their initial values"
ok $? "factors and frozen tensors"
rm -rf run
# shellcheck disable=SC2086 # words
"$BASIN" sample ${short#*--batch 20} --steps 1 --model gaussian:1,2 --beta 4 && "$BASIN" info run --json >out && member target >said &&
	says "T = 0.25, δ = 0" && says "; δ = 0 is no prior; T tempers all of u" && ! says "nats" >unsaid
ok $? "an analytic target"
done_testing
