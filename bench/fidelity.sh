#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# examples/hmc-vs-sgmcmc with several seeds, each run held against one of Hamiltonian Monte Carlo by basin compare: makes the
# tables of fidelity.md. What is done is skipped, and what was interrupted goes on.
#
#   [BASIN=basin] [RUNS=folder] [SEEDS='1 2 3'] [THREADS=2] [ONLY='sgld sghmc …'] bench/fidelity.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
example=$here/../examples/hmc-vs-sgmcmc
basin=$(command -v "${BASIN:-build/basin}") || { echo "bench/fidelity.sh: BASIN names no program" >&2; exit 1; }
basin=$(cd "$(dirname "$basin")" && pwd)/$(basename "$basin")
threads=${THREADS:-2}
mkdir -p "${RUNS:-fidelity-runs}"
cd "${RUNS:-fidelity-runs}"
BASIN_DEVICE=cpu
export BASIN_DEVICE

# sampled NAME CONF SEED: a run; NAME.s has the processor's seconds that it took, where that was at one go.
sampled() {
	[ ! -e "$1.done" ] || return 0
	echo "$1: $(date -u +%H:%M:%S)" >&2
	if [ -e "$1/run.json" ]; then
		"$basin" sample --resume "$1" --threads "$threads" --quiet >/dev/null
		rm -f "$1.s"
	else
		rm -rf "./$1"
		("$basin" sample --config "$example/$2.conf" --seed "$3" --threads "$threads" --quiet --out "$1" >/dev/null && times) >"$1.times"
		# Of children, user's and system's: 0m1.25s 0m0.50s
		awk 'NR == 2 { gsub(/s/, ""); split($1 "m" $2, t, "m"); printf "%.2f\n", 60 * (t[1] + t[3]) + t[2] + t[4] }' "$1.times" >"$1.s"
	fi
	: >"$1.done"
}

# held NAME RUN OPTION…: NAME.json, the run against the reference; NAME.predict.json and NAME.diagnose.json, what it says of itself.
held() {
	name=$1 run=$2
	shift 2
	[ ! -e "$name.json" ] || return 0
	"$basin" predict "$run" --split holdout --threads "$threads" --quiet --json "$@" >"$name.predict.json.new"
	mv "$name.predict.json.new" "$name.predict.json"
	# It fails where a check does.
	"$basin" diagnose "$run" --split holdout --threads "$threads" --quiet --json "$@" >"$name.diagnose.json.new" 2>/dev/null || true
	mv "$name.diagnose.json.new" "$name.diagnose.json"
	"$basin" compare reference "$run" --split holdout --threads "$threads" --quiet --json "$@" >"$name.json.new"
	mv "$name.json.new" "$name.json"
}

[ -e data.csv ] || { sh "$example/data.sh" >data.csv.new && mv data.csv.new data.csv; }
sampled reference hmc 100
if [ ! -e reference.diagnose ]; then
	"$basin" diagnose reference --split holdout --threads "$threads" --quiet >reference.diagnose.new || true
	mv reference.diagnose.new reference.diagnose
fi
for seed in ${SEEDS:-1 2 3}; do
	for row in ${ONLY:-hmc sgld sgld-large sgld-cv sghmc sgnht psgld psgld-slow fsgld fsgld-narrow entropy-mcmc deep-ensemble}; do
		sampled "$row-$seed" "$row" "$seed"
		held "$row-$seed" "$row-$seed"
		[ "$row" != entropy-mcmc ] || held "entropy-mcmc-theta-$seed" "$row-$seed" --role theta
	done
done
cat reference.diagnose
python3 "$here/fidelity_table.py" .
