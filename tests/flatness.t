#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# basin flatness: curvatures that can be written down, which snapshots, examples and tensors they are of, what is said of them, and
# how the command ends. tests/flatness-golden.t has networks against PyTorch.
set -u
. "${top_srcdir:?}/tests/tap.sh"
cd "$dir" || exit 99

# values KEY: the numbers of all members of that name of out, those of lists included, one a line, in order.
values() {
	tr -d ' \n' <out | grep -o -e "\"$1\":\[[^]]*\]" -e "\"$1\":[-0-9.e+]*" | sed 's/^[^:]*://' | tr -d '[]' | tr ',' '\n'
}
# near KEY ERROR EXPECTED…: those numbers, all of them, within this relative error of the expected.
near() {
	key=$1 error=$2
	shift 2
	values "$key" >values
	printf '%s\n' "$@" | paste values - | awk -v e="$error" 'NF != 2 { bad = 1 } { d = $1 - $2; s = $2 < 0 ? -$2 : $2
		if (!(d * d <= e * e * s * s)) { bad = 1; print "# " $1 ", expected " $2 } } END { exit bad || !NR }'
}
flat() { "$BASIN" flatness --json --quiet "$@" >out 2>err; }
told() { ok "$1" "$2"; [ "$1" = 0 ] || shown out err; }

# ---- curvatures in closed form: float32 products, so 1e-5 ----

# Σ⁻¹ = ((1, −1), (−1, 4))/3 has the eigenvalues (5 ± √13)/6.
"$BASIN" sample --model gaussian:4,1@0.5 --steps 40 --keep-every 10 --lr 0.1 --chains 2 --quiet --out gaussian || exit 99
flat --chain 0 gaussian && near eigenvalues 1e-5 1.4342585 0.2324081 && near trace 1e-5 1.6666667 && near least 1e-5 0.2324081 &&
	[ "$(values trace_se)" = 0.0 ]
told $? "a Gaussian's precision has its eigenvalues, and of no more parameters than probes the trace is exact"
near n 0 1 && near step 0 40 && near top 0 5 && near probes 0 10 && near n_params 0 2 &&
	[ "$(member loss out)" = '"gaussian:4,1@0.5"' ] &&
	[ "$(member data out) $(member batch_norm out) $(member decay out)" = "null null null" ] && [ "$(values products)" -gt 0 ]
told $? "the report says of what and how it was measured"

# u = θ²/8, so that the loss is twice the square of its slope.
"$BASIN" sample --model gaussian:4 --steps 3 --lr 0.1 --weight-decay 0.5 --quiet --out line || exit 99
flat line && near eigenvalues 1e-6 0.25 && near nll 1e-5 "$(values gradient_norm | awk '{ printf "%.9g", 2 * $1 * $1 }')"
told $? "the loss and the norm of its gradient are those at the snapshot"
slope=$(values gradient_norm)
flat --decay line && near eigenvalues 1e-6 0.75 && near decay 0 0.5 &&
	near gradient_norm 1e-5 "$(echo "$slope" | awk '{ printf "%.9g", 3 * $1 }')"
told $? "with the prior its δ is on the diagonal, and its slope in the gradient"

# With s = (x/B)², u = A(s − 1)², |u′| = 4A√s|s − 1|/B and u″ = 4A(3s − 1)/B²: of the two s of a value, the slope tells.
"$BASIN" sample --model double-well:2,3 --steps 5 --lr 0.1 --seed 3 --quiet --out well || exit 99
flat well && near eigenvalues 1e-4 "$({ values nll; values gradient_norm; } | tr '\n' ' ' |
	awk '{ r = sqrt($1 / 2); for (k = -1; k <= 1; k += 2) { s = 1 + k * r; if (s < 0) continue; e = 8 * sqrt(s) * r / 3 - $2; e *= e
		if (best == "" || e < least) { least = e; best = 8 * (3 * s - 1) / 9 } } printf "%.9g", best }')"
told $? "the curvature of a double well is that of the place"

# Terms of curvature 1, 2, …, 6 in three dimensions: the mean of those that are taken, three times.
"$BASIN" sample --model quadratics:0/0/0/1,1/0/0/2,0/1/0/3,0/0/1/4,1/1/0/5,1/1/1/6 --steps 3 --lr 0.01 --quiet --out terms || exit 99
flat terms && near eigenvalues 1e-5 3.5 3.5 3.5 && near n 0 6
told $? "an eigenvalue that is there three times is found as often"
whole() { awk '{ x = 4 * $1 - int(4 * $1 + .5); if (x * x > 1e-6) exit 1 }' "$1"; }
flat --examples 4 terms && near n 0 4 && near n_split 0 6 && values eigenvalues >four && whole four && flat --examples 4 terms &&
	values eigenvalues | cmp -s - four
told $? "--examples takes so many terms, the same ones again"
for seed in 2 3 4 5 6; do flat --examples 2 --seed $seed terms && values eigenvalues | head -n 1 | cut -c1-6; done | sort -u >drawn
[ "$(wc -l <drawn)" -gt 1 ]
told $? "and others for another seed"

# Linear regression with noise of deviation s: H = (1/n) Σ x̃x̃ᵀ/s², x̃ = (x, 1), whatever the targets are.
awk 'BEGIN { for (i = 0; i < 30; i++) print (i * 7 % 11) / 2 "," i % 5 - 2 "," 100 + 7 * (i * 5 % 13) }' >d.csv
"$BASIN" sample --data csv:d.csv --model linear --noise-sd 0.5 --standardize --holdout 6 --sampler sgd --lr 1e-12 --batch 0 --steps 1 \
	--log-every 1 --weight-decay 0.25 --quiet --out regression || exit 99
flat --probes 0 regression && near n 0 24 && values trace | awk 'END { exit NR != 0 }' &&
	near nll 2e-6 "$(sed -n 's/.*"nll": *\([^,}]*\).*/\1/p' regression/chain-0.log.jsonl)"
told $? "the loss is that of the run: its rows, less those held out, its standardised targets, its deviation"
flat regression && near trace 1e-5 12 && values eigenvalues >whole && flat --batch 7 regression &&
	near eigenvalues 1e-5 $(cat whole)
told $? "of standardised columns each has the curvature 1/s², and the size of batches is no matter"
flat --split holdout regression && near n 0 6 && [ "$(member split out)" = '"holdout"' ] && ! near trace 1e-5 12 >err
told $? "another split has another"
flat --data csv:d.csv regression && near trace 1e-5 12
told $? "a set that is named is taken as the run's was"
sed 's/$/ /' d.csv | "$BASIN" flatness --json --quiet --data csv:- regression >out 2>err && near n 0 30
told $? "rows come from standard input"

# ---- a network ----

awk 'BEGIN { for (i = 0; i < 60; i++) print (i * 7 % 11) / 11 "," (i * 5 % 13) / 13 "," (i * 4 % 19) / 19 "," i % 3 }' >c.csv
"$BASIN" sample --data csv:c.csv --likelihood categorical --class-weight 0=3 --model mlp:3-8-3 --sampler sgd --momentum 0.9 --lr 0.05 --batch 0 \
	--activation tanh --prior gaussian,fc2.weight=2 --weight-decay 0.125 --freeze fc1.bias --steps 60 --keep-every 30 --log-every 1 --chains 2 \
	--quiet --out net || exit 99
tight="--tolerance 1e-6 --top 3"
flat --chain 0 $tight net && cp out alone && near n_params 0 51 && [ "$(member class_weight out)" = '[' ] &&
	grep -q '"held": \[' out &&
	[ "$(tr -d ' \n' <out | grep -o '"held":\[[^]]*\]')" = '"held":["fc1.bias"]' ]
told $? "frozen tensors are held"
# The log's last value is that before the last step; 1e-12 of a step later is nowhere else.
"$BASIN" sample --data csv:c.csv --likelihood categorical --class-weight 0=3 --model mlp:3-8-3 --sampler sgd --lr 1e-12 --batch 0 --steps 1 \
	--activation tanh --init net --log-every 1 --quiet --out there && flat there &&
	near nll 2e-6 "$(sed -n 's/.*"nll": *\([^,}]*\).*/\1/p' there/chain-0.log.jsonl)"
told $? "weights of classes are in the loss"
grep -v ',2$' c.csv >first.csv && grep ',2$' c.csv >last.csv && for set in c first last; do
	flat --chain 0 --top 0 --probes 51 --data csv:$set.csv net
	echo "$(values n) $(values trace)"
done | awk '{ x[NR] = $1 * $2 } END { d = x[1] - x[2] - x[3]; exit !(NR == 3 && d * d < 1e-10 * x[1] * x[1]) }'
told $? "a set may lack some of the classes"
flat --chain 0 $tight --tensors fc2.weight net && near n_params 0 24 && cp out block &&
	values eigenvalues | awk '{ printf "%.9g\n", $1 + 0.25 }' >expected &&
	flat --chain 0 $tight --tensors fc2.weight --decay net && near eigenvalues 1e-5 $(cat expected)
told $? "a tensor's factor is on its δ"
flat --chain 0 $tight --by tensor net && near n 0 60 24 24 3 && cp out parts && flat --chain 0 --top 0 --by tensor net &&
	cp out shared && near products 0 10
told $? "--by tensor has an object for each tensor that moves"
python_with json && "$python" - parts alone block shared <<'P' >err 2>&1
import json, sys
parts, alone, block, shared = (json.load(open(f))["snapshots"][0] for f in sys.argv[1:])
tensors, traces = {t["name"]: t for t in parts["tensors"]}, shared["tensors"]
assert list(tensors) == ["fc1.weight", "fc2.weight", "fc2.bias"], list(tensors)
assert parts["eigenvalues"] == alone["eigenvalues"] and parts["trace"] == alone["trace"]
assert abs(sum(t["trace"] for t in traces) - parts["trace"]) < 1e-9 * abs(parts["trace"]) and "eigenvalues" not in traces[0]
assert tensors["fc2.bias"]["trace_se"] == 0 < traces[2]["trace_se"]
most = parts["eigenvalues"][0] + 2 * parts["eigenvalue_errors"][0]
assert all(t["eigenvalues"][0] < most for t in tensors.values())
assert tensors["fc2.weight"]["eigenvalues"] == block["eigenvalues"]
assert len(tensors["fc2.bias"]["eigenvalues"]) == 3
assert set(alone) == {"file", "chain", "step", "role", "nll", "gradient_norm", "eigenvalues", "eigenvalue_errors", "least", "least_error",
                      "converged", "trace", "trace_se", "products", "seconds"}, set(alone)
P
result=$?
if [ -n "$python" ]; then
	told $result "blocks' traces are exact where they can be, or add up; their eigenvalues are below the whole's, and are those that --tensors has"
else
	skip "blocks' traces add up" "no python3"
fi
flat --chain 0 --tensors 'fc*.weight' net && near n_params 0 48 &&
	[ "$(tr -d ' \n' <out | grep -o '"tensors":\[[^]]*\]')" = '"tensors":["fc1.weight","fc2.weight"]' ]
told $? "patterns are names of tensors"
flat --threads 1 --chain 0 --density --probes 64 net && values value >heights && values at | paste - heights |
	awk 'NR > 1 { sum += ($1 - x) * ($2 + y) / 2 } { x = $1; y = $2 } END { exit !(sum > .999 && sum < 1.001) }' &&
		values weight >shares &&
	awk '{ s += $1 } END { exit !(s > .999999 && s < 1.000001) }' shares
told $? "the density integrates to 1"
values node | paste - shares | awk -v t="$(values trace)" '{ s += $1 * $2 } END { d = 51 * s - t; exit !(d * d < 1e-8 * t * t) }'
told $? "and its mean is the trace's share"
flat --top 0 --probes 0 --chain 0 net && ! grep -q -e eigenvalues -e trace -e density out && near products 0 0
told $? "--top 0 and --probes 0 leave their part out"
flat --chain 0 net && grep -v seconds out >once && flat --chain 0 net && grep -v seconds out >twice && cmp -s once twice
told $? "the same again has the same figures"
values trace >once-trace && values eigenvalues | head -n 2 >once-top && flat --chain 0 --seed 2 net &&
	[ "$(values trace)" != "$(cat once-trace)" ] &&
	values eigenvalues | head -n 2 | paste - once-top | awk '{ d = $1 - $2; if (d * d > 1e-5 * $2 * $2) exit 1 }'
told $? "another seed has other probes, and the same eigenvalues"

# ---- which snapshots ----

flat net && near step 0 60 60 && near chain 0 0 1
told $? "without a choice the last snapshot of each chain"
flat --last 2 net && near step 0 30 60 30 60 && flat --to-step 40 --chain 1 net && near step 0 30
told $? "and those that are chosen"
flat net/chain-1.snaps && near chain 0 1 && "$BASIN" flatness --quiet net gaussian >out 2>err
[ $? = 2 ] && [ ! -s out ]
told $? "a file is one chain, and other models are not mixed in"
"$BASIN" sample --data csv:c.csv --likelihood categorical --model mlp:3-8-3 --sampler entropy-mcmc --coupling 1 --lr 0.01 --steps 8 --keep-every 4 \
	--weight-decay 0.25 --quiet --out anchors && flat anchors && [ "$(grep -c '"role": "theta"' out)" = 1 ] && near step 0 8 &&
	flat --role anchor anchors && [ "$(grep -c '"role": "anchor"' out)" = 1 ]
told $? "θ where a run keeps others too, or the role that is named"
"$BASIN" sample --data csv:c.csv --likelihood categorical --model mlp:3-8-3 --sampler sgd --lr 0.05 --steps 8 --weight-decay 0.5 --seed 2 --quiet --out heavier &&
	flat anchors heavier && near chain 0 0 0
told $? "runs that differ in their priors are measured together without them"
"$BASIN" flatness anchors heavier >out 2>err && [ ! -s err ] && "$BASIN" predict --json anchors heavier >out 2>err &&
	grep -q 'sample different targets' err
told $? "and nothing is said of pooling, as they are not averaged"
fails 2 'anchors.*heavier.*--weight-decay' "and not with them" "$BASIN" flatness --quiet --decay anchors heavier
"$BASIN" sample --data csv:c.csv --likelihood categorical --model mlp:3-8-3 --sampler sgd --lr 0.05 --steps 2 --freeze fc2.bias --quiet --out holding || exit 99
fails 2 'anchors.*holding.*--freeze' "nor where they hold other tensors" "$BASIN" flatness --quiet anchors holding
"$BASIN" swag anchors --rank 0 --scale 0 --quiet --out mean && flat mean && near step 0 1
told $? "a mean of snapshots is one"
fails 2 '^basin: --decay: the snapshots don.t say' "whose prior nobody knows" "$BASIN" flatness --decay mean
"$BASIN" swag heavier --rank 0 --scale 0 --quiet --out heavy && flat mean heavy && near step 0 1 1
told $? "and several of them are measured together, where nothing was held"
"$BASIN" swag net --rank 0 --scale 0 --quiet --out held && flat held && near n_params 0 51 && flat net held && near n_params 0 51
told $? "the mean of a run that held a tensor holds it"
"$BASIN" swag anchors holding --rank 0 --scale 0 --quiet --out moved && flat moved && near n_params 0 59
told $? "and not where another run moved it"
for rows in 6 15; do
	"$BASIN" sample --data csv:d.csv --model linear --noise-sd learn --holdout $rows --lr 1e-12 --steps 1 \
		--weight-decay 0.25 --quiet --out less-$rows || exit 99
done
fails 2 'less-6.*less-15.* number of examples.* noise.log_sd' "nor are runs whose number of examples is in their prior" \
	"$BASIN" flatness --quiet --decay less-6 less-15
flat --decay --tensors 'fc*' less-6 less-15 && near n_params 0 3
told $? "where it is not, they are"

# ---- whose rows they are ----

cp d.csv moved.csv
head -n 5 d.csv >few.csv
flat less-6 && near n 0 24 && flat --data csv:moved.csv less-6 && near n 0 24 && flat --data csv:few.csv less-6 && near n 0 5
told $? "the run's own rows wherever they are, and another set's all, less than were held out too"

# ---- what people are shown ----

LC_ALL=C.UTF-8 TERM=xterm "$BASIN" flatness --density --by tensor --last 2 net >out 2>err &&
	grep -q '^curvature of  *mean −ln p, categorical, weighted by class, without weight$' out &&
	grep -q '^over  *all 60 train examples of csv:' out && grep -q '^parameters  *51; held: fc1.bias$' out &&
	[ "$(grep -c '^[1-4]: net/chain-[01].snaps, chain [01], step [36]0, theta$' out)" = 4 ] &&
		grep -q '^  eigenvalue  1  *[0-9.]* ± ' out &&
	grep -q '^  trace  *[0-9.]* ± ' out && grep -q '^  fc2.weight  *24  [0-9.]* ± [0-9.e-]*  *[0-9.]* ± ' out &&
		grep -q '┤.*█' out && [ ! -s err ]
told $? "a table and a plot for each snapshot"
grep -v -e '^over' -e '^  *csv:' out | tr -d '\200-\277' >narrow &&
	LC_ALL=C awk 'length > 80 { print; bad = 1 } END { exit bad }' narrow
told $? "in 80 columns"
[ "$(sed -n '/^  *step  *role/,$p' out | grep -c '^   [1-4]:  *[36]0  theta  *[0-9.]*  *[0-9.]*  *[0-9.]*  *[0-9.]* ± [0-9.]*$')" = 4 ]
told $? "and a line for each at the end"
TERM=dumb "$BASIN" flatness --density --chain 0 net | sed '1,/density/d' >out && grep -q '+.*#' out && ! grep -q '[^ -~]' out
told $? "the plot has a form in ASCII"
"$BASIN" flatness --decay anchors >out 2>err && tr -s ' \n' ' ' <out | grep -q ', with the prior of weight decay 0.25 over'
told $? "so is the prior"
if "$BASIN" sample --data csv:c.csv --likelihood categorical --model mlp:3-4-3 --precision bf16 --steps 2 --lr 0.01 --quiet --out half 2>err; then
	"$BASIN" flatness half >out 2>err && grep -q "^arithmetic  *float32, though the run's was bf16" out
	told $? "float32 is said of a run in bf16"
else
	skip "float32 is said of a run in bf16" "this processor has no bf16"
fi
"$BASIN" sample --data shapes --model resnet20 --augment crop-flip --steps 2 --batch 4 --lr 0.01 --quiet --out images || exit 99
"$BASIN" flatness --examples 6 --batch 4 --top 0 --probes 1 --tensors fc.bias images >out 2>err &&
	grep -q '^batch norm  *evaluation mode: its running statistics are constants' out &&
	grep -q '^augmentation  *none, though the run had it' out &&
		grep -q '^over  *6 of the 10000 train examples of shapes (seed 1)' out
told $? "batch norm's evaluation mode is said"

# ---- refusals ----

fails 2 '^basin: no run given' "a run must be given" "$BASIN" flatness
fails 2 '--top 51' "50 eigenvalues at most" "$BASIN" flatness --top 51 net
fails 2 '^basin: --tensors: no tensor.s name matches “fc3.weight”; there are fc1.weight, fc1.bias, fc2.weight, fc2.bias$' "unknown tensors" \
	"$BASIN" flatness --tensors fc2.weight,fc3.weight net
fails 2 '^basin: --tensors fc1.bias: the run has it frozen' "frozen ones" "$BASIN" flatness --tensors fc1.bias net
fails 2 '^basin: --examples 61: there are 60' "more examples than there are" "$BASIN" flatness --examples 61 net
fails 2 '^basin: --data: the run.s target is analytic' "data of an analytic target" "$BASIN" flatness --data csv:d.csv gaussian
fails 2 '^basin: --density takes its probes from --probes' "a density without probes" "$BASIN" flatness --density --probes 0 net
fails 2 '^basin: --lanczos-steps belongs to --density' "its steps without it" "$BASIN" flatness --lanczos-steps 5 net
fails 2 '^basin: --tolerance is of eigenvalues' "a tolerance of nothing" "$BASIN" flatness --top 0 --tolerance 1e-4 net
fails 2 '^basin: --by tensor has nothing to measure' "tensors without a figure" "$BASIN" flatness --top 0 --probes 0 --by tensor net
fails 2 '^basin: --device' "another device" "$BASIN" flatness --device cuda net
BASIN_DEVICE=cuda flat --chain 0 net && grep -v seconds out | cmp -s - once
told $? "BASIN_DEVICE does not name one here"
sed 's/[0-9]*$/0.5/' c.csv >r.csv
sed 's/,2$/,3/' c.csv >e.csv
fails 2 '^basin: --data csv:.*e.csv: example 2 has label 3' "a class too many" "$BASIN" flatness --data csv:e.csv net
fails 2 'r.csv:1: column 4: the target is .0.5.; classes 0, 1, 2' "a set without classes" "$BASIN" flatness --data csv:r.csv net

# ---- damage, and ends before the end ----

cp -r net torn && size=$(wc -c <torn/chain-0.snaps) &&
	printf '\377' | dd of=torn/chain-0.snaps bs=1 seek=$((size - 60)) conv=notrunc 2>/dev/null
fails 2 '^basin: .*torn/chain-0.snaps' "a damaged snapshot is no figure" "$BASIN" flatness --json --quiet torn
flat --skip-damaged --chain 0 torn && near step 0 30
told $? "and is left out where that is asked for"

# Behind a run that went well, one that went off.
for run in 0.01/fine 300/off; do
	"$BASIN" sample --data csv:c.csv --likelihood gaussian --model mlp:3-8-8-1 --sampler sgd --lr "${run%/*}" --batch 0 --steps 10 --keep-every 1 \
		--quiet --out "${run#*/}" >out 2>err
done
"$BASIN" flatness --json --quiet --top 1 --probes 2 --last 3 fine off >out 2>err
[ $? = 2 ] && [ "$(grep -c '"role"' out)" = "$(grep -c '"trace"' out)" ] && [ "$(grep -c '"file": "fine' out)" = 3 ] &&
	grep -q '^basin: [345] of 6 snapshots are reported; off/chain-0.snaps, step [0-9]*: product 1 with the Hessian is not finite' err
told $? "a snapshot that cannot be measured is named, and what was done before it is reported"

# Eigenvalues close to each other are not told apart in 140 products.
"$BASIN" sample --model "gaussian:$(awk 'BEGIN { for (i = 0; i < 300; i++) printf "%s%.4f", i ? "," : "", 1 + i * 3e-4 }')" --steps 2 --lr 0.01 \
	--chains 6 --quiet --out many || exit 99
"$BASIN" flatness --json --top 1 --tolerance 1e-6 --chain 0 many >out 2>err && [ "$(member converged out)" = "" ] &&
	grep -q '"converged": false' out &&
	grep -q '^basin: warning: many/chain-0.snaps, step 2: the largest eigenvalues are not known to --tolerance 1e-06 after 140 products; within its bound each has an eigenvalue, but a larger one may have been missed$' err &&
	awk -v x="$(values eigenvalues)" -v e="$(values eigenvalue_errors)" 'BEGIN { exit !(x <= 1.00001 && x + e >= 0.99999 && e > 0) }'
told $? "what has not converged is warned of, and its bound holds"
"$BASIN" flatness --quiet --top 1 --tolerance 1e-6 --probes 0 --by tensor many >out 2>err && [ "$(grep -c '^  converged  *no: larger' out)" = 6 ] &&
	[ "$(grep -c '  not converged$' out)" = 12 ]
told $? "and marked wherever it is shown"

# signalled SIGNAL WARNINGS COMMAND…: sends it once so many snapshots are warned of.
signalled() {
	signal=$1 warnings=$2
	shift 2
	: >err  # of the command before: its warnings are not this one's
	"$@" >out 2>err &
	pid=$!
	while [ "$(grep -c 'are not known' err)" -lt "$warnings" ] && kill -0 $pid 2>/dev/null; do sleep 0.05; done
	kill -s "$signal" $pid
	wait $pid
}
signalled TERM 1 "$BASIN" flatness --json --top 1 --tolerance 1e-6 --probes 299 --density --lanczos-steps 299 many
[ $? = 3 ] && [ ! -s out ] && grep -q '^basin: stopped by a signal; nothing is reported' err
told $? "a signal ends it at once"
signalled INT 2 "$BASIN" flatness --json --top 1 --tolerance 1e-6 --probes 299 --density --lanczos-steps 20 many
[ $? = 3 ] && done=$(grep -c '"role"' out) && [ "$done" -ge 1 ] && [ "$done" -lt 6 ] &&
	grep -q "^basin: stopped by a signal: $done of 6 snapshots are reported" err
told $? "and what was done is reported"
done_testing
