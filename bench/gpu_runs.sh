# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Parts 3 and 4 of gpu.sh: whole runs as published, and many chains.

# ---- data ----

# The option's value for the training set in $images, whether it is CIFAR-10 in $real, and else numbers of its size and kind, where there
# is a Python to make them. Status 1: there is none.
find_images() {
	real=no
	made=$runs/made-$images_a_file
	if [ -n "${BASIN_DATA-}" ] && quietly "$basin" data info "cifar10:$BASIN_DATA"; then
		images=cifar10:$BASIN_DATA real=yes
	elif [ -d "$made" ]; then
		images=cifar10:$made
	elif mkdir -p "$made.part" && quietly "$python" "$here/gpu_images.py" "$made.part" "$images_a_file"; then
		mv "$made.part" "$made"
		images=cifar10:$made
	else
		return 1
	fi
}

configuration() {
	for folder in "$here/../examples" "$here/../share/doc/basin/examples"; do
		[ ! -f "$folder/cifar10-$1.conf" ] || echo "$folder/cifar10-$1.conf"
	done | head -n 1
}

member() { sed -n "s/^  \"$1\": \([0-9.e+-]*\),*\$/\1/p" "$work/out"; }                       # member KEY: of JSON that was printed
seconds() { awk -v ns="$(cat "$work/time")" 'BEGIN { printf "%.2f", ns / 1e9 }'; }

# score WHAT UNIT FACTOR KEY: a member of what predict or ood printed, where the images are CIFAR-10's.
score() { value "$1" "$(awk -v x="$(member "$4")" -v by="$3" 'BEGIN { printf "%.6g", x * by }')" "$2"; }

# ---- the published protocol ----

# out_of WHAT RUN SET WORDS ARGUMENT…: ood against a set.
out_of() {
	what=$1 run=$2 set=$3 words=$4
	shift 4
	in_time "$what: AUROC against SVHN, $words" || return
	if timed quietly "$basin" ood "$run" --ood "$set" --device cuda --json "$@"; then
		score "$what: AUROC against SVHN, $words" "%" 100 auroc
		value "$what: ood, $words" "$(seconds)" s
	else
		failed "$what: AUROC against SVHN, $words" "$(reason)"
	fi
}

# The run of examples/cifar10-METHOD.conf, its predictions, and SVHN under both normalisations. With other numbers in place of CIFAR-10
# times are what they would be, and scores mean nothing: they are left out.
protocol() {
	method=$1 run=$runs/$1-$epochs-$precision config=$(configuration "$1")
	what="$method, $epochs epochs"
	if ! find_images; then
		skipped "$what" "BASIN_DATA has no CIFAR-10, and no Python makes numbers: $(reason)"
		return
	fi
	[ $real = yes ] || what="$what of made-up images"
	if [ ! -e "$run.done" ]; then
		mkdir -p "$runs"
		took=$what
		if [ -d "$run" ]; then
			took="$what, resumed: the rest of it"
			set -- --resume "$run"
		else
			# Of fewer epochs, less is kept.
			# shellcheck disable=SC2086 # words
			set -- --config "$config" --data "$images" --epochs "$epochs" --precision "$precision" --out "$run" $protocol_options \
				$([ "$epochs" -ge 16 ] || echo --keep-last 1)
		fi
		if timed quietly "$basin" sample --device cuda "$@"; then
			value "$took" "$(seconds)" s
			: >"$run.done"
		else
			failed "$took" "$(reason)"
			return
		fi
	fi
	in_time "$what: predict" || return
	if ! timed quietly "$basin" predict "$run" --device cuda --json; then
		failed "$what: predict" "$(reason)"
		return
	fi
	value "$what: predict, snapshots: $(member snapshots)" "$(seconds)" s
	if [ $real = no ]; then
		skipped "$what: accuracy, NLL, AUROC" "BASIN_DATA has no CIFAR-10"
		return
	fi
	score "$what: accuracy" "%" 100 accuracy
	score "$what: NLL" "nats" 1 nll
	score "$what: calibration error" "%" 100 ece
	if ! quietly "$basin" data info "svhn:$BASIN_DATA/svhn" --split test; then
		skipped "$what: AUROC against SVHN" "BASIN_DATA has no svhn"
		return
	fi
	out_of "$what" "$run" "svhn:$BASIN_DATA/svhn" "CIFAR-10's normalisation"
	out_of "$what" "$run" "svhn:$BASIN_DATA/svhn" "at 0.5" --ood-normalize 0.5:0.5
}

step_fsgld() { protocol fsgld; }
step_sgld() { protocol sgld; }
step_entropy_mcmc() { protocol entropy-mcmc; }

# What an epoch takes beyond a run's start: of two that go on from one, which has measured its engines, less the one from the other.
step_epoch() {
	what="an epoch of fSGLD: $epoch_model, batch $epoch_batch"
	if ! find_images; then
		skipped "$what" "BASIN_DATA has no CIFAR-10, and no Python makes numbers: $(reason)"
		return
	fi
	options="--data $images --model $epoch_model --sampler fsgld --sigma 1e-3 --augment crop-flip --batch $epoch_batch --lr 0.01 --temperature 1e-4 --precision $precision"
	# shellcheck disable=SC2086 # words
	if sample begun $options --epochs 1 && timed resume epochs begun --epochs 2 && short=$(cat "$work/time") &&
		timed resume epochs begun --epochs $((epoch_many + 1)); then
		value "$what" "$(awk -v a="$short" -v b="$(cat "$work/time")" -v n=$((epoch_many - 1)) \
			'BEGIN { printf "%.3f", (b - a) / n / 1e9 }')" s
	else
		failed "$what" "$(reason)"
	fi
}

# ---- many chains ----

# rate MANY: what a second does of n chains that go on from the run begun, which has measured its engines: by so many steps less few, in
# $rate, nothing where that failed. A chain more is begun in each round of steps: those few must be more than all chains' beginning takes.
rate() {
	many=$1 few=$(($1 / 10)) rate=
	[ $few -ge $((2 * n)) ] || few=$((2 * n))
	if ! timed resume timed begun --steps $few --chains "$n" || ! short=$(cat "$work/time") ||
		! timed resume timed begun --steps "$many" --chains "$n"; then
		return 1
	fi
	rate=$(awk -v a="$short" -v b="$(cat "$work/time")" -v s=$(((many - few) * n * each)) \
		'BEGIN { if (b > a) printf "%.1f", s / (b - a) * 1e9 }')
}

# peer LABEL UNIT ARGUMENT…: a line of gpu_peer.py's; its rate in $rate.
peer() {
	label=$1 unit=$2 rate=
	shift 2
	in_time "$label" || return
	quietly env LD_LIBRARY_PATH="$given" "$python" "$here/gpu_peer.py" "$@"
	case $? in
	0) rate=$(sed 's/.*"rate": \([0-9]*\).*/\1/' "$work/out") && value "$label" "$rate" "$unit" ;;
	3 | 127) skipped "$label" "$(tail -n 1 "$work/err")" ;;
	*) failed "$label" "$(reason)" ;;
	esac
}

# chains_of NET UNIT EACH STEPS OPTION…: rates of 1, 7 and 64 chains, each step of which counts for EACH; in $rate the last one's.
chains_of() {
	net=$1 unit=$2 each=$3 total=$4 rate=
	shift 4
	if ! sample begun "$@" --steps 1; then
		failed "$net: begins" "$(reason)"
		return
	fi
	for n in $counts; do
		rate=
		in_time "$net, chains: $n" || continue
		if ! rate $((total / (n > 8 ? 8 : n))); then
			failed "$net, chains: $n" "$(reason)"
		elif [ -z "$rate" ]; then
			failed "$net, chains: $n" "a run took no longer than one of few of its steps"
		else
			value "$net, chains: $n" "$rate" "$unit"
		fi
	done
}

# ratio OURS THEIRS WHAT: how many times as much.
ratio() {
	[ -z "$1" ] || [ -z "$2" ] || value "$3" "$(awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }')" "×"
}

mlp_chains() {
	for mlp in $mlps; do
		sizes=${mlp%:*} batch=${mlp#*:}
		inputs=${sizes%%-*} classes=${sizes##*-} what="mlp:$sizes, batch $batch, SGLD"
		in_time "chains of mlp:$sizes" || continue
		mkdir -p "$work/$inputs"
		if ! quietly "$python" "$here/peer.py" data "$work/$inputs" "$inputs" "$classes" 4096; then
			skipped "chains of mlp:$sizes" "no Python to make data with: $(reason)"
			continue
		fi
		chains_of "$what" "chain-steps/s" 1 "$steps" --data "npy:$work/$inputs/x.npy,$work/$inputs/y.npy" \
			--likelihood categorical --model "mlp:$sizes" --batch "$batch" --sampler sgld --lr 1e-3
		ours=$rate many=$n
		for n in $counts; do
			for way in loop stacked graph; do
				[ $way != loop ] || [ "$n" = 1 ] || continue
				peer "PyTorch, $way: $what, chains: $n" "chain-steps/s" $way "$peer_device" "$sizes" "$batch" "$n" "$peer_steps"
				[ $way != loop ] || ratio "$ours" "$rate" "$many chains over one in PyTorch's loop: $what"
			done
		done
	done
}

# equal_bits NET OPTION…: chains side by side, with the choices that one step of one made, to their last states. A chain more is begun in
# each round of steps: of twice as many steps as chains half have all of them beside each other.
equal_bits() {
	net=$1 most= largest=${counts##* }
	shift
	if ! sample begun "$@" --steps 1; then
		failed "$net: begins" "$(reason)"
		return
	fi
	for n in $counts; do
		in_time "$net: bits, chains: $n" || continue
		resume "several-$n" begun --steps $((2 * largest)) --chains "$n" && same several-1 "several-$n" && { [ "$n" = 1 ] || most=$((n - 1)); }
		held "$net: a chain's bits do not depend on the others, chains: $n" $? "they differ, or $(reason)"
	done
	# One that both of the larger runs have; where one of those lacks, that has been said.
	[ "$most" = $((largest - 1)) ] || return
	second=$(echo "$counts" | cut -d ' ' -f 2)
	same "several-$second" "several-$largest" $((second - 1)) && [ "$second" -gt 1 ]
	held "$net: nor do those of one that began with them" $? "they differ"
}

convolutional_chains() {
	for net in $chain_nets; do
		model=$(echo "$net" | cut -d : -f 1) batch=$(echo "$net" | cut -d : -f 2) total=$(echo "$net" | cut -d : -f 3)
		what="$model, $precision, batch $batch, SGLD"
		in_time "chains of $model" || continue
		set -- --data shapes --augment crop-flip --model "$model" --precision "$precision" --batch "$batch" --sampler sgld --lr 1e-3
		equal_bits "$model" "$@"
		chains_of "$what" "chain-images/s" "$batch" "$total" "$@"
		ours=$rate many=$n
		for way in eager graph; do
			peer "PyTorch, $way: $what, one chain" "chain-images/s" "$model" $way "$batch" "$peer_steps" "$peer_device"
			ratio "$ours" "$rate" "$many chains over one in PyTorch, $way: $what"
		done
	done
}

step_chains() { mlp_chains; convolutional_chains; }

# ---- sizes ----

case ${SIZE-whole} in
tiny)
	epochs=${EPOCHS:-4} images_a_file=2 protocol_options='--model lenet --batch 4 --lr 0.001' epoch_model=lenet epoch_batch=4 epoch_many=9
	counts='1 2 3' steps=1200 peer_steps=4 mlps='16-8-4:8' chain_nets='lenet:4:60'
	;;
*)
	epochs=${EPOCHS:-200} images_a_file=10000 protocol_options='' epoch_model=resnet34 epoch_batch=128 epoch_many=3
	counts='1 7 64' steps=20000 peer_steps=400 mlps='64-64-10:32 784-128-10:128' chain_nets='lenet:128:4000 resnet20:128:2000'
	;;
esac
