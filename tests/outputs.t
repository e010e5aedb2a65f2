#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Every file that a command writes, by each option that names one: new and existing files, links, FIFOs, devices, standard
# output, and what can't be written.
set -u
. "${top_srcdir:?}/tests/tap.sh"
trap '[ -d "$dir/small" ] && umount "$dir/small" 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir" || exit 99
golden=$(cd "$top_srcdir" && pwd)/tests/golden

# What is written must not fit into a pipe (64 KiB), nor on the small disk below.
awk 'BEGIN { for (i = 0; i < 2500; i++) print i * 7 % 11 "," i * 5 % 13 "," i % 3 }' >rows.csv
"$BASIN" sample --quiet --data csv:rows.csv --likelihood categorical --model mlp:2-2000-3 --lr 1e-3 --steps 3 --keep-every 1 \
	--threads 1 --out run || ok 1 "a run to read"

# writes FILE OPTION…: by the option of $option
writes() {
	file=$1
	shift
	case $option in
	save-probs) "$BASIN" predict --threads 1 run --save-probs "$file" "$@" ;;
	save-member-probs) "$BASIN" predict --threads 1 run --save-member-probs "$file" "$@" ;;
	csv) "$BASIN" predict --threads 1 run --csv "$file" "$@" ;;
	stored) "$BASIN" predict --probs "$golden/probs.npy" --labels "$golden/labels.npy" --save-probs "$file" "$@" ;;
	save-scores) "$BASIN" ood --threads 1 run --ood csv:rows.csv --save-scores "$file" "$@" ;;
	stored-scores) "$BASIN" ood --id-probs "$golden/probs.npy" --ood-probs "$golden/ood.npy" --save-scores "$file" "$@" ;;
	out) "$BASIN" export run --out "$file" "$@" ;;
	esac
}

holds() {  # holds FILE: what the first one has, and nothing beside it
	cmp -s whole "$1" && [ -z "$(find . -name '*.tmp-*')" ]
}

told() {  # told RESULT NAME: with the messages where it is not right
	ok "$1" "$option: $2"
	[ "$1" = 0 ] || shown out err
}

# refused STATUS WORDS FILE OPTION…: and no work is begun
refused() {
	status=$1 words=$2
	shift 2
	writes "$@" --progress >out 2>err || [ $? = "$status" ] && [ ! -s out ] && grep -q -e "$words" err && ! grep -q snapshot err
}

# Export and stored probabilities show no progress and have no option for it.
refused_plainly() {
	status=$1 words=$2
	shift 2
	writes "$@" >out 2>err || [ $? = "$status" ] && [ ! -s out ] && grep -q -e "$words" err
}

mkfifo pipe
for option in save-probs save-member-probs csv stored save-scores stored-scores out; do
	case $option in
	out) refuses=refused_plainly ;;
	*) refuses=refused ;;
	esac
	rm -f whole link target
	writes whole >out 2>err && [ -s whole ]
	told $? "a new file"

	echo before >old
	$refuses 2 "old: exists already; --overwrite replaces it" old && [ "$(cat old)" = before ]
	told $? "an existing file is refused, and stays as it was"
	chmod 600 old
	writes old --overwrite >out 2>err && holds old && [ "$(find old -perm 600)" = old ]
	told $? "with --overwrite it is replaced, and stays private"

	ln -s target link
	writes link >out 2>err && [ -h link ] && holds target
	told $? "a link to nothing yet is followed"
	$refuses 2 exists link && echo before >target && writes link --overwrite >out 2>err && [ -h link ] && holds target
	told $? "a link to a file is followed, under the same rule"

	cat pipe >got &
	reader=$!
	writes pipe >out 2>err
	[ $? = 0 ] && [ -p pipe ] || kill $reader
	wait $reader && [ -p pipe ] && holds got
	told $? "a FIFO's reader gets the file"

	writes - >got 2>err && holds got && [ -s err ] && [ ! -e ./- ]
	told $? "- is standard output, and the report is elsewhere"
	writes - 2>err | cat >got
	holds got
	told $? "standard output may be a pipe"
	if [ -e /dev/stdout ]; then
		writes /dev/stdout 2>err | cat >got
		holds got
		told $? "and have another name"
	else
		skip "$option: and have another name" "no /dev/stdout"
	fi
	$refuses 2 "with --json" - --json
	told $? "but not beside --json"

	mkdir -p folder
	$refuses 2 "folder: is a folder" folder
	told $? "a folder is refused"
	$refuses 2 '"": a file' ""
	told $? "and an empty name"
	$refuses 1 "no/file: can't be written: No such file or directory" no/file
	told $? "and one in no folder"

	(ulimit -f 1; writes limited >out 2>err)
	[ $? = 1 ] && grep -q "limited: can't be written: File too large" err && [ -z "$(find . -name 'limited*')" ]
	told $? "a limit on file sizes is an error that says so, and leaves nothing"
	# 128 + 13, SIGPIPE: the reader of the FIFO goes before the writer has it open for good.
	(exec 3<>pipe 4>pipe 3<&-; writes - >&4 2>err)
	[ $? = 141 ]
	told $? "standard output without a reader ends the program as others"
	(writes - >&- 2>err)
	[ $? = 1 ] && grep -q "standard output: it is closed" err
	told $? "a closed one is an error"
done

# ---- devices: nodes of our own, never those of the machine ----

if mknod null c 1 3 2>/dev/null && mknod full c 1 7 2>/dev/null && { : >null; } 2>/dev/null; then
	for option in save-probs save-member-probs csv stored save-scores stored-scores out; do
		writes null >out 2>err && [ -c null ]
		told $? "a device is written to, and stays"
		writes full >out 2>err
		[ $? = 1 ] && [ -c full ] && grep -q "full: can't be written: No space left on device" err
		told $? "and says why it can't be"
	done
else
	skip "devices" "no device can be made here"
fi

# ---- a full disk ----

if mkdir small && mount -t tmpfs -o size=40k none small 2>/dev/null; then
	for option in save-probs save-member-probs out; do
		writes small/file >out 2>err
		[ $? = 1 ] && grep -q -e "small/file: can't be written: No space left on device" err && [ -z "$(ls small)" ]
		told $? "a full disk is an error that says so, and leaves nothing"
	done
	umount small
else
	skip "a full disk" "no tmpfs can be mounted here"
fi

# ---- what is read ----

cp run/chain-0.snaps chain
ln -sf run/chain-0.snaps link
for option in save-probs save-member-probs save-scores out; do
	writes run/chain-0.snaps --overwrite >out 2>err
	[ $? = 2 ] && grep -q "run/chain-0.snaps: holds the snapshots that are read" err && writes link --overwrite >out 2>err
	[ $? = 2 ] && cmp -s chain run/chain-0.snaps
	told $? "the snapshots are not overwritten with what is made of them"
done

"$BASIN" sample --quiet --data csv:rows.csv --likelihood categorical --model mlp:2-2-3 --lr 1e-3 --steps 2 --chains 2 --threads 1 --out deep &&
	cp "$golden/probs.npy" "$golden/ood.npy" "$golden/labels.npy" . && cp rows.csv id.csv && cp rows.csv data.members.csv &&
	"$BASIN" decide --quiet --probs probs.npy --labels labels.npy --out rules.json >out 2>err || ok 1 "files to read"
echo threads = 1 >config
awk 'NR % 2' rows.csv >part.csv
"$BASIN" data write shapes --format svhn --out digits && "$BASIN" sample --quiet --data svhn:digits --model linear --batch 500 --steps 1 --out images ||
	ok 1 "a run on images in a folder"
mkdir raw && "$BASIN" data write shapes --format cifar10 --out raw/cifar-10-batches-bin
cksum rows.csv id.csv part.csv data.members.csv config probs.npy ood.npy labels.npy rules.json deep/* digits/* raw/*/* >sums
kept() {  # kept FILE WORDS COMMAND…: it is refused as the output, and stays as it is
	file=$1 words=$2
	shift 2
	"$@" --overwrite >out 2>err
	[ $? = 2 ] && grep -q -e "$file: $words; name another file" err && cksum rows.csv id.csv part.csv data.members.csv config probs.npy ood.npy \
		labels.npy rules.json deep/* digits/* raw/*/* | cmp -s sums -
	result=$?
	ok $result "what is read stays: $file $words"
	[ $result = 0 ] || shown err
}
kept rows.csv "holds the data that the run was made with" "$BASIN" ood run --id csv:id.csv --ood csv:rows.csv --save-scores rows.csv
kept id.csv "holds the data that are read" "$BASIN" ood run --id csv:id.csv --ood csv:rows.csv --save-scores id.csv
kept probs.npy "is what --id-probs reads" "$BASIN" ood --id-probs probs.npy --ood-probs ood.npy --save-scores probs.npy
kept ood.npy "is what --ood-probs reads" "$BASIN" ood --id-probs probs.npy --ood-probs ood.npy --save-scores ood.npy
kept deep/chain-0.snaps "holds the snapshots that are read" "$BASIN" predict run --ensemble deep --csv deep/chain-0.snaps
kept deep/chain-1.ckpt "is a part of the run that is read" "$BASIN" predict run --ensemble deep --csv deep/chain-1.ckpt
kept data.members.csv "holds the data that are read" "$BASIN" predict run --data csv:data.members.csv --save-member-probs data.npy
awk 'BEGIN { for (i = 0; i < 60; i++) print i % 7 "," i % 5 "," i % 8 }' >few.csv
"$BASIN" sample --quiet --data csv:few.csv --labels labels.npy --likelihood categorical --model linear --steps 2 --out labelled >out 2>err
kept labels.npy "holds the data that the run was made with" "$BASIN" predict labelled --csv labels.npy
kept digits/train_32x32.mat "holds the data that the run was made with" "$BASIN" export images --out digits/train_32x32.mat
kept digits/../digits/test_32x32.mat "holds the data that the run was made with" "$BASIN" predict images --csv digits/../digits/test_32x32.mat
kept raw/cifar-10-batches-bin/test_batch.bin "holds the data that are read" "$BASIN" ood images --ood cifar10:raw --save-scores raw/cifar-10-batches-bin/test_batch.bin
echo mine >digits/scores.csv && "$BASIN" export images --overwrite --out digits/scores.csv >out 2>err && ! grep -q mine digits/scores.csv
told $? "what else lies in the folder can be replaced"
rm digits/scores.csv
kept rules.json "is what --decide reads" "$BASIN" predict run --decide rules.json --csv rules.json
kept config "is what --config reads" "$BASIN" predict run --config config --csv config
for output in save-probs csv; do
	kept probs.npy "is what --probs reads" "$BASIN" predict --probs probs.npy --$output ./probs.npy
	kept labels.npy "is what --labels reads" "$BASIN" predict --probs probs.npy --labels labels.npy --$output labels.npy
	kept rules.json "is what --decide reads" "$BASIN" predict --probs probs.npy --decide rules.json --$output rules.json
done
kept probs.npy "is what --probs reads" "$BASIN" decide --probs probs.npy --labels labels.npy --out probs.npy
kept labels.npy "is what --labels reads" "$BASIN" decide --probs probs.npy --labels labels.npy --out labels.npy
kept part.csv "holds the data that are read" "$BASIN" decide run --data csv:part.csv --out part.csv

# ---- a file that may not be written to ----

if [ "$(id -u)" = 0 ]; then
	skip "a write-protected file" "for root none is"
else
	echo mine >protected && chmod 400 protected
	option=out
	writes protected --overwrite >out 2>err
	[ $? = 1 ] && grep -q "protected: can't be written: Permission denied" err && [ "$(cat protected)" = mine ]
	ok $? "a write-protected file is not replaced, though its folder would let it be"
fi

# ---- two files of one command ----

both() { "$BASIN" predict --threads 1 run --save-probs "$1" --save-member-probs "$2"; }
fails 2 "both would go to standard output" "two files can't both be standard output" both - -
fails 2 "is the file of --save-probs too" "nor one file" both new ./new
mkdir -p folder && ln -sf ../new folder/link
fails 2 "is the file of --save-probs too" "by whatever names" both new folder/link
[ ! -e new ]
ok $? "and none of them is begun"
both mean - >got 2>err && option=save-probs && writes whole --overwrite >out 2>err && cmp -s mean whole &&
	option=save-member-probs && writes whole --overwrite >out 2>err && cmp -s got whole
ok $? "one of the two may be"

# It waits for the reader of the FIFO, which opens it when the rest has been checked.
rm -f mean
"$BASIN" predict --threads 1 run --save-probs mean --save-member-probs pipe >out 2>err &
writer=$!
exec 5<pipe
kill -KILL $writer
wait $writer 2>/dev/null
exec 5<&-
[ -z "$(find . -name 'mean*')" ] || [ -s mean ]
ok $? "a command that is killed leaves no temporary file"

# A file that somebody else has made meanwhile stays.
rm -f mean
"$BASIN" predict --threads 1 run --save-probs mean --save-member-probs pipe >out 2>err &
writer=$!
exec 5<pipe
echo mine >mean
cat <&5 >got
exec 5<&-
wait $writer
[ $? = 1 ] && [ "$(cat mean)" = mine ] && grep -q "mean: File exists" err && [ -z "$(find . -name '*.tmp-*')" ]
ok $? "nor is one replaced that came while the command worked"

# A name that a killed process with the same number left is not in the way: the shell's own number is the program's.
sh -c 'echo left >weights.tmp-$$; exec "$1" export run --out weights' - "$BASIN" >out 2>err && [ -s weights ]
ok $? "nor do those that were left stop another"
rm -f weights*

# ---- data sets ----

write() { "$BASIN" data write shapes --format "$1" --out set "$2"; }
"$BASIN" data write shapes --format svhn --out set >out 2>err
ok $? "a set is written"
if python_with 'numpy, scipy.io'; then
	"$BASIN" data write shapes --format cifar10 --out records >out && "$python" - >out 2>&1 <<'END2'
import numpy, scipy.io
for name, files in (("train", [f"data_batch_{k}" for k in range(1, 6)]), ("test", ["test_batch"])):
    rows = numpy.concatenate([numpy.fromfile(f"records/{f}.bin", numpy.uint8) for f in files]).reshape(-1, 3073)
    mat = scipy.io.loadmat(f"set/{name}_32x32.mat")
    assert mat["X"].dtype == numpy.uint8 and mat["y"].shape == (len(rows), 1)
    assert (mat["X"].transpose(3, 2, 0, 1) == rows[:, 1:].reshape(-1, 3, 32, 32)).all()
    assert (mat["y"][:, 0] == numpy.where(rows[:, 0] == 0, 10, rows[:, 0])).all()
END2
	read=$?
	ok $read "SciPy reads the same images and classes from svhn as NumPy from cifar10"
	[ $read = 0 ] || shown out
else
	skip "SciPy reads svhn" "no python3 with numpy and scipy"
fi
echo mine >set/README
cp set/test_32x32.mat test && echo damage >set/test_32x32.mat
fails 2 "set: exists already; --overwrite replaces its files" "an existing folder is refused" \
	"$BASIN" data write shapes --format svhn --out set
write svhn --overwrite >out 2>err && cmp -s set/test_32x32.mat test && [ "$(cat set/README)" = mine ] &&
	[ "$(find set -type f | wc -l)" = 3 ]
ok $? "with --overwrite its files are replaced, and others stay"
(ulimit -f 16000; write svhn --overwrite >out 2>err)
[ $? = 1 ] && grep -q "set/train_32x32.mat: can't be written: File too large" err && cmp -s set/test_32x32.mat test &&
	[ "$(find set -type f | wc -l)" = 3 ]
ok $? "all of them or none"
fails 2 "several files" "several files are not written to standard output" "$BASIN" data write shapes --format svhn --out -
fails 2 '"": a folder' "nor under an empty name" "$BASIN" data write shapes --format svhn --out ''
fails 1 "no/set: can't be made: No such file or directory" "nor in no folder" \
	"$BASIN" data write shapes --format svhn --out no/set
fails 2 "test: is no folder" "a file is no folder" "$BASIN" data write shapes --format svhn --out test --overwrite
done_testing
