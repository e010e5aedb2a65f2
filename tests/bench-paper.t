#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# bench/paper.sh and what is made of its results: its commands, with a program that only says what was asked of it; the tables
# of results that stand here; that training has the noisy labels and the test the clean ones, with the program itself.
set -u
. "${top_srcdir:?}/tests/tap.sh"
bench=$top_srcdir/bench
if ! command -v python3 >/dev/null; then
	skip "bench/paper.sh" "no python3"
	done_testing
	exit 0
fi
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
unset ROWS EPOCHS MODEL EXAMPLES PROBES LANCZOS PART ONLY RESULTS RUNS PRECISION COMMIT
export THREADS=2

# ---- the documents ----

mkdir "$dir/documents"
cp "$bench/noisy-labels.md" "$bench/coupling.md" "$bench/flatness.md" "$dir/documents"
chmod u+w "$dir/documents"/*
python3 "$bench/paper_tables.py" fill "$bench/paper.jsonl" "$dir/documents"
ok $? "the tables and plots are made"
for document in noisy-labels.md coupling.md flatness.md coupling.svg flatness.svg; do
	cmp -s "$bench/$document" "$dir/documents/$document"
	ok $? "bench/$document has those of bench/paper.jsonl (else: bench/paper_tables.py fill)"
done

# ---- tables of known results ----

cat >"$dir/known.py" <<'END'
import json
import sys
DEVICE = {"cpu": "A processor", "instruction_set": "x86-64-v4", "libraries": {"oneDNN": "2.6.3"}}


def line(part, name, chain, **more):
    common = {"part": part, "name": name, "chain": chain, "commit": "abc", "device": DEVICE, "interrupted": False}
    print(json.dumps(dict(common, **more)))


def row(name, chain, accuracy, **more):
    line("labels", name, chain, lr="0.1", accuracy=accuracy, nll=[2.0] * (len(accuracy) - 1) + [0.5], ece=[0.1] * len(accuracy),
         train={"n": 100, "wrong": 0.25, "memorised": 0.125, "corrected": 0.5, "right": 0.75},
         wall_s={"sample": 120.0, "predict": 15.0, "fitted": 15.0}, **more)


row("cifar10n-sgd", 0, [0.5, 0.70, 0.69])
row("cifar10n-sgd", 1, [0.5, 0.60, 0.71])
row("cifar10n-fsgld", 1, [0.5, 0.6, 0.79], interrupted=True)
row("cifar10n-fsgld", 0, [0.5, 0.6, 0.81])
row("cifar10n-adamw", 0, [0.5, 0.6, 0.7711])
row("cifar10n-adamw", 1, [0.5, 0.6, 0.7711])
line("labels", "cifar10n-sam", 0, lr="0.1", failed=True, wall_s={"sample": None})
row("cifar10n-sam", 1, [0.5, 0.6, 0.7])
row("cifar100n-sgd", 0, [0.2, 0.3])
row("cifar100n-fsgld", 0, [0.2, 0.4])
for lr, accuracy in (("0.03", 0.5), ("0.1", 0.75), ("0.3", 0.25)):
    line("search", "search-cifar10n-sgd-" + lr, 0, set="cifar10n", method="sgd", lr=lr, accuracy=accuracy)
for beta, sigma, pair in ((1e8, 6.31e-3, (0.7, 0.71)), (1e8, 1e-2, (0.71, 0.712)), (1e8, 0.0, (0.6, 0.61)),
                          (1e4, 6.31e-3, (0.5, 0.51)), (1e8, 3e-2, (0.3, 0.5))):
    for chain in (0, 1):
        line("coupling", "coupling", chain, beta=beta, sigma=sigma, accuracy=pair[chain], nll=1.0,
             wall_s={"sample": 60.0, "predict": 3.0})
line("coupling", "coupling", 0, beta=1e8, sigma=0.1, failed=True, wall_s={"sample": None})
for method, pair in (("sgd", (16.0, 18.0)), ("fsgld", (8.0, 9.0)), ("sam", (15.5, 17.5))):
    for chain in (0, 1):
        line("flatness", "cifar10n-" + method, chain, method=method, lambda_max=pair[chain], lambda_max_error=0.01, least=-1.5, least_error=0.1,
             converged=method != "sam", measured_by="def",
             trace=-1.0 if method == "sam" and chain else 100.0, trace_se=5.0, nll=0.25, gradient_norm=0.125, products=220, wall_s={"flatness": 200.0},
             density={"at": [-2.0, 0.0, 20.0], "value": [1e-3, 1.0, 1e-2], "sigma": 0.5, "node": [-1.5, 0.0, 5.0, 16.0],
                      "weight": [0.125, 0.625, 0.125, 0.125]})
END
python3 "$dir/known.py" >"$dir/known.jsonl"
python3 "$bench/paper_tables.py" "$dir/known.jsonl" >"$dir/tables"
ok $? "tables of other results are made"
has() {  # has NAME ROW
	grep -q -x -F -e "$2" "$dir/tables"
	ok $? "$1"
}
has "step sizes that were tried, and the best" '| cifar10n | sgd | 0.03: 50.00, 0.1: 75.00, 0.3: 25.00 | 0.1 |'
has "and where none was" '| cifar10n | sam | not run | - |'
has "a row has both seeds' last and best epochs, and what became of the labels" \
	'| sgd | 8 | 8 | 2 | 70.00 (69.00, 71.00) | 70.50 (70.00, 71.00) | 2, 3 | 0.500 (0.500, 0.500) | 12.5 | 50.0 | 75.0 |'
has "seeds stand in their order" \
	'| fsgld | 8 | 8 | 2 | 80.00 (81.00, 79.00) | 80.00 (81.00, 79.00) | 3, 3 | 0.500 (0.500, 0.500) | 12.5 | 50.0 | 75.0 |'
has "a seed that diverged is counted" '| sam | 8 | 16 | 1, 1 diverged | 70.00 | 70.00 | 3 | 0.500 | 12.5 | 50.0 | 75.0 |'
has "a row that was not run is said to be that" '| asam-half | 4 | 8 | not run | - | - | - | - | - | - | - |'
# Seeds are 2, 2 and 0 points apart in the last epochs: s = 2/0.954, and 2s = 4.19 of two means of two; in the best ones 1, 2 and 0.
has "a difference beyond two standard errors" '| fsgld − sgd | equal epochs, 8 gradients | +10.00 | +9.50 |'
has "one below them is none" '| fsgld − adamw | equal epochs, 8 gradients | +2.89, none | +2.89 |'
has "their measure is said" \
	'Standard deviation of a seed, from the median over rows: 2.10 points last epoch (3 rows), 1.05 points best epoch (3 rows).'
has "and where one seed was run" '| fsgld − sgd | equal epochs, 8 gradients | +10.00 (one seed) | +10.00 (one seed) |'
has "minutes of both seeds and their scores" '| cifar10n-sgd | 0.1 | 3.0 |'
has "which are more where a run was interrupted" '| cifar10n-fsgld | 0.1 | more than 3.0 |'
has "where it was run" 'Run on: A processor, x86-64-v4, oneDNN 2.6.3; program: abc.'
# Seeds are 1 point apart but for one pair's 0.2 and, at the edge of diverging, another's 20: 2s = 2.10. Their NLL is one number.
has "the coupled pair" '| 1e8 | 6.31e-3 | 0.10 | 2 | 70.50 (70.00, 71.00) | 1.0000 (1.0000, 1.0000) |  |  | 1.1 |'
has "one that is no other" \
	'| 1e8 | 1e-2 | 0.00 | 2 | 71.10 (71.00, 71.20) | 1.0000 (1.0000, 1.0000) | -0.60, none | +0.0000, none | 1.1 |'
has "one that is" '| 1e8 | 0 | - | 2 | 60.50 (60.00, 61.00) | 1.0000 (1.0000, 1.0000) | +10.00 | +0.0000, none | 1.1 |'
has "the η that a pair implies" \
	'| 1e4 | 6.31e-3 | 1.20 | 2 | 50.50 (50.00, 51.00) | 1.0000 (1.0000, 1.0000) | +20.00 | +0.0000, none | 1.1 |'
has "a pair that diverged" '| 1e8 | 1e-1 | -0.50 | 0, 1 diverged | - | - | - | - | - |'
has "a pair that was not run" '| 1e10 | 6.31e-3 | -0.12 | not run | - | - | - | - | - |'
has "the Hessian of a state" '| sgd | 0 | 16 ± 0.01 | -1.5 ± 0.1 | 100 ± 5 | 0.250 | 0.12 | 69.00 | 220 | 200 |'
has "one whose greatest eigenvalue may be another" \
	'| sam | 0 | 15.5 ± 0.01, perhaps not the greatest | -1.5 ± 0.1 | 100 ± 5 | 0.250 | 0.12 | - | 220 | 200 |'
has "by what it was measured" 'Run on: A processor, x86-64-v4, oneDNN 2.6.3; program: abc, measured by def.'
has "a method that was not run" '| sgld | not run | - | - | - | - | - | - | - | - |'
has "a ratio" '| fsgld / sgd | 0.50 | 1.00, none |'
has "one that is none, and none where a trace is not positive" '| sam / sgd | 0.97, none | - |'
has "shares of the spectrum" '| sgd | 0 | 0.12 | 0 | 0.62 | 0 | 0.12 | 0.12 |'
python3 - "$top_srcdir" "$dir/known.jsonl" <<'END'
import sys
import xml.etree.ElementTree as tree
sys.path.insert(0, sys.argv[1] + "/bench")
import paper_tables
lines = paper_tables.read(sys.argv[2])
coupling, flatness = (tree.fromstring(paper_tables.PLOTS[name](lines)) for name in ("coupling.svg", "flatness.svg"))
space = "{http://www.w3.org/2000/svg}"
texts = [t.text for t in coupling.iter(space + "text")]
# Five pairs in two figures, the coupled one in both columns: twelve means of 4.2 and twice as many seeds; a cross for what diverged.
filled = [c for c in coupling.iter(space + "circle") if c.get("r") == "4.2"]
if len(filled) + sum("polygon" in p.tag for p in coupling) != 12 or texts.count("✕") != 2 or texts.count("implied η") != 2:
    sys.exit(1)
if len(list(flatness.iter(space + "polyline"))) != 6 or "not run" not in [t.text for t in flatness.iter(space + "text")]:
    sys.exit(1)
END
ok $? "the plots show every point that was run"

# ---- the script, with a program that only says what was asked of it ----

mkdir "$dir/data" "$dir/data/cifar10n" "$dir/data/cifar100n"
cat >"$dir/basin" <<'END'
#!/bin/sh
echo "$*" >>"$ASKED"
command=$1
shift
run=$1 chains=1 lr=0 csv=
[ "$command" != sample ] || run=
while [ $# -gt 0 ]; do
	case $1 in
	--out | --resume) run=$2 ;;
	--chains) chains=$2 ;;
	--csv) csv=$2 ;;
	esac
	shift
done
case $command in
sample)
	mkdir -p "$run"
	: >"$run/run.json"
	state=done status=0
	case $run in
	*$INTERRUPT) [ -e "$run/seen" ] || { state=interrupted status=3; : >"$run/seen"; } ;;
	*$DIVERGE) state=failed status=1 ;;
	esac
	[ -e "$run/chains" ] || echo "$chains" >"$run/chains"
	list='{"chain": 0, "state": "'$state'"}'
	[ "$(cat "$run/chains")" = 1 ] || [ "${run##*/}" = "${LACK-}" ] || list='{"chain": 0, "state": "'${state%-*}'"}, {"chain": 1, "state": "done"}'
	echo '{"version": "0", "device": {}, "n_params": 5, "classes": ["a", "b"], "sampler": {"sampler": "x"},' >"$run/info"
	echo '"chains": ['"$list"']}' >>"$run/info"
	exit $status
	;;
info) cat "$run/info" ;;
predict)
	# Accuracies of the search: best at 0.1 and, of adamw, beyond what is tried first.
	case $run in
	*adamw-1e-2) accuracy=0.9 ;;
	*adamw-3e-3) accuracy=0.8 ;;
	*-0.1) accuracy=0.7 ;;
	*) accuracy=0.6 ;;
	esac
	if [ -n "$csv" ]; then
		printf 'id,prediction,p_a\n1,a,1\n2,b,0\n3,a,1\n4,b,0\n' >"$csv"
		accuracy=0.5
	fi
	echo '{"accuracy": '$accuracy', "nll": 0.5, "ece": 0.1}'
	;;
flatness)
	echo '{"n": 9, "loss": "categorical", "batch_norm": null, "snapshots": [{"step": 7, "nll": 0.5, "gradient_norm": 0.25,
	"eigenvalues": [4.0], "eigenvalue_errors": [0.1], "least": -1.0, "least_error": 0.1, "converged": true, "trace": 9.0, "trace_se": 1.0, "products": 3,
	"density": {"at": [0], "value": [1], "sigma": 1, "node": [0], "weight": [1]}}]}'
	;;
esac
END
chmod +x "$dir/basin"
# labels BYTES >FILE.npy: of four rows
labels() { printf '\223NUMPY\001\000\166\000%-117s\n'"$1" "{'descr': '|u1', 'fortran_order': False, 'shape': (4,), }"; }
labels '\001\001\000\000' >"$dir/data/cifar10n/aggregate.npy"
labels '\000\001\001\000' >"$dir/data/cifar10n/clean.npy"
labels '\000\000\000\000' >"$dir/data/cifar100n/noisy.npy"
labels '\000\000\000\000' >"$dir/data/cifar100n/clean.npy"
ASKED=$dir/asked INTERRUPT=none DIVERGE=none
export ASKED INTERRUPT DIVERGE
paper() {  # paper VARIABLE=VALUE…: the script; what it asked of the program is in $ASKED
	: >"$ASKED"
	env BASIN="$dir/basin" BASIN_DATA="$dir/data" RUNS="$dir/runs" RESULTS="$dir/results" COMMIT=abc "$@" \
		sh "$bench/paper.sh" >"$dir/said" 2>&1
}
check() {  # check STATUS NAME
	ok "$1" "$2"
	[ "$1" = 0 ] || shown "$dir/said" "$ASKED"
}
asked() { grep -c -e "$1" "$ASKED"; }
count() { grep -c -e "$1" "$dir/results"; }

env BASIN="$dir/basin" RUNS="$dir/runs" RESULTS="$dir/results" BASIN_DATA= sh "$bench/paper.sh" >"$dir/said" 2>&1
[ $? = 0 ] && grep -q 'skipped: BASIN_DATA is not set' "$dir/said"
ok $? "without data all is skipped, and that is said"
env BASIN="$dir/basin" BASIN_DATA="$dir/data" EPOCHS=1 sh "$bench/paper.sh" >"$dir/said" 2>&1
[ $? = 2 ] && grep -q 'RUNS and RESULTS of its own' "$dir/said"
ok $? "a trial of less does not write among the results"

paper PART=labels ONLY=cifar10n-sgd
[ $? != 0 ] && grep -q 'has not been searched to its end: PART=search' "$dir/said" && [ "$(asked .)" = 0 ]
ok $? "no row is run before its step size has been searched"
for method in fsgld sam; do
	for pair in '"0.03", "accuracy": 0.1' '"0.1", "accuracy": 0.2' '"0.3", "accuracy": 0.3' '"1", "accuracy": 0.1'; do
		echo '{"part": "search", "name": "", "chain": 0, "set": "cifar10n", "method": "'$method'", "lr": '"$pair"'}'
	done
done >"$dir/results"
paper PART=search ONLY='search-cifar10n-sgd search-cifar10n-adamw search-cifar10n-fsgld' ROWS=3
[ "$(sed -n 's/^sample.*--lr \([^ ]*\).*/\1/p' "$ASKED" | tr '\n' ' ')" = '0.03 0.1 0.3 3e-4 1e-3 3e-3 1e-2 3e-2 ' ]
check $? "step sizes are tried until the best has a worse one on either side"
[ "$(asked '^sample --data cifar10:.*/cifar-10-batches-bin --labels .*/cifar10n/aggregate.npy .*--holdout 1 ')" = 8 ] &&
	[ "$(asked '^predict .*--split holdout')" = 8 ] && [ "$(count '"part": "search"')" = 16 ]
ok $? "and scored on held-out rows of the noisy set"
[ "$(asked '--weight-decay 0.01 .*--sampler adamw')" = 5 ] && [ "$(asked '--weight-decay 5e-4')" = 3 ]
ok $? "AdamW has its authors' weight decay"

paper PART=labels ONLY='cifar10n-sgd cifar10n-adamw' INTERRUPT=cifar10n-adamw
status=$?
[ $status = 3 ] && [ "$(count '"cifar10n-sgd"')" = 2 ] && [ "$(count '"cifar10n-adamw"')" = 0 ]
ok $? "a run that is interrupted ends the script, and has no line"
grep '^sample.*--sampler sgd' "$ASKED" >"$dir/command"
grep -q -e '--lr 0.1 ' "$dir/command" || grep -q -e '--lr 0.1$' "$dir/command"
ok $? "a row has the step size that was found"
grep -e '--chains 2 --workers 2 --threads 1' "$dir/command" | grep -e '--keep-last 8 --epochs 8 --milestones 3steps,5steps' |
	grep -q -v -e '--holdout'
check $? "two chains side by side of all rows, and steps that fall at the same fractions"
[ "$(asked '^predict .*cifar10n-sgd .*--split test')" = 16 ] &&
	[ "$(asked '^predict .*--split test.*--chain 1 --from-step 3 --to-step 3')" = 1 ] &&
	[ "$(asked '--split test.*--data\|--split test.*--labels')" = 0 ]
ok $? "either is tested after every epoch, on the test set as it is"
grep -q '"train": {"n": 4, "wrong": 0.5, "memorised": 0.5, "corrected": 0.5, "right": 0.5}' "$dir/results"
ok $? "and what it says of right and wrong labels is counted"
paper PART=labels ONLY='cifar10n-sgd cifar10n-adamw' INTERRUPT=cifar10n-adamw
[ $? = 0 ] && [ "$(asked ^sample)" = 1 ] && [ "$(asked '^sample --resume .*/cifar10n-adamw ')" = 1 ] &&
	[ "$(asked ^predict)" = 18 ] &&
	[ "$(count '"cifar10n-adamw".*"interrupted": true')" = 2 ]
check $? "called again it goes on with that, and skips what is done"
paper PART=labels ONLY='cifar10n-sgd cifar10n-adamw'
[ $? = 0 ] && [ "$(asked .)" = 0 ] && [ "$(count '"part": "labels"')" = 4 ]
ok $? "and once more it asks nothing"
rm "$dir/runs/cifar10n-adamw.test-1-8.json" "$dir/runs/cifar10n-adamw.done"
grep -v '"cifar10n-adamw", "chain": 1' "$dir/results" >"$dir/results.new" && mv "$dir/results.new" "$dir/results"
paper PART=labels ONLY=cifar10n-adamw
[ $? = 0 ] && [ "$(asked ^predict)" = 1 ] && [ "$(count '"cifar10n-adamw"')" = 2 ]
ok $? "a score that is missing is made, and its line alone"

rm -r "$dir/runs/cifar10n-sgd" "$dir/runs/cifar10n-sgd.done"
grep -v '"name": "cifar10n-sgd"' "$dir/results" >"$dir/results.new" && mv "$dir/results.new" "$dir/results"
paper PART=labels ONLY=cifar10n-sgd
[ $? = 0 ] && [ "$(asked ^sample)" = 1 ] && [ "$(asked ^predict)" = 18 ] && [ "$(count '"part": "labels", "name": "cifar10n-sgd"')" = 2 ]
check $? "a run that was removed is made and scored anew"
paper PART=coupling ONLY=coupling-1e8-3e-2 ROWS=3 INTERRUPT=none LACK=coupling-1e8-3e-2
[ $? != 0 ] && [ ! -e "$dir/runs/coupling-1e8-3e-2.done" ] && [ "$(count coupling-1e8-3e-2)" = 0 ]
check $? "one that lacks a chain is not done"

paper PART=labels ONLY=cifar10n-sam-half
[ "$(asked '^sample.*--epochs 4 --milestones 1steps,3steps.*--sampler sam --rho 0.05 --momentum 0.9')" = 1 ] &&
	[ "$(count '"cifar10n-sam-half".*"epochs": 4')" = 2 ]
check $? "as many gradients are half the epochs of sam"

paper PART=coupling ONLY='coupling-1e8-0 coupling-1e6-6.31e-3 coupling-1e8-1e-1' ROWS=3 DIVERGE=coupling-1e8-1e-1
[ $? = 0 ] && [ "$(asked '^sample.*--sampler fsgld --lr 0.3 --beta 1e8 --sigma 0$')" = 1 ] &&
	[ "$(asked '^sample.*--epochs 12 .*--beta 1e6 --sigma 6.31e-3')" = 1 ] && [ "$(asked ^sample)" = 3 ]
check $? "β and σ are given, with the step size of fsgld"
[ "$(count '"coupling-1e8-1e-1", "chain": 0.*"failed": true')" = 1 ] &&
	[ "$(count '"coupling-1e8-1e-1", "chain": 1.*"accuracy"')" = 1 ] &&
	[ "$(asked '^predict .*coupling-1e8-1e-1 .*--chain 0')" = 0 ]
ok $? "a chain that diverged is a result, and the other's is kept"

paper PART=flatness ONLY='flatness-sgd flatness-sam'
[ $? = 0 ] && [ "$(asked ^flatness)" = 2 ] && grep -q 'cifar10n-sam has not been run' "$dir/said"
ok $? "what has no run yet is named"
[ "$(asked '^flatness .*/cifar10n-sgd --threads 2 --json --chain 1 --last 1 --top 1 --probes [0-9]* --density')" = 1 ] &&
	[ "$(count '"part": "flatness", "name": "cifar10n-sgd".*"lambda_max": 4.0')" = 2 ]
ok $? "the Hessian at the last state of either chain is measured"
paper RUNS="$dir/new" PART='labels coupling flatness' ONLY='cifar10n-sgd coupling-1e8-0 flatness-sgd'
[ $? = 0 ] && [ "$(asked .)" = 0 ]
check $? "what has its lines isn't run again in a new folder"
grep -v '"part": "flatness"' "$dir/results" >"$dir/own-results"
paper RUNS="$dir/new" RESULTS="$dir/own-results" PART=flatness ONLY=flatness-sgd
[ $? = 0 ] && [ "$(asked .)" = 0 ] && grep -q 'lacks the run cifar10n-sgd that .*own-results has lines of' "$dir/said"
check $? "a run of which the lines alone are left is named"
paper PART=serach
[ $? = 2 ] && grep -q 'PART: no part is called serach' "$dir/said" && [ "$(asked .)" = 0 ]
check $? "a part that there is not is refused"
paper PART=labels ONLY=cifar10n-sgdm
[ $? = 2 ] && grep -q 'ONLY: no run is called cifar10n-sgdm' "$dir/said" && [ "$(asked .)" = 0 ]
check $? "and so is a run"
for lr in 0.001 0.003 0.01 0.03 0.1 0.3 1; do
	echo '{"part": "search", "name": "", "chain": 0, "set": "cifar10n", "method": "fsgld", "lr": "'$lr'", "failed": true}'
done >"$dir/diverged"
python3 "$bench/paper_lines.py" best "$dir/diverged" cifar10n fsgld >"$dir/said" 2>&1
[ $? = 1 ] && grep -q 'every step size that was tried for fsgld on cifar10n diverged' "$dir/said"
check $? "where every step size diverged none is the best"
python3 "$bench/paper_tables.py" "$dir/results" >"$dir/tables"
has "and the tables have it all: the rows" \
	'| sgd | 8 | 8 | 2 | 60.00 (60.00, 60.00) | 60.00 (60.00, 60.00) | 1, 1 | 0.500 (0.500, 0.500) | 50.0 | 50.0 | 50.0 |'
has "the spectrum" '| sgd | 1 | 4 ± 0.1 | -1 ± 0.1 | 9 ± 1 | 0.500 | 0.25 | 60.00 | 3 | 0 |'

# ---- with the program itself ----

# Three red images of class 0 for each two blue ones of class 1 that are labelled 2; of the test images one in four is blue.
mkdir -p "$dir/own/cifar-10-batches-bin" "$dir/own/cifar10n"
python3 - "$dir/own" <<'END'
import sys
red, blue = bytes([255]) * 1024 + bytes(2048), bytes(2048) + bytes([255]) * 1024


def batch(name, kinds):
    with open("%s/cifar-10-batches-bin/%s.bin" % (sys.argv[1], name), "wb") as f:
        for kind in kinds:
            f.write(bytes([kind]) + (blue if kind else red))


def labels(name, values):
    header = "{'descr': '|u1', 'fortran_order': False, 'shape': (%d,), }" % len(values)
    with open("%s/cifar10n/%s.npy" % (sys.argv[1], name), "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + bytes([118, 0]) + header.ljust(117).encode() + b"\n" + bytes(values))


for k in range(1, 6):
    batch("data_batch_%d" % k, [0, 1, 0, 1, 0] * 6)
batch("test_batch", [0, 0, 0, 1] * 5)
labels("clean", [0, 1, 0, 1, 0] * 30)
labels("aggregate", [0, 2, 0, 2, 0] * 30)
END
grep '"part": "search"' "$dir/results" >"$dir/own/results"
BASIN_DATA=$dir/own RUNS=$dir/own/runs RESULTS=$dir/own/results ROWS=150 EPOCHS=8 MODEL=mlp:in-8-out PART=labels ONLY=cifar10n-sgd \
	sh "$bench/paper.sh" >"$dir/said" 2>&1
check $? "a row with the program itself"
[ "$(grep -c '"wrong": 0.4, "memorised": 1.0, "corrected": 0.0, "right": 1.0' "$dir/own/results")" = 2 ]
ok $? "training has the noisy labels: the wrong ones are memorised"
[ "$(grep -c '"accuracy": \[.*0.75\], "nll"' "$dir/own/results")" = 2 ]
ok $? "the test has the clean ones: what was memorised is wrong there"
"$BASIN" flatness "$dir/own/runs/cifar10n-sgd" --chain 0 --top 0 --probes 1 --quiet >"$dir/said" 2>&1 && tr -s ' \n' ' ' <"$dir/said" |
	grep -q "over all 150 train examples of cifar10:[^ ]*, with the labels of $dir/own/cifar10n/aggregate.npy "
check $? "and flatness says so"
done_testing
