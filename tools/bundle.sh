#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# bundle.sh FOLDER: the last part of `make bundle`, where FOLDER has all but its shared libraries. Copies those of its programs into
# FOLDER/lib that a machine without a compiler may lack, packs it as FOLDER.tar.xz, and says how large that is and what it needs.
# LIBRARIES: more to copy, files, with their parts. PACK: the program that packs, xz with a window that holds several programs: they
# have the same kernels.
set -eu
folder=$1
mkdir -p "$folder/lib"

# The C library must be the machine's own, the driver is, and NVIDIA's libraries are large and often there.
own='linux-vdso|ld-linux.*|libc|libm|libmvec|libpthread|libdl|librt|libutil|libresolv|libanl|libnss_.*|libcuda|libcudart|libcublas.*|libcudnn.*|libnv.*'
for program in "$folder"/bin/* "$folder"/tests/* "$folder"/bench/*; do
	# What is no program, such as a script, has no libraries.
	[ ! -f "$program" ] || ldd "$program" 2>/dev/null || true
done | sed -n 's,.* => \(/[^ ]*\) (0x.*,\1,p' | sort -u >"$folder/lib/all"
while read -r library; do
	name=${library##*/}
	printf '%s\n' "${name%%.so*}" | grep -E -q -x "$own" || cp -L "$library" "$folder/lib/$name"
done <"$folder/lib/all"
rm "$folder/lib/all"
# By the name that they are asked for by, which need not be that of the file that was found. cuDNN loads its parts, libcudnn_NAME, when it
# needs them: nothing else names them.
for library in ${LIBRARIES-}; do
	for file in "$library" "${library%.so*}"_*.so*; do
		[ -e "$file" ] || continue
		name=$(objdump -p "$file" | sed -n 's/^ *SONAME *//p')
		name=${name:-${file##*/}}
		# Links to one file are one.
		[ -e "$folder/lib/$name" ] || cp -L "$file" "$folder/lib/$name"
	done
done

# The newest of the C library's symbol versions that anything here wants.
glibc=$(find "$folder/bin" "$folder/lib" "$folder/tests" "$folder/bench" -type f -exec sh -c '
	for file; do objdump -T "$file" 2>/dev/null; done' sh {} + | grep -o 'GLIBC_[0-9.]*' | sed 's/GLIBC_//' | sort -u -V | tail -n 1)

tar -C "$(dirname "$folder")" -cf - "$(basename "$folder")" | ${PACK-xz --lzma2=preset=6,dict=128MiB} >"$folder.tar.xz"
printf '%s: %s files, %.1f MB; %s: %.1f MB\n' "$folder" "$(find "$folder" -type f | wc -l)" \
	"$(du -sk "$folder" | awk '{ print $1 / 1024 }')" "$folder.tar.xz" \
	"$(wc -c <"$folder.tar.xz" | awk '{ print $1 / 1048576 }')"
printf 'It runs where it is unpacked, on %s with glibc %s or later.\n' "$(uname -m)" "${glibc:-of this machine}"
