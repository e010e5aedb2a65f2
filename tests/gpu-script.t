#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# bench/gpu.sh from end to end on the stand-in for a card, with sizes of a moment, so that on a card nothing in it is tried for the first
# time. What a machine without a card has not is skipped by name, and then stood in for by scripts: nvidia-smi, compute-sanitizer, what
# cuDNN says of a card; PyTorch, where it is, runs on the CPU.
set -u
. "${top_srcdir:?}/tests/tap.sh"
if [ -z "$BASIN_STANDIN" ]; then
	echo "1..0 # SKIP cuda (stand-in): CUDA's headers, or a C++ compiler for them, were not found"
	exit 0
fi
built=${BASIN_STANDIN%/*}/..
mkdir "$dir/tests" "$dir/bench" "$dir/bin"
# As in a bundle, by the names that a card's have.
ln -s "$built/tests/cuda_net" "$dir/tests/card_net"
for program in convs passes step; do ln -s "$built/bench/cuda_${program}_standin" "$dir/bench/cuda_$program"; done
gpu() {  # gpu PART…: with the results in $dir/results, in whatever time it takes
	PART_LIMIT=${PART_LIMIT-} KERNELS=$top_srcdir/src/cuda PATH=$dir/bin:$PATH OUT=$dir/results BASIN=$BASIN_STANDIN TESTS=$dir/tests BENCH=$dir/bench SIZE=tiny PYTHON=${python:-none} \
		PEER_DEVICE=$peer_device sh "$top_srcdir/bench/gpu.sh" "$@" >"$dir/said" 2>&1
}
lines() { grep -c -e "$1" "$dir/results/results.jsonl"; }
check() {  # check STATUS NAME
	ok "$1" "cuda (stand-in): $2"
	[ "$1" = 0 ] || shown "$dir/said"
}

python_with torch || python_with json || python=none
# A Python that has NVIDIA's libraries, and notes where PyTorch would look for its own.
mkdir "$dir/libraries"
real=$python
if [ "$real" != none ]; then
	python=$dir/bin/python
	cat >"$python" <<-END
		#!/bin/sh
		case \$1 in
		-c) echo "$dir/libraries"; exit ;;
		*/gpu_peer.py) echo "\${LD_LIBRARY_PATH-}" >"$dir/searched" ;;
		esac
		exec "$real" "\$@"
	END
	chmod 755 "$python"
fi
# Before anything else: who has them here is no part of the test.
cat >"$dir/bin/nvidia-smi" <<'END'
#!/bin/sh
echo "A card, 580.00, 81559 MiB"
END
cat >"$dir/bin/compute-sanitizer" <<'END'
#!/bin/sh
# --tool TOOL --error-exitcode N [--kernel-name-exclude kernel_substring=NAME]… COMMAND…
[ "$1" = --tool ] && [ "$3" = --error-exitcode ] || exit 1
tool=$2 code=$4 excluded=
shift 4
# Of racecheck alone, and nothing that Basin's kernels have in their names.
while [ "$1" = --kernel-name-exclude ]; do
	[ $tool = racecheck ] || exit 1
	case $2 in kernel_substring=?*) ;; *) exit 1 ;; esac
	! grep -q "[a-z_]*${2#*=}[a-z_]*_kernel(" "$KERNELS"/*_kernels.cu || exit 1
	excluded=yes
	shift 2
done
[ $tool != racecheck ] || [ "$excluded" ] || exit 1
"$@" || exit
echo "========= COMPUTE-SANITIZER"
[ "$tool" != racecheck ] || { echo "========= Error: Race reported between Write access and Read access"; exit "$code"; }
END
printf '#!/bin/sh\necho "{\\"card\\": 1}"\n' >"$dir/bench/cuda_card"
chmod 755 "$dir/bin/nvidia-smi" "$dir/bin/compute-sanitizer" "$dir/bench/cuda_card"

peer_device=cpu
gpu 1
[ $? = 1 ] && [ "$(lines '"failed"')" = 4 ] && [ "$(lines '"what": "racecheck: .*", "failed": ".*Race reported')" = 4 ]
check $? "part 1 runs to its end, and a sanitizer's finding is a failure with its words"
[ "$(lines '"what": "\(mem\|init\|sync\)check: .*", "is": "yes"')" = 12 ]
check $? "the other sanitizers' runs are clean"
[ "$(lines '"what": "nvidia-smi", "is": "A card, 580.00')" = 1 ] && [ "$(cat "$dir/results/card.json")" = '{"card": 1}' ]
check $? "the card is described, and its description kept"
[ "$(lines '"what": "card_net", "value": [1-9][0-9]*, "unit": "checks passed"')" = 1 ] && grep -q '^ok 1 ' "$dir/results/log" &&
	[ "$(find "$dir/results" -type f | wc -l)" = 3 ]
check $? "the tests of a card are run, counted, and kept in the log: there are three files to bring home"
[ "$(lines '"what": "[a-z-]*: the same bits twice", "is": "yes"')" = 3 ] &&
	[ "$(lines 'the same bits twice, with the first run.s choices", "is": "yes"')" = 2 ] &&
	[ "$(lines 'the same bits without graphs", "is": "yes"')" = 5 ] && [ "$(lines 'bits do not depend on the others", "is": "yes"')" = 5 ]
check $? "bits are compared: twice, without graphs, beside other chains"
grep -q '^back end cuda: stand-in' "$dir/results/log" && grep -q '^\$ .*sample --device cuda' "$dir/results/log"
check $? "the log has the commands and what they printed"
grep -q '^basin: warning: ' "$dir/results/log"
check $? "warnings too: that a card makes no graphs, or an algorithm is not had again, is one"

gpu 2
check $? "part 2 runs to its end, by itself"
for what in copy "update, SGLD" "point, perturbed" "product, bf16" "Basin, SGLD: lenet, batch 4" "fsgld minus SGD: lenet, batch 4" \
	"round 1 of 1, an SGLD step: lenet, batch 4" "in parts, conv backward: lenet, batch 6" "weights 16x32x32 32k3s2, batch 1" "fused, all of resnet20, batch 1" \
	"norm with residual backward 16x32x32, batch 1"; do
	[ "$(lines "\"part\": 2, \"what\": \"$what\", \"value\": -\?[0-9]")" = 1 ]
	check $? "part 2 has $what"
done
gpu 3
check $? "part 3 runs to its end, by itself"
for what in "fsgld, 4 epochs of made-up images" "fsgld, 4 epochs of made-up images: predict, snapshots: 4" "an epoch of fSGLD: lenet, batch 4" \
	"mlp:16-8-4, batch 8, SGLD, chains: 3" "lenet, bf16, batch 4, SGLD, chains: 3"; do
	[ "$(lines "\"part\": 3, \"what\": \"$what\", \"value\": [0-9]")" = 1 ]
	check $? "part 3 has $what"
done
[ "$(lines '"what": "lenet: a chain.s bits do not depend on the others, chains: [123]", "is": "yes"')" = 3 ] &&
	[ "$(lines '"what": "lenet: nor do those .*", "is": "yes"')" = 1 ]
check $? "chains have the same bits beside others"
gpu 4:entropy-mcmc
[ $? = 0 ] && [ "$(lines '"part": 4, "what": "entropy-mcmc, 4 epochs of made-up images: accuracy.*", "skipped"')" = 1 ] &&
	[ "$(lines '"part": 4, "what": "sgld')" = 0 ]
check $? "a step of part 4 runs by itself, and says which scores it has no images for"
rm "$dir"/results-runs/entropy-mcmc-4-*.done
gpu 4:entropy-mcmc
[ $? = 0 ] && [ "$(lines '"what": "entropy-mcmc, 4 epochs of made-up images, resumed: the rest of it", "value": [0-9]')" = 1 ] &&
	[ "$(lines '"what": "entropy-mcmc, 4 epochs of made-up images: predict, .*", "value": [0-9]')" = 2 ]
check $? "its run is there for the next time, which says that it only ended it"
PART_LIMIT=0 gpu 2
[ $? = 0 ] && [ "$(lines '"part": 2, "what": "\(ceilings\|steps\|convolutions\)", "skipped": "the part.s 0 s are over"')" = 3 ]
check $? "a part whose time is over begins nothing further, which is said"
PART_LIMIT=1 gpu 1:drivers
[ $? = 0 ] && [ "$(lines '"what": "card_net", "skipped": "the part.s 1 s ended before it did"')" = 1 ]
check $? "and what its end stops is no failure"
if python_with torch; then
	[ "$(lines '"what": "PyTorch, \(loop\|stacked\): .*", "value": [0-9]')" = 4 ] && [ "$(lines '"what": "PyTorch, graph: mlp.*", "skipped": "graphs')" = 3 ]
	check $? "PyTorch's chains are beside it"
else
	skip "PyTorch's chains are beside it" "there is no PyTorch"
fi
[ "$real" = none ] || { [ -s "$dir/searched" ] && ! grep -q "$dir/libraries" "$dir/searched"; }
check $? "and PyTorch looks for libraries where it would by itself"
python=$real
[ "$(lines '"part": 1')" -gt 10 ] && grep -q '^1  fsgld: the same bits twice  *yes' "$dir/said" && grep -q '^2  copy  *[0-9.e-]* GB/s' "$dir/said"
check $? "the results of part 1 are kept, and the table has both"
if python_with json; then
	"$python" -c 'import json, sys
for line in open(sys.argv[1]):
    row = json.loads(line)
    assert {"part", "what"} < set(row) and len({"value", "is", "skipped", "failed"} & set(row)) == 1, row' "$dir/results/results.jsonl" >"$dir/said" 2>&1
	check $? "every line is JSON with one outcome"
else
	skip "every line is JSON with one outcome" "there is no Python"
fi

# ---- what goes wrong is said, and the rest is done ----

cat >"$dir/bin/compute-sanitizer" <<'END'
#!/bin/sh
echo "========= COMPUTE-SANITIZER"
echo "========= Error: Device not supported. See the list of devices"
exit 1
END
gpu 1:sanitizer
[ $? = 0 ] && [ "$(lines '"what": "\(mem\|race\|init\|sync\)check", "skipped": "Error: Device not supported')" = 4 ]
check $? "a sanitizer that does not know the card is skipped by name, with its words"
rm "$dir/bin/compute-sanitizer" "$dir/bin/nvidia-smi" "$dir/bench/cuda_card"
command -v compute-sanitizer nvidia-smi >"$dir/theirs"
STANDIN_FAIL=cublasLtCreate:1:1 gpu 1
[ $? = 1 ] && grep -q 'FAILED: .*cublasLtCreate' "$dir/said" && grep -q '^1  card_net  *FAILED' "$dir/said"
check $? "a card that does not open: every step says so, and the status is 1"
[ -s "$dir/theirs" ] || { grep -q '^1  memcheck  *skipped: ' "$dir/said" && grep -q '^1  nvidia-smi  *skipped: ' "$dir/said" &&
	grep -q "^1  the card's description  *skipped: " "$dir/said"; }
check $? "what a machine has not is skipped by name"
for part in 5 1:chains; do
	fails 2 "part $part: there are 1 to 4" "cuda (stand-in): a part or step that there is not: $part" env OUT="$dir/none" sh "$top_srcdir/bench/gpu.sh" $part
done
done_testing
