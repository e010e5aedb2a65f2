#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Which device a command computes on, and what it says where there is none: the whole program with the stand-in for a card, whose
# machine has no driver, no card, or one.
set -u
. "${top_srcdir:?}/tests/tap.sh"
if [ -z "$BASIN_STANDIN" ]; then
	echo "1..0 # SKIP cuda (stand-in): CUDA's headers, or a C++ compiler for them, were not found"
	exit 0
fi
cd "$dir" || exit 99
unset BASIN_DEVICE
export STANDIN_DEVICES=-1
basin=$BASIN_STANDIN
said='^basin: warning: computing on the CPU (BASIN_DEVICE=cpu does so without a warning): --device cuda: no NVIDIA driver is installed on this machine$'
target="--model gaussian:1,2 --steps 100"
net="--data shapes --holdout 9880 --model mlp:3072-8-10 --batch 48 --lr 0.01 --steps 4 --threads 2"

# device RUN: what a run records.
device() { tr -d '\n ' <"$1/run.json" | sed 's/.*"device":{[^}]*"name":"\([a-z]*\)".*/\1/'; }

# ---- no driver ----

"$basin" sample $target --chains 2 --workers 2 --out two >out 2>err && [ "$(grep -c -e "$said" err)" = 1 ] && [ "$(device two)" = cpu ]
ok $? "no driver: the CPU is used, which is said once, and recorded"
"$basin" sample $target --out quiet --quiet >out 2>err && [ ! -s err ]
ok $? "no driver: --quiet"
"$basin" sample $net --out net >out 2>err && [ "$(grep -c -e "$said" err)" = 1 ]
ok $? "no driver: a network"
"$basin" predict net --json >out 2>err && [ "$(grep -c -e "$said" err)" = 1 ] && ! grep -q CUDA out && [ -n "$(member nll)" ]
ok $? "no driver: predict says it beside its JSON, not in it"
"$basin" ood net --ood glyphs >out 2>err && [ "$(grep -c -e "$said" err)" = 1 ]
ok $? "no driver: ood says it once, of two data sets"
for command in "info net" "data info shapes" "export net --out exported"; do
	# shellcheck disable=SC2086 # a command
	"$basin" $command >out 2>err && ! grep -q cuda err
	result=$?
	ok $result "no driver: ${command%% *} computes nothing, and says nothing"
	[ $result = 0 ] || shown err
done
OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_LOCAL_RANK=1 "$basin" sample $target --chains 2 --out rank >out 2>err
! grep -q -e "$said" err && OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_LOCAL_RANK=0 "$basin" sample $target \
	--chains 2 --out rank >out 2>err && grep -q -e "$said" err
ok $? "no driver: of the processes on a machine one says it"
fails 2 '^basin: --device cuda:x: expected cuda, or cuda:N ' "a number that is none" "$basin" sample $target --device cuda:x --out no
fails 2 '^basin: --device cuda: no NVIDIA driver is installed' "no driver: --device cuda is refused" \
	"$basin" sample $target --device cuda --out no
[ ! -e no ]
ok $? "no driver: and nothing was made"
"$basin" sample $target --device cpu --out cpu >out 2>err && ! grep -q cuda err
ok $? "no driver: --device cpu is silent"
BASIN_DEVICE=cpu "$basin" sample $target --out cpu-by-name >out 2>err && ! grep -q cuda err
ok $? "no driver: so is BASIN_DEVICE=cpu"
BASIN_DEVICE=cuda fails 2 '^basin: BASIN_DEVICE: --device cuda: no NVIDIA driver' "no driver: BASIN_DEVICE=cuda is refused, by its name" \
	"$basin" sample $target --out no
BASIN_DEVICE=cdua fails 2 '^basin: BASIN_DEVICE: --device cdua: this build has cuda, cpu$' "and so is what is no device" "$basin" sample $target --out no
BASIN_DEVICE=cuda "$basin" sample $target --device cpu --out option >out 2>err
ok $? "an option wins over BASIN_DEVICE"
"$basin" --version >out 2>err && [ ! -s err ] && grep -q '^back end cuda: not usable here: .*driver' out && grep -q '^CUDA [0-9]' out &&
	grep -q '^cuBLAS [0-9]' out && grep -q '^back end cpu: ' out
ok $? "no driver: --version has both back ends, and their libraries"

# ---- no card, and what goes wrong with one ----

export STANDIN_DEVICES=0
fails 2 'there is no CUDA device' "no card: --device cuda is refused" "$basin" sample $target --device cuda --out no
"$basin" sample $target --out none >out 2>err && grep -q 'computing on the CPU (.*): .*there is no CUDA device' err
ok $? "no card: the CPU is used, which is said"
export STANDIN_DEVICES=1
fails 2 '^basin: --device cuda:7: there is one CUDA device' "a card that is not there" "$basin" sample $target --device cuda:7 --out no
STANDIN_FAIL=cublasLtCreate:1:1 fails 1 '^basin: .*--device cpu does without.*src/cuda/open.c: cublasLtCreate: ' \
	"a card that does not open is an error, also where none was asked for" "$basin" sample $target --out no
BASIN_CUDA_GRAPHS=nein fails 1 'BASIN_CUDA_GRAPHS=nein: expected yes or no' "and so is a word that is none of its options" \
	"$basin" sample $target --out no
"$basin" sample $target --out card >out 2>err && [ "$(device card)" = cuda ] && ! grep -q warning err
result=$?
ok $result "cuda (stand-in): a card is taken without being asked for"
[ $result = 0 ] || shown err
"$basin" --version >out 2>err && grep -q '^back end cuda: stand-in, compute capability 9.0$' out
ok $? "cuda (stand-in): --version names the card"
done_testing
