# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Part 2 of gpu.sh: how fast a card is, and what Basin makes of it.

step_ceilings() {
	if [ ! -x "$bench/cuda_passes" ]; then
		skipped "passes" "this build has no cuda_passes"
		return
	fi
	# shellcheck disable=SC2086 # words
	rows "passes" "$bench/cuda_passes" $passes
}

# The measured rate of bf16 products, TFLOP/s, or nothing: this run's, or an earlier one's into the same folder.
product() { sed -n 's/.*"what": "product, bf16", "value": \([^,]*\),.*/\1/p' "$results" | tail -n 1; }

step_steps() {
	if ! there "$python"; then
		skipped "training steps" "no Python: $python"
		return
	fi
	whole=$limit
	limit=${LIMIT:-480}
	# Half of the time to get ready, so that the other half is there to take turns.
	# shellcheck disable=SC2086 # words
	rows "training steps" env BENCH="$bench" PEER_LIBRARIES="$given" PEER_DEVICE="$peer_device" PRECISION="$precision" \
		PRODUCT="$(product)" PEERS="$ways" "$python" "$here/gpu_steps.py" $step_sizes $(($(allowed) / 2))
	limit=$whole
}

step_convolutions() {
	if [ ! -x "$bench/cuda_convs" ]; then
		skipped "convolutions" "this build has no cuda_convs"
		return
	fi
	for batch in $conv_batches; do
		in_time "convolutions, batch $batch" || continue
		# shellcheck disable=SC2046,SC2086 # words
		rows "convolutions, batch $batch" "$bench/cuda_convs" "$batch" $conv_rounds $conv_model $(product)
	done
}

case ${SIZE-whole} in
tiny)
	passes='3000 32 2 2' step_sizes='lenet:0.0032 4,6 1 1' conv_batches=1 conv_rounds='1 1' conv_model=resnet20
	ways='eager graph'
	# What the drivers of part 1 look at too.
	export FAST=1
	;;
*)
	passes='' step_sizes='resnet18:3.3293 128,512 100 7' conv_batches='128 512' conv_rounds='7 20' conv_model=resnet18
	ways='eager compile graph'
	;;
esac
