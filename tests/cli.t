#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# The program around the commands: help, version, messages, exit status, standard output; with basin itself and with
# a program that has commands for the purpose.
. "${top_srcdir:?}/tests/tap.sh"
try=$(dirname "$BASIN")/tests/cli_program

result() {
	ok "$1" "$2"
	[ "$1" -eq 0 ] || shown "$dir/out" "$dir/err"
}

# run STATUS NAME COMMAND...: the exit status must be right; leaves $dir/out and $dir/err.
run() {
	want=$1 name=$2
	shift 2
	"$@" >"$dir/out" 2>"$dir/err"
	got=$?
	[ $got -eq "$want" ]
	result $? "$name: exit status $want (got $got)"
}

out() { grep -qF -e "$1" "$dir/out"; result $? "$name: says “$1”"; }
err() { grep -qxF -e "$1" "$dir/err"; result $? "$name: complains “$1”"; }
quiet() { ! [ -s "$dir/err" ]; result $? "$name: nothing on standard error"; }
silent() { ! [ -s "$dir/out" ]; result $? "$name: nothing on standard output"; }

for program in "$BASIN" "$try"; do
	p=$(basename "$program")
	run 0 "$p --help" "$program" --help
	out 'Usage: basin COMMAND [options]'
	quiet
	run 0 "$p help" "$program" help
	out 'Usage: basin COMMAND [options]'
	run 0 "$p --version" "$program" --version
	grep -qx 'basin [0-9][0-9.]*' "$dir/out"
	result $? "$name: the first line is name and version"
	grep -qx 'back end [a-z]*: .*[0-9] threads\{0,1\}' "$dir/out"
	result $? "$name: there is a back end"
	quiet
	run 2 "$p alone" "$program"
	err 'basin: a command is missing'
	silent
	run 2 "$p zzzzzz" "$program" zzzzzz
	err 'basin: unknown command zzzzzz; basin --help lists the commands'
	run 2 "$p --frob" "$program" --frob
	err 'basin: unknown option --frob; the command comes first, and basin --help lists them'
	run 2 "$p help zzzzzz" "$program" help zzzzzz
	err 'basin: unknown command zzzzzz; basin --help lists the commands'
	run 2 "$p --dump x" "$program" --dump x
	for words in '--help x' '--version x' 'help try x'; do
		# shellcheck disable=SC2086 # words
		run 2 "$p $words" "$program" $words
		err "basin: ${words%% *}: takes no “x”"
	done
	for argument in --help --version; do
		run 1 "$p $argument to a full disk" sh -c '"$1" "$2" >/dev/full' - "$program" $argument
		err 'basin: standard output: No space left on device; the results are incomplete'
		run 1 "$p $argument, closed output" sh -c '"$1" "$2" >&-' - "$program" $argument
		err 'basin: standard output: it is closed; the results are incomplete'
	done
done

run 0 'commands are listed' "$try" --help
out '  try         tries things out'
run 2 'near miss of a command' "$try" tyr
err 'basin: unknown command tyr; did you mean try?'
for words in 'help try' 'try --help' 'try --he' 'try --batch x --help'; do
	# shellcheck disable=SC2086
	run 0 "$words" "$try" $words
	out 'Usage: basin try [KIND] [options]'
	out 'tries things out'
	out '--batch N '
	quiet
done
run 0 'flood --help' "$try" flood --help
out '  FRUIT[:FILE]            what to take'
out '    apple                 a fruit without --lr'
out '    tin:FILE              one in a tin'
run 0 'sample --help' "$BASIN" sample --help
out '    sgld                  stochastic gradient Langevin dynamics'
out '    bernoulli             two classes and one output: the logit of class 1'
out '    mnist:DIR '
have=$("$BASIN" --version | sed -n 's/^back end \([a-z]*\): .*/\1/p' | sort | tr '\n' '|')
devices=$(sed -n 's/^  --device \([^ ]*\).*/\1/p' "$dir/out")
[ "$(printf '%s\n' "$devices" | sed 's/|cuda:N$//')|" = "$have" ]
result $? "$name: offers the devices that the build has"
run 0 'try --version' "$try" try --version
grep -q '^basin [0-9]' "$dir/out"
result $? "$name: says the version"
for line in 'back end works: x86-64-v2, 2 threads' 'oneFFT 1.2' 'back end fails: not usable here: no driver'; do
	grep -qxF "$line" "$dir/out"
	result $? "$name: says “$line”"
done
# What pkg-config says of the same libraries; msgpack-c's module has had two names.
for library in GSL:gsl jansson:jansson libzip:libzip msgpack-c:msgpack-c msgpack-c:msgpack xxHash:libxxhash zlib:zlib; do
	version=$(pkg-config --modversion "${library#*:}" 2>/dev/null) || continue
	grep -qxF "${library%:*} $version" "$dir/out"
	result $? "$name: says “${library%:*} $version”"
done

run 0 'try' "$try" try --batch=5
out 'batch 5'
run 0 'try --json' "$try" try --json
[ "$(tr -d ' \n' <"$dir/out")" = '{"batch":128}' ]
result $? "$name: one object and nothing else"
run 2 'try --lr 1 --lr 2' "$try" try --lr 1 --lr 2
err 'basin: --lr is given twice, as “1” and as “2”: give it once'
silent
run 2 'try --batch 0' "$try" try --batch 0
err 'basin: --batch 0: expected an integer ≥ 1 (examples)'
silent
for kind in usage:2 input:2 damage:2 io:1 memory:1 library:1 diverged:1 check:1 interrupted:3; do
	run "${kind#*:}" "try ${kind%:*}" "$try" try "${kind%:*}"
	err "basin: it went wrong: ${kind%:*}"
done

run 0 'a warning' "$try" flood step
err 'basin: warning: mind the step'
run 0 'a warning with --quiet' "$try" flood step --quiet
quiet

run 0 'try --dump-config' "$try" try --sampler fsgld --sigma 0.25 --dump-config
cp "$dir/out" "$dir/conf"
run 0 'try with that file' "$try" try --config "$dir/conf" --dump-config
cmp -s "$dir/out" "$dir/conf"
result $? "$name: the same again"
out 'sigma = 0.25'
echo 'batch = many' >"$dir/conf"
run 2 'try with a bad file' "$try" try --config "$dir/conf"
err "basin: $dir/conf:1: batch = many: expected an integer ≥ 1 (examples)"

run 1 'results to a full disk' sh -c '"$1" try >/dev/full' - "$try"
err 'basin: standard output: No space left on device; the results are incomplete'
run 1 'JSON to a full disk' sh -c '"$1" try --json >/dev/full' - "$try"
err 'basin: standard output: No space left on device; the results are incomplete'
run 1 'results to closed output' sh -c '"$1" try >&-' - "$try"
err 'basin: standard output: it is closed; the results are incomplete'
# 128 + 13, SIGPIPE.
run 141 'a reader that goes away' sh -c '{ "$1" flood; echo $? >"$2"; } | true; exit "$(cat "$2")"' - "$try" "$dir/status"
quiet
mkfifo "$dir/pipe"
for words in --help --version 'try --json' 'help try'; do
	# shellcheck disable=SC2016,SC2086
	run 141 "$words to a reader that is gone" \
		sh -c 'exec 3<>"$1" 4>"$1" 3<&-; shift; "$@" >&4; exit $?' - "$dir/pipe" "$try" $words
	quiet
done
run 0 'closed standard input and error' sh -c '"$1" try <&- 2>&-' - "$try"
out 'batch 128'

done_testing
