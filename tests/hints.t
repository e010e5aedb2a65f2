#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# A command that a message offers can be pasted, whatever the paths in it hold.
. "${top_srcdir:?}/tests/tap.sh"
cd "$dir" || exit 99
mkdir bin && ln -s "$(realpath "$BASIN")" bin/basin && PATH=$PWD/bin:$PATH

awkward=('my runs' -x "it's" $'tab\there' 'a;b&c' '$HOME' '~' 'früh' '#1' '--json' '*')
for name in "${awkward[@]}"; do
	basin sample --model gaussian:1 --steps 1 --out "$name" >out 2>err &&
		eval "$(sed -n 's/.*; next: //p' out)" >told 2>err && grep -q '^chain 0: done' told
	result=$?
	ok $result "next: $(sed -n 's/.*; next: //p' out)"
	[ $result = 0 ] || shown out err
	basin sample --model gaussian:1 --steps 1 --out "$name" >out 2>err
	eval "$(sed -n 's/.* go on with a run by //p' err)" >told 2>err && grep -q 'was finished already' told
	result=$?
	ok $result "and go on with it"
	[ $result = 0 ] || shown out err
done

# A run that is stopped, by a signal and by a limit.
basin sample --model gaussian:1 --steps 1000000000 --log-every 1000 --out 'to stop' 2>err &
until [ -s 'to stop/chain-0.log.jsonl' ]; do sleep 0.05; done
kill -INT $!
wait $!
offered=$(sed -n 's/.* go on with: //p' err)
[ "$offered" = "basin sample --resume 'to stop'" ]
ok $? "after a signal: $offered"
(ulimit -f 20; basin sample --model gaussian:1 --steps 3000 --keep-every 1 --out 'to fill' 2>err)
offered=$(sed -n 's/.* go on with \(basin.*\)/\1/p' err)
[ "$offered" = "basin sample --resume 'to fill'" ] && eval "$offered" >told 2>err && grep -q '3000 steps' told
ok $? "after a limit: $offered"
fails 2 "did you mean --out 'my run'?" "a name without its option" basin sample 'my run'
basin data write shapes --format cifar10 --out 'my set' >out 2>err && eval "basin info $(sed 's/.*, as //' out)" >told 2>err
ok $? "a set that was written: $(sed 's/.*, as //' out)"

# What quickstart shows.
eval "$(sed -n '/^show()/,/^}/p' "$top_srcdir/quickstart")"
shown=$(show true 'a b' "it's" c=d '' | sed -n 's/^\$ true//p')
eval "set -- $shown"
[ $# = 4 ] && [ "$1$2$3$4" = "a bit'sc=d" ]
ok $? "quickstart:$shown"
done_testing
