# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# shellcheck shell=sh
# What quickstart, quickcheck and .ci/run share: find what is missing, install it, build. Sourced from the top folder.

# What each need is called by apt and dnf; words of one cell are tried in turn ("libmsgpack-c-dev|libmsgpack-dev").
setup_packages() {
	case $1:$2 in
	apt:compiler) echo gcc libc6-dev ;;
	apt:make | apt:autoconf | apt:automake | apt:pkg-config | apt:mandoc | apt:patch | apt:clang | apt:shellcheck) echo "$2" ;;
	apt:xz) echo xz-utils ;;
	apt:awk) echo mawk ;;
	apt:fuzzer) echo clang 'libclang-rt-dev|libclang-common-14-dev' libomp-dev ;;
	apt:openmpi) echo openmpi-bin ;;
	apt:mpich) echo mpich ;;
	apt:slurm) echo slurmctld slurmd slurm-client munge ;;
	apt:oneDNN) echo libdnnl-dev ;;
	apt:msgpack-c) echo 'libmsgpack-c-dev|libmsgpack-dev' ;;
	apt:gsl) echo libgsl-dev ;;
	apt:jansson) echo libjansson-dev ;;
	apt:xxhash) echo libxxhash-dev ;;
	apt:libzip) echo libzip-dev ;;
	apt:zlib) echo zlib1g-dev ;;
	dnf:compiler) echo gcc ;;
	dnf:make | dnf:autoconf | dnf:automake | dnf:mandoc | dnf:patch | dnf:xz | dnf:clang) echo "$2" ;;
	dnf:pkg-config) echo pkgconf-pkg-config ;;
	dnf:awk) echo gawk ;;
	dnf:oneDNN) echo onednn-devel ;;
	dnf:msgpack-c) echo 'msgpack-c-devel|msgpack-devel' ;;
	dnf:gsl) echo gsl-devel ;;
	dnf:jansson) echo jansson-devel ;;
	dnf:xxhash) echo xxhash-devel ;;
	dnf:libzip) echo libzip-devel ;;
	dnf:zlib) echo zlib-devel ;;
	dnf:shellcheck) echo ShellCheck ;;
	dnf:openmpi | dnf:mpich) echo "$2" ;;
	dnf:slurm) echo slurm slurm-slurmctld slurm-slurmd munge ;;
	dnf:fuzzer) echo clang compiler-rt libomp-devel ;;
	esac
}

setup_has_program() {
	command -v "$1" >/dev/null 2>&1
}

# oneDNN has no pkg-config file in Debian: ask the compiler.
setup_has_onednn() {
	setup_dir=$(mktemp -d) || return 1
	printf '#include <dnnl.h>\nint main(void) { return !dnnl_version(); }\n' >"$setup_dir/try.c"
	setup_found=0
	# shellcheck disable=SC2086 # CC and the flags may hold several words
	${CC:-cc} ${CPPFLAGS-} ${CFLAGS-} "$setup_dir/try.c" ${LDFLAGS-} -ldnnl -o "$setup_dir/try" >/dev/null 2>&1 ||
		setup_found=1
	rm -rf "$setup_dir"
	return $setup_found
}

# libFuzzer, the sanitizers and OpenMP: clang's packages leave them to others.
setup_has_fuzzer() {
	setup_dir=$(mktemp -d) || return 1
	printf 'int LLVMFuzzerTestOneInput(const unsigned char *x, unsigned long n) { return !x && n; }\n' >"$setup_dir/try.c"
	setup_found=0
	"${FUZZ_CC:-clang}" -fopenmp -fsanitize=fuzzer,address,undefined "$setup_dir/try.c" -o "$setup_dir/try" >/dev/null 2>&1 ||
		setup_found=1
	rm -rf "$setup_dir"
	return $setup_found
}

# Daemons lie in sbin, which not everybody's PATH has.
setup_has_slurm() {
	for setup_need_program in munged slurmctld slurmd sbatch; do
		(PATH=$PATH:/usr/sbin:/sbin && setup_has_program $setup_need_program) || return 1
	done
}

setup_has() {
	case $1 in
	compiler) printf '#include <stdio.h>\n' | ${CC:-cc} -E - >/dev/null 2>&1 ;;
	make | autoconf | automake | mandoc | patch | xz | awk | clang | shellcheck) setup_has_program "$1" ;;
	pkg-config) setup_has_program "${PKG_CONFIG:-pkg-config}" ;;
	oneDNN) setup_has_onednn ;;
	fuzzer) setup_has_fuzzer ;;
	openmpi) setup_has_program mpirun.openmpi || setup_has_program /usr/lib64/openmpi/bin/mpirun ;;
	mpich) setup_has_program mpirun.mpich || setup_has_program /usr/lib64/mpich/bin/mpirun ;;
	slurm) setup_has_slurm ;;
	msgpack-c) setup_has_module msgpack-c || setup_has_module 'msgpack >= 3' ;;
	jansson) setup_has_module 'jansson >= 2.10' ;;
	gsl) setup_has_module 'gsl >= 2.5' ;;
	xxhash) setup_has_module 'libxxhash >= 0.8' ;;
	libzip) setup_has_module 'libzip >= 1.7' ;;
	zlib) setup_has_module zlib ;;
	esac
}

setup_has_module() {
	"${PKG_CONFIG:-pkg-config}" --exists "$1" 2>/dev/null
}

# The needs among "$@" that are not met, on one line.
setup_missing() {
	setup_list=
	for setup_need; do
		setup_has "$setup_need" || setup_list="$setup_list $setup_need"
	done
	echo "${setup_list# }"
}

# setup_choose MANAGER CELL: the first of the alternatives that the package manager knows. Without package lists (a
# user who can't fetch them) the release's age decides.
setup_choose() {
	case $2 in *'|'*) ;; *)
		echo "$2"
		return
		;;
	esac
	for setup_word in "${2%%|*}" "${2#*|}"; do
		case $1 in
		apt) apt-cache show "$setup_word" >/dev/null 2>&1 ;;
		dnf) dnf -q list "$setup_word" >/dev/null 2>&1 ;;
		esac && {
			echo "$setup_word"
			return
		}
	done
	# shellcheck disable=SC1091 # the system's
	case $(. /etc/os-release 2>/dev/null && echo "${ID-}-${VERSION_ID-}") in
	debian-1[012] | ubuntu-2[0-3].* | fedora-*) echo "${2#*|}" ;;
	*) echo "${2%%|*}" ;;
	esac
}

setup_package_installed() {
	case $1 in
	apt) [ "$(dpkg-query -W -f='${db:Status-Status}' "$2" 2>/dev/null)" = installed ] ;;
	dnf) rpm -q "$2" >/dev/null 2>&1 ;;
	esac
}

# True when apt has no package lists, or none younger than a week.
setup_apt_lists_old() {
	[ -z "$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' -mtime -7 2>/dev/null | head -n 1)" ]
}

# Runs a command as root: setup_as_root holds "" or "sudo -n".
setup_root() {
	printf '$ %s%s\n' "${setup_as_root:+$setup_as_root }" "$*"
	# shellcheck disable=SC2086 # two words on purpose
	$setup_as_root "$@"
}

# setup_install NEED…: installs the packages of the needs, or says what to install and fails.
setup_install() {
	if setup_has_program apt-get; then
		setup_manager=apt
	elif setup_has_program dnf; then
		setup_manager=dnf
	else
		echo "Missing: $*." >&2
		echo "There is neither apt-get nor dnf here. Install these (the libraries with their headers) and start again." >&2
		return 1
	fi
	setup_rights=yes
	setup_as_root=
	if [ "$(id -u)" != 0 ]; then
		setup_as_root='sudo -n'
		sudo -n true 2>/dev/null || setup_rights=no
	fi
	setup_update=no
	if [ $setup_manager = apt ] && setup_apt_lists_old; then
		setup_update=yes
		if [ $setup_rights = yes ]; then
			setup_root apt-get update -q || echo "apt-get update failed; trying with the lists there are." >&2
		fi
	fi

	setup_names=
	for setup_need; do
		for setup_cell in $(setup_packages $setup_manager "$setup_need"); do
			setup_name=$(setup_choose $setup_manager "$setup_cell")
			setup_package_installed $setup_manager "$setup_name" || setup_names="$setup_names $setup_name"
		done
	done
	if [ -z "$setup_names" ]; then
		echo "Missing: $*, though the packages that hold them are installed." >&2
		echo "Is another compiler or pkg-config first in PATH, or are CC, PKG_CONFIG or PKG_CONFIG_PATH set?" >&2
		return 1
	fi
	echo "Missing: $*. To be installed:$setup_names"

	if [ $setup_manager = apt ]; then
		set -- env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends
	else
		set -- dnf install -y
	fi
	if [ $setup_rights = no ]; then
		echo "This needs root, and sudo does not work without a password here. As root, run" >&2
		[ $setup_update = no ] || echo "  apt-get update" >&2
		[ $setup_manager = dnf ] || shift 2
		echo "  $*$setup_names" >&2
		echo "and start again." >&2
		return 1
	fi
	# shellcheck disable=SC2086 # a list of names
	if ! setup_root "$@" $setup_names; then
		[ $setup_manager = apt ] && [ $setup_update = no ] || return 1
		# Lists that are younger than a week may still name packages that the mirror has replaced.
		setup_root apt-get update -q
		setup_root "$@" $setup_names
	fi
}

# setup_needs NEED…: what the build needs, and these; installs what is missing.
setup_needs() {
	set -- compiler make awk pkg-config oneDNN msgpack-c gsl jansson xxhash libzip zlib "$@"
	# A release's tarball brings its configure along, a git checkout does not.
	if [ -e .git ] || [ ! -e configure ]; then
		set -- autoconf automake "$@"
	fi
	setup_absent=$(setup_missing "$@")
	[ -n "$setup_absent" ] || return 0
	# shellcheck disable=SC2086 # a list of names
	setup_install $setup_absent || return 1
	setup_absent=$(setup_missing "$@")
	if [ -n "$setup_absent" ]; then
		echo "Still missing after the installation: $setup_absent." >&2
		return 1
	fi
}

setup_cores() {
	nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1
}

# Builds in ./build, or in the top folder where that one is configured already, and sets setup_build to the folder.
setup_build() {
	setup_build=build
	[ ! -e config.status ] || setup_build=.
	if [ ! -e configure ] || { [ -e .git ] && [ ! -e $setup_build/Makefile ]; }; then
		echo '$ ./bootstrap'
		./bootstrap || return 1
	fi
	mkdir -p $setup_build
	if [ ! -e $setup_build/Makefile ]; then
		setup_source=$([ $setup_build = . ] && echo . || echo ..)
		echo "\$ cd $setup_build && $setup_source/configure"
		(cd $setup_build && "$setup_source/configure" -q) || return 1
	fi
	echo "\$ make -C $setup_build -j$(setup_cores)"
	make -C $setup_build -j"$(setup_cores)" --no-print-directory
}
