# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Part 1 of gpu.sh: whether a card's answers are right. What is cheap comes first: the part has little time.

step_machine() {
	fact "system" "$(uname -srm), $(nproc) processors"
	if there nvidia-smi; then
		quietly nvidia-smi --query-gpu=name,driver_version,memory.total,power.limit,clocks.max.sm,clocks.max.memory,ecc.mode.current \
			--format=csv,noheader && fact "nvidia-smi" "$(cat "$work/out")"
		quietly nvidia-smi
	else
		skipped "nvidia-smi" "there is none"
	fi
	if quietly "$basin" --version; then
		while read -r words; do fact "version" "$words"; done <"$work/out"
	else
		failed "basin --version" "$(reason)"
	fi
}

step_card() {
	if [ ! -x "$bench/cuda_card" ]; then
		skipped "the card's description" "this build has no cuda_card"
	elif quietly "$bench/cuda_card"; then
		cp "$work/out" "$out/card.json"
		fact "the card's description" "card.json, to be kept in tests/cards/"
	else
		failed "the card's description" "$(reason)"
	fi
}

step_drivers() {
	found=no
	for driver in "$tests"/card_*; do
		[ -x "$driver" ] || continue
		found=yes name=${driver##*/}
		in_time "$name" || continue
		quietly env top_srcdir="$here/.." "$driver"
		wrong=$(grep -c '^not ok' "$work/out")
		right=$(grep -c '^ok' "$work/out")
		none=$(sed -n 's/^ok .*# SKIP //p' "$work/out" | head -n 1)
		if [ "$status" = 0 ] && [ "$wrong" = 0 ] && [ -n "$none" ] && [ "$right" = 1 ]; then
			skipped "$name" "$none"
		elif [ "$status" = 0 ] && [ "$wrong" = 0 ] && [ "$right" -gt 0 ]; then
			value "$name" "$right" "checks passed"
		else
			failed "$name" "$right passed, $wrong failed, $(reason); $(grep -m 1 '^not ok' "$work/out")"
		fi
	done
	[ $found = yes ] || skipped "card_*" "this build has no tests for a card"
}

# Small cases that have every kind of kernel: noise, a cropped and mirrored batch, its last one smaller, in both precisions.
case_of() {
	case $1 in
	fsgld) echo "--sampler fsgld --sigma 0.01 --augment crop-flip --precision fp32" ;;
	entropy-mcmc) echo "--sampler entropy-mcmc --coupling 1 --precision bf16" ;;
	entropy-sgd) echo "--sampler entropy-sgd --coupling 1 --inner-steps 3 --precision fp32" ;;
	esac
}
small="--data shapes --holdout 9900 --model mlp:3072-16-10 --batch 48 --lr 0.01 --steps 12 --keep-every 4"

step_bits() {
	for sampler in fsgld entropy-mcmc entropy-sgd; do
		in_time "$sampler: bits" || continue
		options="$small $(case_of $sampler)"
		# shellcheck disable=SC2086 # words
		if sample first $options && sample second $options; then
			same first second
			held "$sampler: the same bits twice" $? "they differ"
		else
			failed "$sampler: the same bits twice" "$(reason)"
			continue
		fi
		# shellcheck disable=SC2086 # words
		BASIN_CUDA_GRAPHS=no sample eager $options && same first eager
		held "$sampler: the same bits without graphs" $? "they differ, or $(reason)"
		# shellcheck disable=SC2086 # words
		sample several $options --chains 3 && same first several
		held "$sampler: a chain's bits do not depend on the others" $? "they differ, or $(reason)"
	done
}

# Convolutional ones, each begun with one step, in which it makes its choices; what follows is gone on with from there.
net_options() {  # net_options MODEL:SAMPLER:PRECISION[:NORM]
	echo "$1" | {
		IFS=: read -r model sampler kind norm
		echo "--data shapes --holdout $net_holdout --model $model --sampler $sampler --precision $kind ${norm:+--norm $norm} --batch $net_batch" \
			"--lr 0.001 --augment crop-flip --keep-every 1" "$([ "$sampler" != entropy-mcmc ] || echo --coupling 1)"
	}
}

step_nets() {
	for net in $nets; do
		in_time "$net: bits" || continue
		# shellcheck disable=SC2046 # words
		if ! sample begun $(net_options "$net") --steps 1; then
			failed "$net: begins" "$(reason)"
			continue
		fi
		resume first begun --steps $net_steps && resume second begun --steps $net_steps && same first second
		held "$net: the same bits twice, with the first run's choices" $? "they differ, or $(reason)"
		BASIN_CUDA_GRAPHS=no resume eager begun --steps $net_steps && same first eager
		held "$net: the same bits without graphs" $? "they differ, or $(reason)"
		resume several begun --steps $net_steps --chains 3 && same first several
		held "$net: a chain's bits do not depend on the others" $? "they differ, or $(reason)"
		quietly "$basin" predict "$work/first" --device cuda --split train --json
		held "$net: predicts" $? "$(reason)"
	done
}

# What kernels of NVIDIA's libraries have in their names, and Basin's have not: races within those are not Basin's, and cuBLAS's sums
# of several parts (nvjet_…_splitK_…) are reported as some.
theirs="nvjet cublas cudnn cutlass xmma gemm gemv convolve splitK"

# sanitized TOOL ARGUMENT…: a run under one of compute-sanitizer's tools.
sanitized() {
	tool=$1 left_out=
	shift
	[ "$tool" != racecheck ] || for name in $theirs; do left_out="$left_out --kernel-name-exclude kernel_substring=$name"; done
	# shellcheck disable=SC2086 # words
	quietly compute-sanitizer --tool "$tool" --error-exitcode 9 $left_out "$basin" sample --device cuda "$@"
}

# checked TOOL WHAT ARGUMENT…: what it finds in a run.
checked() {
	tool=$1 what=$2
	shift 2
	sanitized "$tool" "$@"
	held "$tool: $what" $? "$(grep '^=* [A-Z]' "$work/out" | grep -v -m 1 COMPUTE-SANITIZER); $(reason)"
}

# Why there is nothing to check with, in $why. It may be installed and not know the card: memcheck calls nothing that it finds an error,
# only what it can't do, and a run that ends badly.
without_sanitizer() {
	why="compute-sanitizer is not installed"
	there compute-sanitizer || return 0
	rm -rf "${work:?}/checked"
	# shellcheck disable=SC2086 # words
	sanitized memcheck --out "$work/checked" $small --sampler sgd
	why=$(cat "$work/out" "$work/err" | sed -n 's/^==* \(.*Error: .*\)/\1/p' | grep -v -m 1 'process did')
	[ -n "$why" ]
}

step_sanitizer() {
	if without_sanitizer; then
		for tool in memcheck racecheck initcheck synccheck; do skipped "$tool" "$why"; done
		return
	fi
	for tool in memcheck racecheck initcheck synccheck; do
		for sampler in fsgld entropy-mcmc; do
			in_time "$tool: $sampler" || continue
			rm -rf "${work:?}/checked"
			# shellcheck disable=SC2046,SC2086 # words
			checked $tool $sampler --out "$work/checked" $small $(case_of $sampler)
		done
	done
	for net in $nets; do
		# Choices are made outside, where each candidate is timed.
		# shellcheck disable=SC2046 # words
		in_time "sanitizers: $net" && sample begun $(net_options "$net") --steps 1 || continue
		for tool in memcheck racecheck initcheck synccheck; do
			in_time "$tool: $net" || continue
			rm -rf "${work:?}/checked"
			cp -R "$work/begun" "$work/checked"
			checked $tool "$net" --resume "$work/checked" --steps $checked_steps
		done
	done
}

case ${SIZE-whole} in
tiny)
	nets='lenet:fsgld:fp32 lenet:sgld:bf16'
	net_steps=2 checked_steps=2 net_batch=3 net_holdout=9994
	;;
*)
	nets='lenet:fsgld:fp32 lenet:sgld:bf16 resnet20:sgld:fp32 resnet20:entropy-mcmc:bf16 resnet20:sgld:bf16:frn'
	net_steps=12 checked_steps=3 net_batch=48 net_holdout=9900
	;;
esac
