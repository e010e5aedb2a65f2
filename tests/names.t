#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Names and paths are bytes: what is not UTF-8 goes through run.json, headers and reports without loss, by the escape of
# basin(1), and people see the name as it is, but for what a terminal would obey.
set -u
. "${top_srcdir:?}/tests/tap.sh"
cd "$dir" || exit 99
name=$(printf 'donn\351es')
if ! mkdir "$name" 2>/dev/null; then
	skip "names that are not UTF-8" "this file system has none"
	done_testing
	exit 0
fi
awk 'BEGIN { for (i = 0; i < 24; i++) print (i * 7 % 11) / 11 "," (i * 5 % 13) / 13 "," i % 2 }' >"$name/t.csv"
options="--likelihood categorical --model linear --lr 0.01 --steps 4 --quiet"

# shellcheck disable=SC2086 # words
"$BASIN" sample --data "csv:$name/t.csv" $options --out "$name/r" 2>err
ok $? "a run begins, with its data and its folder at such a name"
shown err
grep -qF '/donn\\xE9es/t.csv"' "$name/r/run.json"
ok $? "run.json has the byte as its escape"
# shellcheck disable=SC2086
(cd "$name" && "$BASIN" sample --data csv:t.csv $options --init r --out inside 2>../err) &&
	grep -qF '/donn\\xE9es/r"' "$name/inside/run.json"
ok $? "so it has where it is itself not named"
"$BASIN" sample --resume "$name/r" --steps 6 2>err >out && grep -aqF "$name/r: 1 chain of 6 steps" out
ok $? "the run goes on"
"$BASIN" predict "$name/r" --quiet --json >out 2>err
grep -qF '/donn\\xE9es/t.csv"' out
ok $? "predict finds the run's data, and its report has them"
"$BASIN" ood "$name/r" --id "csv:$name/t.csv" --ood "csv:$name/t.csv" --quiet --json >out 2>err && grep -cF 'donn\\xE9es/t.csv"' out | grep -qx 2
ok $? "ood has both sets"
"$BASIN" flatness "$name/r" --quiet --json >out 2>err && grep -qF '/donn\\xE9es/t.csv"' out && grep -qF '"file": "donn\\xE9es/r/chain-0.snaps"' out &&
	"$BASIN" flatness "$name/r" >out 2>err && grep -aq "^$name/r/chain-0.snaps, chain 0" out
ok $? "flatness finds the run's data, and names its snapshots as people know them"
"$BASIN" export "$name/r" --out "$name/w.npz" --json >out 2>err && grep -qF '"out": "donn\\xE9es/w.npz"' out &&
	grep -qF '"path": "donn\\xE9es/r/chain-0.snaps"' out
ok $? "export names its files"
"$BASIN" info --verify "$name/r" >out 2>err && grep -aq "^data  *csv:/.*/$name/t.csv\$" out && grep -aq "^path  *$name/r\$" out
ok $? "info shows people the bytes"
"$BASIN" info "csv:$name/t.csv" >out 2>err && grep -aq "^data  *csv:/.*/$name/t.csv\$" out &&
	"$BASIN" info "csv:$name/t.csv" --json >out 2>err && grep -qF 'donn\\xE9es/t.csv"' out &&
	"$BASIN" data info "csv:$name/t.csv" --json >out 2>err && grep -qF 'donn\\xE9es/t.csv"' out
ok $? "of a data set too"
cp -r "$name/r" "$name/bad"
size=$(wc -c <"$name/bad/chain-0.snaps")
printf '\377' | dd of="$name/bad/chain-0.snaps" bs=1 seek=$((size - 40)) conv=notrunc 2>/dev/null
"$BASIN" info --verify "$name/bad" >out 2>err
[ $? = 1 ] && grep -aq "^damaged: $name/bad/chain-0.snaps: record" out && grep -aq "^basin: 1 damaged.*$name/bad" err
ok $? "damage there is an error, and is named"

# shellcheck disable=SC1003 # a backslash
mkdir 'back\x41' && cp "$name/t.csv" 'back\x41/t.csv' && mkdir 'back\xslash' && cp "$name/t.csv" 'back\xslash/t.csv'
# shellcheck disable=SC2086
"$BASIN" sample --data 'csv:back\x41/t.csv' $options --out literal 2>err && grep -qF '/back\\x5Cx41/t.csv"' literal/run.json &&
	"$BASIN" predict literal --quiet >out 2>err && grep -qF '/back\x41/t.csv' out
ok $? "a name that looks like an escape is no byte"
# shellcheck disable=SC2086
"$BASIN" sample --data 'csv:back\xslash/t.csv' $options --out plain 2>err && grep -qF '/back\\xslash/t.csv"' plain/run.json &&
	"$BASIN" predict plain --quiet >out 2>err
ok $? "another backslash is left as it is"

printf 'a,y\\x5C\303\351\033\n1,2\n3,4\n' >columns.csv
"$BASIN" data info csv:columns.csv >out 2>err && grep -aqx "target       y\\\\x5C$(printf '\303\351')?: 2 distinct values, all whole numbers" out
ok $? "so are the names of columns shown"

red=$(printf 'a\033[31mb\302\233c')
# shellcheck disable=SC2086
mkdir "$red" && cp "$name/t.csv" "$red/t.csv" && "$BASIN" sample --data "csv:$red/t.csv" $options --out red 2>err &&
	"$BASIN" info red >out 2>err && grep -q 'a?\[31mb?c/t.csv' out && ! grep -q "$(printf '\033')" out
ok $? "control characters of a header do not reach the terminal"
"$BASIN" predict red --quiet >out 2>err && grep -q 'a?\[31mb?c/t.csv' out && ! grep -q "$(printf '\033')" out
ok $? "nor those of a report"
"$BASIN" data info "csv:$red/t.csv" >out 2>err && grep -q '^set  *csv:.*a?\[31mb?c/t.csv$' out && ! grep -q "$(printf '\033')" out
ok $? "nor those of a description"

if ! python_with msgpack; then
	skip "the escape as another program reads it" "python3 with msgpack is not here"
else
	cat >read.py <<-'END'
		import json, msgpack, os, re, sys
		def named(text):
		    return re.sub(rb'\\x([0-9A-F]{2})', lambda m: bytes([int(m[1], 16)]), text.encode())
		for folder, data in ((sys.argv[1] + '/r', sys.argv[1]), ('literal', 'back\\x41'), ('plain', 'back\\xslash'), ('red', sys.argv[2])):
		    want = b'csv:' + os.fsencode(os.path.realpath(data + '/t.csv'))
		    run = json.load(open(folder + '/run.json', encoding='utf-8'))
		    header = next(msgpack.Unpacker(open(folder + '/chain-0.snaps', 'rb'), raw=False, max_buffer_size=0))
		    for got in (run['options']['data'], run['data']['spec'], header['data']['spec']):
		        if named(got) != want:
		            sys.exit('%r, expected %r' % (named(got), want))
	END
	"$python" read.py "$name" "$red" 2>err
	ok $? "the escape as another program reads it"
	shown err
fi
done_testing
