#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Where configure finds CUDA and cuDNN, in trees of made-up files, and what it says where they are not.
set -u
. "${top_srcdir:?}/tests/tap.sh"
configure=$(cd "$top_srcdir" && pwd)/configure
cd "$dir" || exit 99

# The few lines of each file that are looked at.
put() { mkdir -p "${1%/*}" && cat >"$1"; }
toolkit() {  # toolkit RUNTIME CUBLAS CURAND NVCC LIBRARIES-OF-RUNTIME LIBRARIES-OF-CUBLAS VERSION: the prefixes of each
	printf '#define CUDART_VERSION %s\nenum { cudaSuccess };\n' "$7" | put "$1/include/cuda_runtime_api.h"
	printf '#define CUBLAS_VER_MAJOR 12\n#define CUBLAS_VER_MINOR 4\n#define CUBLAS_VER_PATCH 5\n' | put "$2/include/cublas_api.h"
	: | put "$2/include/cublasLt.h"
	: | put "$3/include/curand_philox4x32_x.h"
	: | put "$5/libcudart_static.a"
	: | put "$6/libcublasLt.so.12"
	# It makes what it is told to make.
	printf '#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done; : >"$2"\n' | put "$4/bin/nvcc"
	chmod 755 "$4/bin/nvcc"
}
cudnn() {  # cudnn HEADERS LIBRARIES VERSION
	printf '#define CUDNN_MAJOR %s\n#define CUDNN_MINOR 5\n#define CUDNN_PATCHLEVEL 1\n' "$3" | put "$1/cudnn_version.h"
	: | put "$2/libcudnn.so.$3"
}
whole() { toolkit "$1" "$1" "$1" "$1" "$1/lib64" "$1/lib64" "${2-12040}"; }
run() {  # run ARGUMENT…: configure, nobody's environment
	rm -rf tried
	mkdir tried
	(cd tried && env -u CUDA_HOME -u CUDA_PATH -u NVCC "$configure" -q --cache-file="$dir/cache" "$@") >out 2>err
}
finds() {  # finds NAME WORDS ARGUMENT…
	name=$1 words=$2
	shift 2
	run "$@" && grep -q "^    CUDA  *$words" out
	result=$?
	ok $result "$name"
	[ $result = 0 ] || shown out err
}
refuses() {  # refuses NAME WORDS ARGUMENT…
	name=$1 words=$2
	shift 2
	! run "$@" && grep -q -e "$words" err
	result=$?
	ok $result "$name"
	[ $result = 0 ] || shown out err
}

whole kit && cudnn kit/include kit/lib64 9
finds "a toolkit's folder" "12.4 ($dir/kit), cuBLASLt 12.4.5, cuDNN 9.5.1; sm_80 sm_90a compute_90" --with-cuda="$dir/kit"
grep -q "^CUDA_CFLAGS = *-isystem $dir/kit/include\$" tried/Makefile && grep -q "^CUDA_RPATH = .*ORIGIN/../lib.*$dir/kit/lib64\$" tried/Makefile
ok $? "its headers are the system's to the compiler, and its libraries are found beside the program first"
finds "a folder beside the build's" "12.4 ($dir/kit), .*cuDNN 9.5.1" --with-cuda=../kit --with-cudnn=../kit
! grep -q '^CUDA.*\.\./kit' tried/Makefile
ok $? "which the program looks for where it is, wherever it is started"
finds "the architectures that are asked for" ".*; sm_90a sm_100a" --with-cuda="$dir/kit" --with-cuda-arch=sm_90a,sm_100a

whole bare
refuses "without cuDNN" "$dir/bare lacks cudnn_version.h, libcudnn.so" --with-cuda="$dir/bare" --with-cudnn="$dir/bare"
cudnn apart/include apart/lib 9
finds "cuDNN elsewhere" "12.4 ($dir/bare).*cuDNN 9.5.1" --with-cuda="$dir/bare" --with-cudnn="$dir/apart"
cudnn old/include old/lib 8
refuses "an old cuDNN" "$dir/old lacks cuDNN 9 or later (it is 8.5.1)" --with-cuda="$dir/bare" --with-cudnn="$dir/old"

n=wheels/nvidia
toolkit $n/cuda_runtime $n/cublas $n/curand $n/cuda_nvcc $n/cuda_runtime/lib $n/cublas/lib 12040 && cudnn $n/cudnn/include $n/cudnn/lib 9
finds "Python's packages, a folder each" "12.4 ($dir/$n)" --with-cuda="$dir/wheels"
n=newer/nvidia
toolkit $n/cu13 $n/cu13 $n/cu13 $n/cu13 $n/cu13/lib $n/cu13/lib 13000 && cudnn $n/cudnn/include $n/cudnn/lib 9
finds "Python's packages of CUDA 13" "13.0 ($dir/$n/cu13).*cuDNN 9.5.1" --with-cuda="$dir/newer"
triplet=$(${CC:-cc} -print-multiarch 2>/dev/null)
if [ -n "$triplet" ]; then
	toolkit debian debian debian debian "debian/lib/$triplet" "debian/lib/$triplet" 12040 && cudnn "debian/include/$triplet" "debian/lib/$triplet" 9
	finds "Debian's packages" "12.4 ($dir/debian).*cuDNN 9.5.1" --with-cuda="$dir/debian"
else
	skip "Debian's packages" "the compiler has no multiarch folder"
fi

whole ancient 11080
refuses "an old CUDA" "$dir/ancient lacks version 12 or later (it is 11.8)" --with-cuda="$dir/ancient"
refuses "what is not there, with all that was looked for" \
	"$dir/none lacks cuda_runtime_api.h, curand_philox4x32_x.h, cublasLt.h, libcudart_static.a, libcublasLt.so, nvcc" --with-cuda="$dir/none"
refuses "an architecture of another form" "sm80 is neither sm_NN" --with-cuda-arch=sm80
refuses "an architecture that the program would not run on" "sm_75 is older than what the program runs on" --with-cuda-arch=sm_90a,sm_75
finds "--without-cuda" "no: --without-cuda" --without-cuda
whole broken && cudnn broken/include broken/lib64 9
printf '#!/bin/sh\necho "error: unsupported GNU version" >&2\nexit 1\n' >broken/bin/nvcc
refuses "a compiler that fails, with its reason" "nvcc fails.*unsupported GNU version" --with-cuda="$dir/broken"
done_testing
