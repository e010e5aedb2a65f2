# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Read by the scripts here, which set `here` to this folder: sets `python` to the PyTorch of record's, or to nothing, and
# `peer_is` to what it is, or why there is none.
# shellcheck shell=sh disable=SC2034,SC2154

# PyTorch is slow without these: OpenBLAS starts threads of its own, and picks poor kernels on new processors.
if grep -q -w avx512f /proc/cpuinfo; then
	export OPENBLAS_CORETYPE=SkylakeX
fi
export OPENBLAS_NUM_THREADS=1

# Debian installs PyTorch for its own Python, which need not be the first in PATH.
python=
peer_is='skipped: PyTorch is not installed'
for p in python3 /usr/bin/python3; do
	status=0
	described=$("$p" "$here/peer.py" describe 2>/dev/null) || status=$?
	case $status in
	0)
		python=$p
		peer_is=$described
		break
		;;
	4) peer_is="skipped: $described, which would flatter Basin; install libopenblas0-pthread" ;;
	esac
done
