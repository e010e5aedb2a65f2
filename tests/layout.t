#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# The shape of the code: which folder may know which, and what only the command line does.
set -u
. "${top_srcdir:?}/tests/tap.sh"
cd "$top_srcdir" || exit 99

# nothing NAME: passes where $dir/found is empty.
nothing() {
	[ ! -s "$dir/found" ]
	result=$?
	ok $result "$1"
	[ $result = 0 ] || shown "$dir/found"
}

# Code without its comments, a line each as FILE:NUMBER: text.
code() {
	awk '
	FNR == 1 { comment = 0 }
	{
		line = $0
		out = ""
		string = 0
		for (i = 1; i <= length(line); i++) {
			c = substr(line, i, 1)
			two = substr(line, i, 2)
			if (comment) {
				if (two == "*/") { comment = 0; i++ }
			} else if (string) {
				out = out c
				if (c == "\\") { i++; out = out substr(line, i, 1) }
				else if (c == "\"") string = 0
			} else if (two == "/*") {
				comment = 1
				i++
			} else {
				if (c == "\"" && substr(line, i - 1, 1) != "'\''") string = 1
				out = out c
			}
		}
		print FILENAME ":" FNR ": " out
	}' "$@"
}

# ---- who may include whom ----

# may FOLDER ALLOWED…: headers come from the folder itself and these.
may() {
	folder=$1
	shift
	allowed=$folder
	for other; do allowed="$allowed|$other"; done
	grep -s -n '^#include "' "$folder"/*.[ch] "$folder"/*.cu "$folder"/*.cuh | grep -v -E "#include \"($allowed)/[^/]*\"" >"$dir/found"
	nothing "$folder/ includes ${*:-nothing else}"
}
may src
may src/options src
may src/files src
may src/data src src/files
may src/analytic src
may src/net src src/data
may src/cpu src
may src/cuda src
may samplers src
may chains src src/files samplers
may predict src src/files src/data src/net
may predict/decide predict src src/files src/data
may predict/scores predict src
may curvature src
may commands src src/files src/data src/net src/options samplers chains curvature predict predict/decide predict/scores
for folder in src/*/ predict/*/; do
	grep -qx "may ${folder%/}\( .*\)\?" tests/layout.t || echo "$folder"
done >"$dir/found"
nothing "each folder of src/ and predict/ is in this list"
grep -s -n '^#include <\(src\|samplers\|chains\|curvature\|predict\|commands\|tests\)/' src/*.[ch] src/*/*.[ch] src/cuda/*.cu src/cuda/*.cuh samplers/*.[ch] chains/*.[ch] curvature/*.[ch] predict/*.[ch] predict/*/*.[ch] commands/*.[ch] >"$dir/found"
nothing "the project's own headers are in quotes"

# ---- what the command line alone does ----

code src/*.[ch] src/*/*.[ch] samplers/*.[ch] chains/*.[ch] curvature/*.[ch] predict/*.[ch] predict/*/*.[ch] >"$dir/below"
grep -E '(^|[^a-z_])(printf|vprintf|puts|putchar|perror|exit|_exit|abort)\(|std(out|err)([^a-z_]|$)' "$dir/below" >"$dir/found"
nothing "nothing below commands/ prints or ends the program"
grep -E '"([^"\\]|\\.)*--([a-z]|%s)' "$dir/below" | grep -v '^src/options/.*--%s' >"$dir/found"
nothing "no text below commands/ says how an option is typed"
grep 'src/options/' "$dir/below" | grep -v '^src/options/' >"$dir/found"
nothing "nothing below commands/ but the options themselves reads options"

# ---- networks know no kind of layer but by what it declares ----

code src/net/graph*.[ch] | grep -E 'LAYER_(LINEAR|ACTIVATION|CONV|NORM|POOL|FLATTEN)|NORM_|ACTIVATION_' >"$dir/found"
nothing "graphs name no kind of layer"

# ---- JSON is whole or NULL ----

code commands/*.[ch] samplers/*.[ch] chains/*.[ch] curvature/*.[ch] predict/*.[ch] predict/*/*.[ch] src/*.[ch] src/*/*.[ch] >"$dir/all"
grep -E '^[^:]*:[0-9]+:[[:space:]]+json_(object_(set|update)|array_(set|append|insert|extend))' "$dir/all" >"$dir/found"
nothing "what jansson can't put in its place is noticed (src/json_build.h puts without a condition)"
grep -E 'json_(copy|deep_copy|object_update_missing|dumps)\(' "$dir/all" >"$dir/found"
nothing "nothing calls what jansson does by halves and says nothing"

# ---- each file ----

for file in src/*.[ch] src/*/*.[ch] src/cuda/*.cu src/cuda/*.cuh samplers/*.[ch] chains/*.[ch] curvature/*.[ch] predict/*.[ch] predict/*/*.[ch] commands/*.[ch] tests/*.[ch] \
	tests/*/*.[ch] tests/standin/*.cc bench/*.c; do
	[ ! -e "$file" ] || head -n 2 "$file" | paste -s -d ' ' - | grep -q -x '/\* SPDX-License-Identifier: GPL-3.0-or-later \*/ /\* SPDX-FileCopyrightText: 20[0-9-]* the Basin contributors \*/' || echo "$file"
done >"$dir/found"
for file in quickstart quickcheck bootstrap configure.ac m4/*.m4 Makefile.am */Makemodule.am src/*/Makemodule.am predict/*/Makemodule.am tests/*.t tests/*.sh tests/*/*.py \
	bench/*.sh bench/*.py man/*.[15] tools/*.sh; do
	[ ! -e "$file" ] || { head -n 3 "$file" | grep -q 'SPDX-License-Identifier: GPL-3.0-or-later$' &&
		head -n 4 "$file" | grep -q 'SPDX-FileCopyrightText: 20[0-9-]* the Basin contributors$'; } || echo "$file"
done >>"$dir/found"
nothing "every source file names its licence and its copyright"
done_testing
