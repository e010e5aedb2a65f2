#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# races.sh SOURCE [JOBS]: in an empty folder, builds the backend's checks on the stand-in with ThreadSanitizer, to which each CUDA
# thread and each stream is a thread, and runs them. Without OpenMP, whose barriers ThreadSanitizer doesn't know.
set -eu
source=$(cd "$1" && pwd)
jobs=${2:-2}
flags="-O1 -g -fsanitize=thread"
tests="tests/cuda_verbs tests/cuda_layers tests/cuda_matmul tests/cuda_net tests/cuda_replay tests/cuda_chains"

"$source/configure" -q --disable-openmp CFLAGS="$flags" CXXFLAGS="$flags" LDFLAGS=-fsanitize=thread
# shellcheck disable=SC2086
make -j"$jobs" $tests

top_srcdir=$source FAST=1 TSAN_OPTIONS='exitcode=66 report_signal_unsafe=0'
export top_srcdir FAST TSAN_OPTIONS
# Where addresses are more random than ThreadSanitizer bears.
fixed=
echo 'int main(void) { return 0; }' >there.c
${CC:-cc} -fsanitize=thread there.c -o there
./there 2>/dev/null || fixed="setarch -R"

failed=0
for test in $tests; do
	if $fixed "$test" >log 2>&1; then
		echo "$test: $(grep -c '^ok' log) checks, no race"
	else
		grep -v '^ok' log
		echo "$test: failed"
		failed=1
	fi
done
exit $failed
