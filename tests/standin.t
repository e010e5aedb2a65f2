#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# The stand-in for a card, tested: kernels that are right pass, plain and under the sanitizers, in any order of threads; each
# planted fault is caught by name. Compiled here, so that it needs no configure.
set -u
. "${top_srcdir:?}/tests/tap.sh"
cd "$top_srcdir" || exit 99
cxx=${CXX:-g++}
flags="-iquote . ${CUDA_CFLAGS:--isystem /usr/local/cuda/include} -pthread"
here=tests/standin

[ "$(uname -m)" = x86_64 ] || { echo "1..0 # SKIP the stand-in switches between threads on x86-64 only"; exit 0; }
printf '#include <cuda_runtime_api.h>\n#include <cublasLt.h>\n#include <cudnn_graph.h>\n' >"$dir/there.cc"
# shellcheck disable=SC2086
$cxx $flags -E "$dir/there.cc" >/dev/null 2>"$dir/err" || { echo "1..0 # SKIP no $cxx with CUDA's headers"; exit 0; }

# ---- builds ----

# two COMMAND…: in the background, not more than two at a time.
jobs=
two() {
	"$@" &
	# shellcheck disable=SC2086
	set -- $jobs
	[ $# = 0 ] || wait "$1"
	jobs=$!
}

compile() {  # compile KIND FILE OBJECT FLAG…
	kind=$1 file=$2 object=$3
	shift 3
	case $kind in
	plain) how="-O1" ;;
	tsan) how="-O1 -g -fsanitize=thread" ;;
	asan) how="-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined" ;;
	esac
	case $file in
	*.c) language="-x c -std=gnu11" ;;
	*.cu) language="-x c++ -std=c++17 -include $here/language.h" ;;
	*) language="-std=c++17" ;;
	esac
	# shellcheck disable=SC2086
	$cxx $how $flags $language "$@" -c "$file" -o "$object" 2>>"$dir/messages"
}

build() {  # build KIND PLANT…: $dir/KIND-PLANT for each
	what=$1
	shift
	mkdir "$dir/$what"
	: >"$dir/messages"
	for file in "$here"/*.cc "$here"/check*.c; do
		two compile "$what" "$file" "$dir/$what/$(basename "$file").o"
	done
	for plant; do
		two compile "$what" $here/check.cu "$dir/$what-$plant.o" "-DPLANT_$plant"
	done
	wait
	case $what in
	plain) link= ;;
	tsan) link=-fsanitize=thread ;;
	asan) link=-fsanitize=address,undefined ;;
	esac
	for plant; do
		# shellcheck disable=SC2086
		$cxx $link "$dir/$what"/*.o "$dir/$what-$plant.o" -o "$dir/$what-$plant" -lm -pthread 2>>"$dir/messages" || return 1
	done
}

# run KIND-PLANT CASE: out, err and $status. Where ThreadSanitizer wants addresses that are not random, $fixed sees to it.
fixed=
run() {
	STANDIN_LEAKS=${leaks-} ASAN_OPTIONS=detect_leaks=0 TSAN_OPTIONS='exitcode=66 report_signal_unsafe=0' \
		$fixed "$dir/$1" "$2" >"$dir/out" 2>"$dir/err"
	status=$?
}

line() {  # line MARK: of check.cu
	grep -n "/\* $1 \*/" $here/check.cu | cut -d : -f 1
}

caught() {  # caught NAME KIND-PLANT CASE WORDS…: it fails, and its messages have all the words
	name=$1
	run "$2" "$3"
	result=0
	[ $status != 0 ] || result=1
	shift 3
	for words; do
		grep -q -e "$words" "$dir/out" "$dir/err" || result=1
	done
	ok $result "$name"
	[ $result = 0 ] || shown "$dir/out" "$dir/err"
}

# By some seed of ten: what is wrong only in some order.
caught_by_seed() {  # caught_by_seed NAME KIND-PLANT CASE WORDS
	result=1
	for STANDIN_SEED in 1 2 3 4 5 6 7 8 9 10; do
		export STANDIN_SEED
		run "$2" "$3"
		! grep -q -e "$4" "$dir/out" "$dir/err" || { result=0; break; }
	done
	unset STANDIN_SEED
	ok $result "$1"
}

# ---- plain ----

if ! build plain NONE BARRIER OVERREAD OVERWRITE DIVERGENT LANES MASKS SHARED ORDER; then
	ok 1 "the stand-in is compiled"
	shown "$dir/messages"
	done_testing
	exit 0
fi
[ ! -s "$dir/messages" ]
ok $? "nothing to say when it is compiled"
leaks=1
for STANDIN_SEED in 1 2 3 4 5; do
	export STANDIN_SEED
	run plain-NONE good
	[ $status = 0 ] || break
	cp "$dir/out" "$dir/out$STANDIN_SEED"
	cmp -s "$dir/out$STANDIN_SEED" "$dir/out1" || break
done
[ "$STANDIN_SEED" = 5 ] && [ -f "$dir/out5" ]
result=$?
ok $result "what is right passes in five orders of threads, blocks and streams, and leaves nothing behind"
[ $result = 0 ] || shown "$dir/out" "$dir/err"
unset STANDIN_SEED
grep -q '^Philox cb12faf3 af465725 bd957d54 344cddbe$' "$dir/out1"
ok $? "cuRAND's own rounds"

caught_by_seed "no barrier before shared memory is read: NaN" plain-BARRIER sums 'not ok: sum: .*nan'
caught "a read behind a block" plain-OVERREAD sums 'a kernel touches memory .* behind block 1 of 4000 bytes (kernel scale, block'
caught "a write behind a block, within its last page" plain-OVERWRITE sums 'kernel scale wrote behind block 2 of 4000 bytes'
caught "a barrier that some threads don't reach" plain-DIVERGENT sums \
	"the barrier at .*check.cu:$(line barrier) is divergent: 64 of 96 threads reach it, .*(kernel sum_parts, block"
caught "a shuffle whose mask names lanes that don't reach it" plain-LANES sums \
	"the exchange at .*check.cu:$(line lanes) is divergent: .*mask ffffffff.*(kernel sum_parts, block"
caught "lanes of one exchange with several masks" plain-MASKS sums \
	"check.cu:$(line lanes): lanes of one exchange have the masks [7f]fffffff and [7f]fffffff (kernel sum_parts, block"
caught "a write beside an array of shared memory" plain-SHARED sums 'a write to shared memory outside of its arrays (kernel sum_parts'
caught_by_seed "a kernel whose result depends on the order of blocks: one order" plain-ORDER exchanges 'block 0 says [0-2]$'
caught_by_seed "a kernel whose result depends on the order of blocks: another" plain-ORDER exchanges 'block 0 says [34]$'
caught "the host reads device memory" plain-NONE host-reads 'the host touches device memory: byte 12 of block 1 of 4000 bytes'
caught "a kernel gets memory that was given back" plain-NONE given-back 'argument 3 of kernel scale points at device memory that is nobody'
caught "a kernel gets a pointer of the host's" plain-NONE host-pointer "argument 2 of kernel scale points into the host's memory"
caught "a pinned buffer is used again before its copy ended" plain-NONE pinned-reused \
	'the host changed the pinned buffer before its copy had ended'
caught "a pinned buffer is read before its copy ended" plain-NONE pinned-early 'not ok: read before its copy ended: .*nan'
caught "a kernel does not wait for another stream's copy" plain-NONE copy-no-wait \
	'streams 0 and 1 both use block 1 with no wait between them: a copy to the device writes it at 0, kernel scale uses it'
caught_by_seed "a kernel does not wait for another stream's kernel: another result" plain-NONE kernel-no-wait 'not ok: on the other stream'
caught "what is never given back" plain-NONE leak '1 handles of cuDNN were never' '1 descriptors of cuDNN were never' 'events were never destroyed' 'of 4000 bytes of device memory was never given back'

statuses() {  # statuses CASE: what it prints is on standard input, and it passes
	run plain-NONE "$1"
	cat >"$dir/want"
	[ $status = 0 ] && cmp -s "$dir/want" "$dir/out"
	result=$?
	ok $result "refused by status: $1"
	[ $result = 0 ] || shown "$dir/out" "$dir/err"
}
statuses statuses <<END
a copy longer than its block: cudaErrorInvalidValue
a copy of the wrong kind: cudaErrorInvalidValue
a copy longer than a pinned buffer: cudaErrorInvalidValue
the middle of a block given back: cudaErrorInvalidValue
a memset beyond its block: cudaErrorInvalidValue
too much dynamic shared memory: cudaErrorInvalidValue
an empty grid: cudaErrorInvalidConfiguration
the last error, once: cudaErrorInvalidConfiguration
and again: cudaSuccess
more memory than there is: cudaErrorMemoryAllocation
the second memset: cudaErrorECCUncorrectable
a launch: cudaErrorLaunchFailure
no device: cudaErrorNoDevice
no driver: cudaErrorInsufficientDriver
done
END
grep -q 'cudaMemcpyAsync to: 4004 bytes from byte 0 of block 2, which has 4000' "$dir/err"
ok $? "a copy longer than its block is named"
statuses capture-refuses <<END
an allocation in a capture: cudaErrorStreamCaptureUnsupported
and its end: cudaErrorStreamCaptureInvalidated
a wait in a capture: cudaErrorStreamCaptureUnsupported
and its end: cudaErrorStreamCaptureInvalidated
pageable memory in a capture: cudaErrorStreamCaptureUnsupported
and its end: cudaErrorStreamCaptureInvalidated
done
END
statuses blas-refuses <<END
a leading dimension that is too small: CUBLAS_STATUS_INVALID_VALUE
a leading dimension beyond the block: CUBLAS_STATUS_INVALID_VALUE
a stride beyond the block: CUBLAS_STATUS_INVALID_VALUE
other shapes: CUBLAS_STATUS_INVALID_VALUE
a workspace that is too small: CUBLAS_STATUS_INVALID_VALUE
a misaligned factor: CUBLAS_STATUS_INVALID_VALUE
a factor on the host: CUBLAS_STATUS_INVALID_VALUE
a result over a factor: CUBLAS_STATUS_INVALID_VALUE
parts of k where there are none: CUBLAS_STATUS_NOT_SUPPORTED
done
END
for words in 'A: a leading dimension of 11 is too small for columns of 12' 'A takes 5008 bytes from byte 0 of block .*, which has 4096' \
	'B takes 8640 bytes' '12x20 times 19x8 does not give 12x8' 'a workspace of 1151 bytes is too small: the algorithm asks for 1152' \
	'B is not aligned to 4 bytes' 'B is no device memory' 'D overlaps a factor'; do
	grep -q "$words" "$dir/err"
	ok $? "a product is refused by name: $words"
done

statuses cudnn-refuses <<END
a tensor without dimensions: CUDNN_STATUS_BAD_PARAM
a tensor without strides: CUDNN_STATUS_BAD_PARAM
a tensor without a type: CUDNN_STATUS_BAD_PARAM
a tensor without an id: CUDNN_STATUS_BAD_PARAM
a tensor without an alignment: CUDNN_STATUS_BAD_PARAM
a tensor with fewer strides than dimensions: CUDNN_STATUS_BAD_PARAM
a tensor of no elements: CUDNN_STATUS_BAD_PARAM
an attribute of another type: CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE
an attribute of two elements: CUDNN_STATUS_BAD_PARAM
an attribute of no elements: CUDNN_STATUS_BAD_PARAM
an attribute from nowhere: CUDNN_STATUS_BAD_PARAM
an attribute of another descriptor: CUDNN_STATUS_BAD_PARAM
an attribute read too early: CUDNN_STATUS_NOT_INITIALIZED
an attribute set too late: CUDNN_STATUS_BAD_PARAM
a descriptor that is finalized twice: CUDNN_STATUS_BAD_PARAM
a negative padding: CUDNN_STATUS_BAD_PARAM
a stride of 0: CUDNN_STATUS_BAD_PARAM
a dilation of 0: CUDNN_STATUS_BAD_PARAM
a convolution that does not say how much of it: CUDNN_STATUS_SUCCESS
a result of another height: CUDNN_STATUS_BAD_PARAM
a filter of other channels: CUDNN_STATUS_BAD_PARAM
a result of other channels: CUDNN_STATUS_BAD_PARAM
a result of more images: CUDNN_STATUS_BAD_PARAM
a tensor that is not finalized: CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED
an operation without anything: CUDNN_STATUS_BAD_PARAM
a convolution for a tensor: CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE
a sum of one tensor: CUDNN_STATUS_BAD_PARAM
a sum of tensors that don't fit: CUDNN_STATUS_BAD_PARAM
two tensors of one id: CUDNN_STATUS_BAD_PARAM
a virtual tensor that nobody reads: CUDNN_STATUS_BAD_PARAM
a virtual tensor that nobody writes: CUDNN_STATUS_BAD_PARAM
a tensor that is written twice: CUDNN_STATUS_BAD_PARAM
a graph of something else: CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE
an engine of index -1: CUDNN_STATUS_NOT_SUPPORTED
an engine of index 10000: CUDNN_STATUS_NOT_SUPPORTED
a knob that the engine has not: CUDNN_STATUS_NOT_SUPPORTED
a plan of a configuration that is not finalized: CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED
a plan of nothing: CUDNN_STATUS_BAD_PARAM
results that are set: CUDNN_STATUS_BAD_PARAM
a float32 result of bfloat16: 0 engines
more ids than pointers: CUDNN_STATUS_BAD_PARAM
an id twice: CUDNN_STATUS_BAD_PARAM_DUPLICATED_ENTRIES
a pack of nothing: CUDNN_STATUS_BAD_PARAM
done
END
statuses cudnn-faults <<END
an engine twice: 0 differ
one that is not deterministic, twice: some differ, 0 far apart
two engines: some differ, 0 far apart
one with factors of 10 bits: some differ, 0 far apart
a wrong engine: 1 far apart
an engine that fails: CUDNN_STATUS_EXECUTION_FAILED: the test has engine 3 fail
an engine that is refused: CUDNN_STATUS_NOT_SUPPORTED: the test has engine 3 refused
a slow engine: 30 ms
a good one: 0 ms
launches: 1
done
END
# Addresses and the numbers of blocks are the run's own.
run plain-NONE cudnn-stops
sed 's/0x[0-9a-f]*/ADDRESS/; s/block [0-9]*/block B/' "$dir/out" >"$dir/got"
cat >"$dir/want" <<END
a misaligned tensor: CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER: tensor 1 is not aligned to 16 bytes
a tensor on the host: CUDNN_STATUS_BAD_PARAM: tensor 1 is no device memory: ADDRESS
a tensor that is too short: CUDNN_STATUS_BAD_PARAM: tensor 1 takes 4608 bytes from byte 16 of block B, which has 4608
no tensor: CUDNN_STATUS_BAD_PARAM_NULL_POINTER: the pointer for tensor 2 is NULL
a pack without a tensor: CUDNN_STATUS_BAD_PARAM: no pointer for tensor 3
a result over a factor: CUDNN_STATUS_BAD_PARAM: tensor 3, which is written, overlaps tensor 1
a result over the end of a factor: CUDNN_STATUS_BAD_PARAM: tensor 3, which is written, overlaps tensor 1
a result behind a factor: CUDNN_STATUS_SUCCESS
no workspace: CUDNN_STATUS_BAD_PARAM_NULL_POINTER: a workspace of 8395520 bytes is missing
a misaligned workspace: CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER: the workspace is not aligned to 16 bytes
a workspace on the host: CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT: the workspace is no device memory: ADDRESS
a workspace that is too small: CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT: the workspace takes 8395520 bytes from byte 1041680 of block B, which has 9437184
a result in the workspace: CUDNN_STATUS_BAD_PARAM: tensor 3 overlaps the workspace
a plan that is not finalized: CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED: a plan or variant pack that is not finalized
a pack that is not finalized: CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED: a plan or variant pack that is not finalized
a plan for a pack: CUDNN_STATUS_BAD_PARAM: no handle, plan or variant pack
no handle: CUDNN_STATUS_BAD_PARAM: no handle, plan or variant pack
a plan for a card that is described: CUDNN_STATUS_BAD_PARAM: a plan for a card that is only described
the default stream: CUDNN_STATUS_BAD_PARAM: no handle, or no stream
a call that the test lets fail: CUDNN_STATUS_EXECUTION_FAILED
no device: CUDNN_STATUS_NOT_INITIALIZED: there is no device
done
END
[ $status = 0 ] && cmp -s "$dir/want" "$dir/got"
result=$?
ok $result "refused by status and reason: cudnn-stops"
[ $result = 0 ] || shown "$dir/got" "$dir/err"
caught "a graph of cuDNN's does not wait for another stream's" plain-NONE cudnn-no-wait \
	"streams 0 and 1 both use block .* with no wait between them: a graph of cuDNN's writes it"

STANDIN_FAIL=cudaMalloc:3:2
export STANDIN_FAIL
caught "a call that the environment lets fail" plain-NONE sums 'not ok: cudaMalloc(.*parts.*: cudaErrorMemoryAllocation'
unset STANDIN_FAIL
STANDIN_DEVICES=-1
export STANDIN_DEVICES
caught "no driver" plain-NONE sums 'not ok: .*: cudaErrorInsufficientDriver'
unset STANDIN_DEVICES
STANDIN_MEMORY=5000
export STANDIN_MEMORY
caught "less memory" plain-NONE sums 'not ok: cudaMalloc(.*&y.*: cudaErrorMemoryAllocation'
unset STANDIN_MEMORY

# ---- ThreadSanitizer ----

tsan_there() {
	echo 'int main(void) { return 0; }' >"$dir/there.cc"
	$cxx -fsanitize=thread "$dir/there.cc" -o "$dir/there" 2>/dev/null || return 1
	# Some kernels put things where ThreadSanitizer wants nothing, at random: now and then it starts all the same.
	! setarch -R "$dir/there" >/dev/null 2>&1 || fixed="setarch -R"
	$fixed "$dir/there" >/dev/null 2>&1
}
raced() {  # raced NAME PLANT CASE MARK MARK: a race between these lines of check.cu
	caught "$1" "tsan-$2" "$3" 'ThreadSanitizer: data race' "check.cu:$(line "$4")\b" "check.cu:$(line "$5")\b"
}
if ! tsan_there; then
	skip "races" "no ThreadSanitizer with $cxx here"
elif ! build tsan NONE BARRIER ROUND RACE ORDER; then
	ok 1 "the stand-in is compiled for ThreadSanitizer"
	shown "$dir/messages"
else
	run tsan-NONE good
	ok $status "ThreadSanitizer: what is right passes"
	[ $status = 0 ] || shown "$dir/err"
	raced "ThreadSanitizer: no barrier before shared memory is read" BARRIER sums "put part" "get part"
	raced "ThreadSanitizer: no barrier before shared memory is written anew" ROUND sums "round writes" "round reads"
	raced "ThreadSanitizer: two threads of a launch write one element" RACE sums "two write" scale
	raced "ThreadSanitizer: blocks that write one element" ORDER exchanges "last wins" "last wins"
	caught "ThreadSanitizer: a kernel does not wait for another stream's kernel" tsan-NONE kernel-no-wait \
		'ThreadSanitizer: data race' "check.cu:$(line scale)\b" "check.cu:$(line "sum reads")\b"
fi
fixed=

# ---- AddressSanitizer and UndefinedBehaviorSanitizer ----

echo 'int main(void) { return 0; }' >"$dir/there.cc"
if ! $cxx -fsanitize=address,undefined "$dir/there.cc" -o "$dir/there" 2>/dev/null || ! "$dir/there"; then
	skip "overruns" "no AddressSanitizer with $cxx here"
elif ! build asan NONE OVERREAD OVERWRITE SHARED; then
	ok 1 "the stand-in is compiled for AddressSanitizer"
	shown "$dir/messages"
else
	run asan-NONE good
	[ $status = 0 ]
	ok $? "AddressSanitizer: what is right passes"
	[ $status = 0 ] || shown "$dir/err"
	caught "AddressSanitizer: a read behind a block" asan-OVERREAD sums 'AddressSanitizer: use-after-poison' "check.cu:$(line over-read)\b"
	caught "AddressSanitizer: a write behind a block" asan-OVERWRITE sums 'AddressSanitizer: use-after-poison' "check.cu:$(line over-write)\b"
	caught "AddressSanitizer: a write beside an array of shared memory" asan-SHARED sums 'AddressSanitizer: use-after-poison' \
		"check.cu:$(line beside)\b"
fi
done_testing
