#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# basin data: what it prints, what it writes, what it refuses.
. "${top_srcdir:?}/tests/tap.sh"

check() {
	name=$1
	shift
	"$@" >"$dir/check.log" 2>&1
	checked=$?
	ok $checked "$name"
	[ $checked = 0 ] || shown "$dir/check.log"
}

# refused STATUS PATTERN ARGUMENT…: exits with it and says so on standard error, with nothing on standard output.
refused() {
	wanted=$1 pattern=$2
	shift 2
	"$BASIN" data "$@" >"$dir/out" 2>"$dir/err"
	status=$?
	cat "$dir/err"
	[ $status -eq "$wanted" ] && [ ! -s "$dir/out" ] && grep -q -e "$pattern" "$dir/err"
}

field() {
	"$BASIN" data info "$@" --json | grep -c -e '"n": 2000' -e '"fingerprint": "5d3404cbc88f250b"' -e '"kind": '
}

same() {
	"$BASIN" data write shapes --format "$1" --out "$dir/$1" && [ "$(field "$1:$dir/$1" --split test)" = 3 ] &&
		[ -z "$(find "$dir" -name '*tmp-*')" ]
}

check "info prints a table" sh -c '"$BASIN" data info glyphs | grep -q "^0 *A *1000$"'
check "info --json has size and fingerprint" test "$(field shapes --split test)" = 3
check "cifar10: what is written is the same set" same cifar10
check "svhn: what is written is the same set" same svhn
check "an existing folder is left alone" refused 2 "exists already" write shapes --format svhn --out "$dir/svhn"
rm "$dir/svhn/train_32x32.mat"
check "basin info describes the test split where that is all there is" sh -c \
	'"$BASIN" info "svhn:$1/svhn" 2>"$1/err" | grep -q "^split *test$" && grep -q train_32x32 "$1/err"' - "$dir"
check "a mistyped run is not taken for a data set" sh -c \
	'! "$BASIN" info "$1/no:run" --verify 2>"$1/err" && ! grep -q "is a data set" "$1/err" && cd "$1" && ! "$BASIN" info norun --verify 2>err &&
		grep -q "no such run or file; as a data set, norun: no such kind" err' - "$dir"
check "which has no snapshots to verify" sh -c \
	'! "$BASIN" info shapes --verify 2>"$1/err" && grep -q "are about snapshots; shapes is a data set" "$1/err"' - "$dir"
echo 1,2 >"$dir/table.csv"
check "write wants a test split" refused 2 "table.csv: has no test split" \
	write "csv:$dir/table.csv" --format cifar10 --out "$dir/x"
check "write needs --out" refused 2 "--out is missing" write shapes --format svhn
check "write takes no --split" refused 2 "--split" write shapes --format svhn --out "$dir/x" --split test
check "info takes no --out" refused 2 "--out" info shapes --out "$dir/x"
check "an unknown kind is refused with the list" refused 2 "fashion-mnist:DIR" info nothing
check "a missing path is refused" refused 2 "cifar10:DIR was expected" info cifar10
check "a path for a built-in set is refused" refused 2 "built in" info shapes:x
check "an unwritable place is an error" refused 1 "nonexistent" write shapes --format svhn --out /nonexistent/x
check "another word is refused" refused 2 "was expected" describe shapes
# ---- tables ----

# What a clinic saves: names of rows, words, gaps, semicolons, decimal commas.
awk 'BEGIN {
	srand(5)
	print "patient;age;sex;lab, mg;note;outcome"
	for (i = 0; i < 60; i++) {
		age = 30 + int(60 * rand())
		lab = int(100 * rand()) / 10
		sub(/\./, ",", lab)
		printf "P%03d;%d;%s;%s;\"n%d; ok\";%s\n", i, age, i % 3 ? "f" : "m", i % 9 ? lab : (i % 2 ? "NA" : ""), i, (age > 55 ? "ill" : "well")
	}
}' >"$dir/clinic.csv"
awk 'BEGIN { for (i = 0; i < 40; i++) print i + 1 "\t" i * 7 % 11 / 7 "\t" i * 5 % 13 / 3 "\t" i % 3 }' >"$dir/codes.tsv"
awk 'BEGIN { print "a,b,y"; for (i = 0; i < 40; i++) print i * 7 % 11 / 7 "," (i % 8 ? i % 5 : "n.k.") "," i * 5 % 13 / 3 }' >"$dir/mixed.csv"
awk 'BEGIN { print "a,unused,y"; for (i = 0; i < 40; i++) print i * 7 % 11 "," "," 1 + (i % 4 > 1) }' >"$dir/grades.csv"

# A command as it stands, but for its length.
offered() {  # offered PATTERN FILE [OPTION…]: the command that info offers has it, and works
	pattern=$1 file=$2
	shift 2
	(cd "$dir" && "$BASIN" data info "csv:$file" "$@" 2>info.err >info.out
		sed -n '/^fitted by /,$p' info.out >shown
		awk 'length > 80 || (NR > 1 && last !~ / \\$/) { exit 1 } { last = $0 }' shown || exit
		sed 's/ \\$//' shown | tr -d '\n' | tr -s ' ' | sed 's/^fitted by basin/"$BASIN"/' >line
		cat line info.err
		grep -q -e "$pattern" line && rm -rf RUN &&
			sed 's/--steps 1000 --burn-in 200 --keep-every 2/--steps 20 --burn-in 10 --keep-every 5 --quiet/' line >short &&
			! cmp -s line short && . ./short && "$BASIN" predict --quiet RUN)
}
check "a clinic's table is fitted by the command that info offers" \
	offered "--decimal comma --id patient --drop note --missing indicator --holdout 0.2 --model mlp:in-16-out --weight-decay 0.04 --sampler hmc " clinic.csv
check "with options that are given kept" offered "--decimal comma --id patient --drop 'lab, mg'\$\|--drop age,note --missing mean" \
	clinic.csv --drop age --missing mean --decimal comma
check "whole numbers from 0 are classes" offered "--likelihood categorical --standardize --holdout 0.2 " codes.tsv
check "a few words among codes make all of them words; a real target has a deviation that is sampled" \
	offered "--category b --noise-sd learn --holdout 0.2 " mixed.csv
check "other whole numbers are classes as words, and a column without a value is left out" \
	offered "--drop unused --category y --holdout 0.2 " grades.csv

awk 'BEGIN { print ",x,y"; for (i = 0; i < 40; i++) print "r" i "," i % 7 "," (i % 3 ? "no" : "yes") }' >"$dir/index.csv"
check "names of rows in a column without one are known by that" offered "--id '' --holdout 0.2 " index.csv

check "what sample would refuse is described, and refused" sh -c '"$BASIN" data info "csv:$1/clinic.csv" >"$1/out" 2>"$1/err"
	[ $? = 2 ] && cat "$1/out" "$1/err" && grep -q "clinic.csv:2: column 1 (patient): the column has 60 different words" "$1/err" &&
	grep -q "^rows  *60$" "$1/out" && grep -q "^1  *words  *0  patient: a name for each row$" "$1/out" &&
	grep -q "^3  *words  *0  sex: f 40, m 20$" "$1/out" && grep -q "^4  *mixed  *7  lab, mg: [0-9]* numbers with a decimal comma, [0-9]* without: *\$" "$1/out" &&
	grep -q "^  *0,[0-9].* in all\$" "$1/out" && ! grep -v ^set "$1/out" | grep -v ^fitted | grep -q ".\{81\}" &&
	grep -q "^6  *words  *0  outcome (target): ill [0-9]*, well [0-9]*$" "$1/out"' - "$dir"
check "so it is in JSON" sh -c '"$BASIN" data info --json "csv:$1/clinic.csv" >"$1/out" 2>"$1/err"
	[ $? = 2 ] && cat "$1/out" && tr -d " \n" <"$1/out" | grep -q "\"error\":\"[^\"]*clinic.csv:2:.*\"separator\":\";\".*\"name\":\"patient\",\"column\":1,\"target\":false,\"type\":\"words\",\"numbers\":0,\"words\":60,\"gaps\":0,\"least\":null,\"most\":null,\"id_like\":true,\"levels\":null}.*{\"level\":\"f\",\"n\":40}.*\"command\":\"basinsample"' - "$dir"
check "what can be read has its columns too, and the features they make" sh -c 'cd "$1" && "$BASIN" data info csv:clinic.csv --decimal comma --id patient --drop note --missing mean >out &&
	cat out && grep -q "^2  *number  *0  age: 3[0-9] to 8[0-9]$" out && grep -q "^0 .*  age$" out && grep -q "^each  *4 float32 values$" out &&
	grep -q "^0  *ill  *[0-9]*$" out' - "$dir"
# What pandas saves, a column of numbers without a name in front; and more rows than are worth taking whole.
awk 'BEGIN { print ",cabin,a,y"; for (i = 0; i < 60; i++) print i "," (i % 4 ? "" : "c" int(i / 8)) "," i * 7 % 11 "," (i % 3 ? "no" : "yes") }' >"$dir/pandas.csv"
awk 'BEGIN { print "a,b,y"; for (i = 0; i < 9000; i++) print i * 7 % 11 "," i * 5 % 13 "," i % 2 }' >"$dir/long.csv"
check "names of rows without a name, and words that are nearly all different" offered "--id '' --drop cabin --holdout 0.2 " pandas.csv
sed "1s/.*/,'ca',\"it's a\",y/" "$dir/pandas.csv" >"$dir/quoted.csv"
check "and names with quotation marks in them" offered "--drop .*ca.* --holdout 0.2 " quoted.csv
check "many rows are taken in minibatches" sh -c '"$BASIN" data info --json "csv:$1/long.csv" | grep -q "weight-decay 0.0003 --sampler sghmc --friction "' - "$dir"
check "features are said to be of a column, and of a word of it" sh -c '"$BASIN" data info "csv:$1/clinic.csv" --decimal comma --id patient --drop note --missing indicator >"$1/out" &&
	cat "$1/out" && grep -q "^1 .*  sex = f$" "$1/out" && grep -q "^4 .*  lab, mg (missing)$" "$1/out"' - "$dir"
printf 'a,b\n1,x\n2,\n' >"$dir/gap.csv"
awk 'BEGIN { print "income,y"; for (i = 0; i < 30; i++) print (i % 3 ? "\"" 10 + i "," 100 + i "\"" : 400 + i) "," i % 2 }' >"$dir/income.csv"
tr ',' ';' <"$dir/income.csv" | sed 's/"\(.*\);\(.*\)"/\1,\2/' >"$dir/euro.csv"
check "commas between thousands are no decimal commas in a file of commas" sh -c '"$BASIN" data info "csv:$1/income.csv" >"$1/out" 2>"$1/err"
	[ $? = 2 ] && grep -q "20 numbers with commas between thousands, which are not read, 10 without" "$1/out" && ! grep -q "fitted by" "$1/out" &&
	grep -q "income.csv:3: column 1 (income): .11,101. is not a number: if these are thousands" "$1/err"' - "$dir"
check "and are in one of semicolons" sh -c '"$BASIN" data info "csv:$1/euro.csv" >"$1/out" 2>"$1/err"
	grep -q "20 numbers with a decimal comma, 10 without" "$1/out" && grep -q -e "--decimal comma" "$1/out"' - "$dir"
sed 's/\(,[0-9]*\)"/\1.5"/' "$dir/income.csv" >"$dir/cents.csv"
check "nor are those before decimals names of rows" sh -c '"$BASIN" data info "csv:$1/cents.csv" >"$1/out" 2>"$1/err"
	[ $? = 2 ] && cat "$1/out" && grep -q "20 numbers with commas between thousands, which are not read, 10 without" "$1/out" && ! grep -q "fitted by" "$1/out"' - "$dir"
awk 'BEGIN { print "a,b,y"; for (i = 0; i < 60; i++) print (i == 9 ? "twelve" : i / 7) "," i * 5 % 13 "," i % 2 }' >"$dir/typo.csv"
check "a word among amounts is no reason to leave them out" sh -c '"$BASIN" data info "csv:$1/typo.csv" >"$1/out" 2>"$1/err"
	[ $? = 2 ] && cat "$1/out" "$1/err" && ! grep -q "fitted by" "$1/out" && grep -q "typo.csv:11: column 1 (a): .twelve. is not a number" "$1/err"' - "$dir"
awk 'BEGIN { print "a,y,"; for (i = 0; i < 30; i++) print i % 7 "," i % 5 "," }' >"$dir/ends.csv"
check "a comma at the end of each line is no target" sh -c '"$BASIN" data info "csv:$1/ends.csv" >"$1/out" 2>"$1/err"
	[ $? = 2 ] && cat "$1/err" && grep -q "ends.csv:2: column 3: no row has a target there: --target names the column that does" "$1/err"' - "$dir"
awk 'BEGIN { print "a,y"; for (i = 0; i < 30; i++) print i % 7 ",5" }' >"$dir/constant.csv"
check "nothing is offered for a target of one value" sh -c '"$BASIN" data info "csv:$1/constant.csv" >"$1/out" 2>"$1/err" && cat "$1/out" &&
	! grep -q "^fitted" "$1/out"' - "$dir"
check "no options help where the target has gaps" sh -c '"$BASIN" data info "csv:$1/gap.csv" >"$1/out" 2>"$1/err"
	[ $? = 2 ] && cat "$1/out" "$1/err" && grep -q "gap.csv:3: column 2 (b): is empty" "$1/err" && ! grep -q "^fitted" "$1/out"' - "$dir"
printf 'a,b\n1,x\n2,x\n' >"$dir/single.csv"
check "nor where it has one class" sh -c '"$BASIN" data info "csv:$1/single.csv" >"$1/out" 2>"$1/err"
	[ $? = 2 ] && cat "$1/out" "$1/err" && grep -q "one class alone" "$1/err" && ! grep -q "^fitted" "$1/out"' - "$dir"
printf 'a,b\n1\n' >"$dir/less.csv"
check "a line that is too short is refused alone" refused 2 "less.csv:2: 1 cell; 2 were expected" info "csv:$dir/less.csv"
done_testing
