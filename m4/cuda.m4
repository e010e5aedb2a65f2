dnl SPDX-License-Identifier: GPL-3.0-or-later
dnl SPDX-FileCopyrightText: 2026 the Basin contributors
dnl BASIN_CUDA: finds NVIDIA's compiler, runtime, cuBLASLt, cuRAND's headers and cuDNN. After AC_PROG_CC, AC_PROG_CXX,
dnl AC_CANONICAL_HOST and PYTHON.
dnl
dnl A place is a list of prefixes, as NVIDIA's Python wheels spread what a toolkit has under one. The first place that has all
dnl of it is taken; where none has, the first with usable headers serves the tests, which need no more.
dnl
dnl Conditionals: CUDA (the program has the backend), CUDA_HEADERS (the tests can build the backend for the host).
dnl Substituted: NVCC, NVCCFLAGS, NVCC_GENCODE, CUDA_CFLAGS, CUDA_LIBS, CUDA_LIBRARY (cublasLt's file and cuDNN's), CUDA_RPATH,
dnl CUDNN_CFLAGS, CUDA_CHOICE.
dnl Shell variables of the summary: cuda_summary, cuda_standin_summary.

dnl Places to look in, in turn, in $cuda_places: prefixes are separated by ":".
AC_DEFUN([_BASIN_CUDA_PLACES], [
AS_IF([test -n "$PYTHON"],
  [cuda_wheels=`"$PYTHON" -c 'import os, sys
print(*(p + "/nvidia" for p in sys.path if os.path.isdir(p + "/nvidia")))' 2>/dev/null`], [cuda_wheels=])
AS_CASE([$with_cuda],
  [yes | check],
    [cuda_places="$CUDA_HOME $CUDA_PATH"
     cuda_program=`command -v nvcc 2>/dev/null`
     AS_IF([test -n "$cuda_program"],
       [cuda_program=`readlink -f "$cuda_program"`
        cuda_program=`AS_DIRNAME(["$cuda_program"])`
        cuda_places="$cuda_places `AS_DIRNAME(["$cuda_program"])`"])
     cuda_places="$cuda_places /usr/local/cuda /usr"
     cuda_wheels_in=$cuda_wheels],
  [cuda_places=$with_cuda
   cuda_wheels_in="$with_cuda $with_cuda/nvidia"])
for cuda_dir in $cuda_wheels_in; do
  for cuda_prefix in "$cuda_dir"/cu1*; do
    test -d "$cuda_prefix/include" && cuda_places="$cuda_places $cuda_prefix"
  done
  AS_IF([test -d "$cuda_dir/cuda_runtime"],
    [cuda_place=
     for cuda_prefix in cuda_runtime cuda_nvcc cuda_cccl cublas curand; do
       cuda_place="$cuda_place:$cuda_dir/$cuda_prefix"
     done
     cuda_places="$cuda_places $cuda_place"])
done
])

dnl Shell functions: what a place has.
AC_DEFUN([_BASIN_CUDA_FUNCTIONS], [
# cuda_folder FILE KIND PLACE: the first folder of a kind (include, lib, bin) that holds FILE, or a FILE.N, in $cuda_found,
# and the file itself in $cuda_file.
cuda_folder () {
  for cuda_prefix in `AS_ECHO(["$[]3"]) | tr : ' '`; do
    case $[]2 in
    include) cuda_folders="$cuda_prefix/include $cuda_prefix/targets/*/include $cuda_prefix/include/$cuda_multiarch" ;;
    lib) cuda_folders="$cuda_prefix/lib64 $cuda_prefix/lib $cuda_prefix/targets/*/lib $cuda_prefix/lib/$cuda_multiarch" ;;
    *) cuda_folders=$cuda_prefix/$[]2 ;;
    esac
    for cuda_found in $cuda_folders; do
      for cuda_file in "$cuda_found/$[]1" "$cuda_found/$[]1".[[0-9]]*; do
        test -f "$cuda_file" && return 0
      done
    done
  done
  cuda_found= cuda_file=
  return 1
}

# cuda_need FILE KIND PLACE: the same, and what is missing is added to $cuda_lacks.
cuda_need () {
  cuda_folder "$[]1" "$[]2" "$[]3" && return 0
  cuda_lacks="$cuda_lacks $[]1"
  return 1
}

# cuda_defined NAME FILE: the number that a header defines a name as, or nothing.
cuda_defined () {
  sed -n 's/^.*define  *'"$[]1"'  *\([[0-9][0-9]*]\).*/\1/p' "$[]2" 2>/dev/null | sed 1q
}

# cuda_include DIR: adds a folder to the place's headers. The compiler's own order must not be disturbed: not /usr/include.
cuda_include () {
  case $cuda_place_cflags:$[]1 in
  *:/usr/include | *"-isystem $[]1":* | *"-isystem $[]1 "*) ;;
  *) cuda_place_cflags="$cuda_place_cflags -isystem $[]1" ;;
  esac
}

# cuda_look PLACE: what it has: $cuda_place_… , and $cuda_lacks. Whether there are headers for the tests: $cuda_place_headers.
cuda_look () {
  cuda_lacks= cuda_place_cflags= cuda_place_version= cuda_place_cublas= cuda_place_headers=no
  for cuda_prefix in `AS_ECHO(["$[]1"]) | tr : ' '`; do
    test -d "$cuda_prefix/include/crt" || test -d "$cuda_prefix/include/nv" && cuda_include "$cuda_prefix/include"
  done
  if cuda_need cuda_runtime_api.h include "$[]1"; then
    cuda_include "$cuda_found"
    cuda_place_version=`cuda_defined CUDART_VERSION "$cuda_file"`
  fi
  cuda_need curand_philox4x32_x.h include "$[]1" && cuda_include "$cuda_found"
  if cuda_need cublasLt.h include "$[]1"; then
    cuda_include "$cuda_found"
    cuda_place_cublas=`cuda_defined CUBLAS_VER_MAJOR "$cuda_found/cublas_api.h"`.`cuda_defined CUBLAS_VER_MINOR \
      "$cuda_found/cublas_api.h"`.`cuda_defined CUBLAS_VER_PATCH "$cuda_found/cublas_api.h"`
  fi
  cuda_number=${cuda_place_version:-0}
  if test -z "$cuda_lacks" && test "$cuda_number" -lt 12000; then
    cuda_lacks=" version 12 or later (it is `expr "$cuda_number" / 1000`.`expr "$cuda_number" % 1000 / 10`)"
  fi
  test -z "$cuda_lacks" && cuda_place_headers=yes
  cuda_place_version=`expr "$cuda_number" / 1000`.`expr "$cuda_number" % 1000 / 10`
  cuda_need libcudart_static.a lib "$[]1" && cuda_place_cudart=$cuda_file
  cuda_need libcublasLt.so lib "$[]1" && cuda_place_cublaslt=$cuda_file
  if test -n "$NVCC"; then
    cuda_place_nvcc=$NVCC
  else
    cuda_need nvcc bin "$[]1" && cuda_place_nvcc=$cuda_file
  fi
  cuda_lacks=`AS_ECHO(["$cuda_lacks"]) | sed 's/^ //; s/ \([[a-z]][[^ ]]*\.[[a-z]]\)/, \1/g; s/ nvcc$/, nvcc/'`
}

# cudnn_look PLACE: $cudnn_version and $cudnn_lacks.
cudnn_look () {
  cudnn_version= cuda_lacks=
  if cuda_need cudnn_version.h include "$[]1"; then
    cudnn_header=$cuda_file cudnn_include=$cuda_found
    cudnn_version=`cuda_defined CUDNN_MAJOR "$cudnn_header"`.`cuda_defined CUDNN_MINOR "$cudnn_header"`
    cudnn_version=$cudnn_version.`cuda_defined CUDNN_PATCHLEVEL "$cudnn_header"`
    case $cudnn_version in
    [[0-8]].*) cuda_lacks=" cuDNN 9 or later (it is $cudnn_version)" ;;
    *) test -n "$cudnn_headers" || cudnn_headers=$cudnn_include ;;
    esac
  fi
  cuda_need libcudnn.so lib "$[]1" && cudnn_library=$cuda_file
  cudnn_lacks=`AS_ECHO(["$cuda_lacks"]) | sed 's/^ //; s/ lib/, lib/'`
}
])

dnl --with-cuda-arch's list as nvcc's options.
AC_DEFUN([_BASIN_CUDA_ARCHITECTURES], [
AS_IF([test "x$with_cuda_arch" = xyes || test "x$with_cuda_arch" = xno],
  [AC_MSG_ERROR([--with-cuda-arch needs a list, as in --with-cuda-arch=sm_80,sm_90a,compute_90])])
cuda_architectures=`AS_ECHO(["$with_cuda_arch"]) | tr , ' '`
NVCC_GENCODE=
for cuda_architecture in $cuda_architectures; do
  AS_IF([AS_ECHO(["$cuda_architecture"]) | grep -E -q '^(sm|compute)_[[1-9][0-9]]+[[af]]?$'], [],
    [AC_MSG_ERROR([--with-cuda-arch: $cuda_architecture is neither sm_NN (code for a card) nor compute_NN (PTX, for later ones)])])
  cuda_number=`AS_ECHO(["$cuda_architecture"]) | sed 's/.*_//'`
  AS_IF([test "`AS_ECHO(["$cuda_number"]) | sed 's/[[af]]$//'`" -lt 80],
    [AC_MSG_ERROR([--with-cuda-arch: $cuda_architecture is older than what the program runs on: sm_80 or later])])
  NVCC_GENCODE="$NVCC_GENCODE -gencode arch=compute_$cuda_number,code=$cuda_architecture"
done
AS_IF([test -z "$NVCC_GENCODE"], [AC_MSG_ERROR([--with-cuda-arch: the list is empty])])
])

dnl Takes the first place that has all; what the others lack is noted in $cuda_looked.
AC_DEFUN([_BASIN_CUDA_CHOOSE], [
cuda_multiarch=`$CC -print-multiarch 2>/dev/null`
have_cuda=no cuda_looked= cuda_seen=' '
for cuda_place in $cuda_places; do
  cuda_real=`readlink -f "$cuda_place"` # a link, such as /usr/local/cuda, and what it leads to are one
  AS_CASE([$cuda_seen], [*" ${cuda_real:-$cuda_place} "*], [continue])
  cuda_seen="$cuda_seen${cuda_real:-$cuda_place} "
  cuda_look "$cuda_place"
  AS_IF([test $cuda_place_headers = yes && test -z "$CUDA_CFLAGS$cuda_headers_version"],
    [CUDA_CFLAGS=$cuda_place_cflags cuda_headers_version=$cuda_place_version cuda_headers_place=$cuda_place])
  # Of several wheels the folder that they are in.
  AS_CASE([$cuda_place],
    [*:*], [cuda_shown=`AS_DIRNAME(["${cuda_place##*:}"])`],
    [cuda_shown=$cuda_place])
  AS_IF([test -n "$cuda_lacks"],
    [cuda_looked="$cuda_looked
    $cuda_shown lacks $cuda_lacks"],
    [have_cuda=yes cuda_home=$cuda_shown
     CUDA_CFLAGS=$cuda_place_cflags cuda_headers_version=$cuda_place_version cuda_headers_place=$cuda_place
     break])
done
# The headers serve the tests too, where there is no library.
AS_IF([test -n "$cuda_headers_version"],
  [AS_IF([test "x$with_cudnn" = xcheck],
    [cuda_dir=`AS_DIRNAME(["$cuda_headers_place"])` # a wheel beside the wheel
     cudnn_places="$cuda_headers_place $cuda_dir/cudnn"
     for cuda_dir in $cuda_wheels_in $cuda_wheels; do cudnn_places="$cudnn_places $cuda_dir/cudnn"; done
     cudnn_places="$cudnn_places /usr /usr/local"],
    [cudnn_places="$with_cudnn $with_cudnn/cudnn $with_cudnn/nvidia/cudnn"])
   cudnn_headers= cudnn_looked=
   for cudnn_place in $cudnn_places; do
     cudnn_look "$cudnn_place"
     AS_IF([test -z "$cudnn_lacks"], [cudnn_headers=$cudnn_include; break],
       [cudnn_looked="$cudnn_looked
    $cudnn_place lacks $cudnn_lacks"])
   done
   AS_IF([test $have_cuda = yes], [cuda_looked="$cuda_looked$cudnn_looked"])
   AS_IF([test -n "$cudnn_lacks"], [have_cuda=no])
   AS_CASE([$cudnn_headers], ['' | /usr/include], [], [CUDNN_CFLAGS="-isystem $cudnn_headers"])])
])

dnl Whether nvcc and its host compiler make objects here, for these architectures.
AC_DEFUN([_BASIN_CUDA_TRY_NVCC], [
AC_MSG_CHECKING([whether $NVCC compiles for $cuda_architectures])
printf '%s\n' '#include <cuda_runtime.h>' '__global__ void one(float *x) { *x = 1; }' >conftest.cu
AS_ECHO(["$NVCC $NVCCFLAGS -std=c++17 $NVCC_GENCODE -c conftest.cu"]) >&AS_MESSAGE_LOG_FD
AS_IF([$NVCC $NVCCFLAGS -std=c++17 $NVCC_GENCODE -c conftest.cu -o conftest.$ac_objext >conftest.err 2>&1],
  [AC_MSG_RESULT([yes])],
  [AC_MSG_RESULT([no])
   have_cuda=no
   cuda_looked="$cuda_looked
    $NVCC fails (config.log has all of it): `grep -v '^ *$' conftest.err | sed 1q`"])
cat conftest.err >&AS_MESSAGE_LOG_FD
rm -f conftest.cu conftest.err conftest.$ac_objext
])

dnl Whether the C++ compiler has C++17 and likes the headers that were found.
AC_DEFUN([_BASIN_CUDA_TRY_CXX], [
AC_MSG_CHECKING([whether $CXX compiles C++17 with CUDA's and cuDNN's headers])
AC_LANG_PUSH([C++])
cuda_saved_CXXFLAGS=$CXXFLAGS
CXXFLAGS="$CXXFLAGS -std=c++17 $CUDA_CFLAGS $CUDNN_CFLAGS"
AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
    #include <cuda_runtime_api.h>
    #include <cublasLt.h>
    #include <cudnn_graph.h>
    template <typename T> constexpr bool wide() { if constexpr (sizeof(T) > 4) return true; else return false; }
  ]], [[return wide<double>() ? 0 : (int)cudaSuccess;]])],
  [cuda_cxx=yes], [cuda_cxx=no])
CXXFLAGS=$cuda_saved_CXXFLAGS
AC_LANG_POP([C++])
AC_MSG_RESULT([$cuda_cxx])
])

AC_DEFUN([BASIN_CUDA], [
AC_ARG_WITH([cuda],
  [AS_HELP_STRING([--with-cuda=DIR], [the CUDA toolkit (12 or later): a toolkit's folder, or the one that holds NVIDIA's Python
    wheels; default: CUDA_HOME, CUDA_PATH, that of nvcc in PATH, /usr/local/cuda, /usr, python3's packages])],
  [], [with_cuda=check])
AC_ARG_WITH([cudnn], [AS_HELP_STRING([--with-cudnn=DIR], [cuDNN (9 or later), where it is not with CUDA])],
  [], [with_cudnn=check])
AC_ARG_WITH([cuda-arch],
  [AS_HELP_STRING([--with-cuda-arch=LIST], [what the GPU code is compiled for @<:@sm_80,sm_90a,compute_90@:>@])],
  [], [with_cuda_arch=sm_80,sm_90a,compute_90])
AC_ARG_VAR([NVCC], [CUDA's compiler])
AC_ARG_VAR([NVCCFLAGS], [its flags, such as -ccbin=g++-12])

CUDA_CFLAGS= CUDA_LIBS= CUDA_LIBRARY= CUDA_RPATH= CUDNN_CFLAGS= cuda_headers_version= have_cuda=no cuda_cxx=no
_BASIN_CUDA_ARCHITECTURES
# From another folder a relative path leads elsewhere, and the program would look for libraries where it is started.
AS_CASE([$with_cuda], [yes | no | check | /*], [],
  [with_cuda=`cd "$with_cuda" 2>/dev/null && pwd || AS_ECHO(["$with_cuda"])`])
AS_CASE([$with_cudnn], [yes | no | check | /*], [],
  [with_cudnn=`cd "$with_cudnn" 2>/dev/null && pwd || AS_ECHO(["$with_cudnn"])`])
# What distcheck's configure is told, so that it builds the same.
CUDA_CHOICE="--with-cuda-arch=$with_cuda_arch"
AS_IF([test "x$with_cudnn" = xno], [AC_MSG_ERROR([CUDA is not used without cuDNN: say --without-cuda])])
AS_IF([test "x$with_cuda" != xcheck], [CUDA_CHOICE="$CUDA_CHOICE --with-cuda=$with_cuda"])
AS_IF([test "x$with_cudnn" != xcheck], [CUDA_CHOICE="$CUDA_CHOICE --with-cudnn=$with_cudnn"])
AS_IF([test "x$with_cuda" != xno], [
  _BASIN_CUDA_PLACES
  _BASIN_CUDA_FUNCTIONS
  _BASIN_CUDA_CHOOSE
  AS_IF([test $have_cuda = yes],
    [NVCC=$cuda_place_nvcc
     # What a C compiler is run through to save time serves this one too.
     AS_CASE([$CC], [ccache\ *], [NVCC="ccache $NVCC"])
     _BASIN_CUDA_TRY_NVCC])
  AS_IF([test -n "$cuda_headers_version"], [_BASIN_CUDA_TRY_CXX])
  AS_IF([test $have_cuda = yes],
    [# cuBLASLt is loaded when it is first called (src/cuda/cublaslt_loaded.c), where CUDA_RPATH says; so is cuDNN (cudnn_loaded.c).
     CUDA_LIBS="$cuda_place_cudart -ldl -lrt -lpthread"
     CUDA_LIBRARY="$cuda_place_cublaslt $cudnn_library"
     # Beside the program first, as in a folder that was made to be moved.
     CUDA_RPATH="-Wl,-rpath,'\$\$ORIGIN/../lib'"
     for cuda_library in "$cuda_place_cublaslt" "$cudnn_library"; do
       cuda_libdir=`AS_DIRNAME(["$cuda_library"])`
       AS_CASE([$cuda_libdir], [/lib | /lib/* | /lib64 | /usr/lib | /usr/lib/* | /usr/lib64], [],
         [AS_CASE([" $CUDA_RPATH "], [*",$cuda_libdir "*], [], [CUDA_RPATH="$CUDA_RPATH -Wl,-rpath,$cuda_libdir"])])
     done],
    [test "x$with_cuda" != xcheck || test "x$with_cudnn" != xcheck],
    [AC_MSG_ERROR([CUDA was asked for, and is not there. Looked in:$cuda_looked
Needed are nvcc, libcudart_static.a, libcublasLt, the headers of cuBLASLt and cuRAND, all of CUDA 12 or later, and cuDNN 9 or
later. --with-cuda=DIR and --with-cudnn=DIR name their folders.])])
])
AC_SUBST([NVCC_GENCODE])
AC_SUBST([CUDA_CFLAGS])
AC_SUBST([CUDA_LIBS])
AC_SUBST([CUDA_LIBRARY])
AC_SUBST([CUDNN_CFLAGS])
AC_SUBST([CUDA_RPATH])
AC_SUBST([CUDA_CHOICE])
AM_CONDITIONAL([CUDA], [test $have_cuda = yes])
AM_CONDITIONAL([CUDA_HEADERS], [test $cuda_cxx = yes && test $host_cpu = x86_64])

AS_IF([test $have_cuda = yes],
    [cuda_summary="$cuda_place_version ($cuda_home), cuBLASLt $cuda_place_cublas, cuDNN $cudnn_version; $cuda_architectures"],
  [test "x$with_cuda" = xno], [cuda_summary="no: --without-cuda"],
  [cuda_summary="no. Looked in:$cuda_looked"])
AS_IF([test $cuda_cxx = yes && test $host_cpu = x86_64],
    [cuda_standin_summary="on the host, with the headers of CUDA $cuda_headers_version"],
  [test "x$with_cuda" = xno], [cuda_standin_summary="no: --without-cuda"],
  [test -z "$cuda_headers_version"], [cuda_standin_summary="no: CUDA's headers were not found"],
  [test $cuda_cxx = no], [cuda_standin_summary="no: $CXX does not compile C++17 with CUDA's and cuDNN's headers"],
  [cuda_standin_summary="no: needs an x86-64 processor"])
])
