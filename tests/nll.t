#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# The NLL has no floor: stored probabilities against NumPy, a run whose probabilities underflow against SciPy's log_softmax.
set -u
. "${top_srcdir:?}/tests/tap.sh"
if ! python_with 'numpy, scipy'; then
	skip "an NLL without a floor" "no python3 with numpy and scipy"
	done_testing
	exit 0
fi

# within WANTED [KEY]: the report's figure, within 1e-6 of it
within() {
	awk -v got="$(member "${2:-nll}")" -v want="$1" 'BEGIN {
		d = got - want; if (d < 0) d = -d
		exit !(got != "" && got != "null" && want != "" && d <= 1e-6 * want) }'
}

"$python" - "$dir" >"$dir/want" <<'END'
import sys
import numpy as np

d = sys.argv[1]
np.save(d + "/l.npy", np.zeros(2, int))
for name, first, kind in (("p", 1e-60, "f8"), ("q", 0., "f8"), ("single", 1e-40, "f4"), ("lost", 1e-60, "f4")):
    p = np.array([[first, 1 - first], [.5, .5]], kind)
    np.save(f"{d}/{name}.npy", p)
    with np.errstate(divide="ignore"):
        print(name, -np.log(p[:, 0].astype("f8")).mean())
s = np.array([[[0, 1], [.5, .5]], [[1e-200, 1], [.25, .75]]])
np.save(d + "/s.npy", s)
print("s", -np.log(s.mean(0)[:, 0]).mean())
r = np.random.default_rng(0)
x = np.r_[r.normal(size=(40, 2)) + [2000, 0], r.normal(size=(40, 2)) - [2000, 0]].astype("f4")
y = np.repeat([0, 1], 40)
np.save(d + "/x.npy", x)
np.save(d + "/y.npy", y)
y[:2] = 1
np.save(d + "/noisy.npy", y)
END
want() {
	sed -n "s/^$1 //p" "$dir/want"
}

for name in p single; do
	"$BASIN" predict --json --probs "$dir/$name.npy" --labels "$dir/l.npy" >"$dir/out" 2>"$dir/err"
	[ $? = 0 ] && within "$(want $name)" && [ "$(member zero_probabilities)" = 0 ] && [ "$(member nll_se)" != null ]
	ok $? "$name: a tiny probability counts as what it is"
done
for name in q lost; do
	"$BASIN" predict --json --probs "$dir/$name.npy" --labels "$dir/l.npy" >"$dir/out" 2>"$dir/err"
	[ $? = 0 ] && [ "$(want $name)" = inf ] && [ "$(member nll)" = null ] && [ "$(member nll_se)" = null ] &&
		[ "$(member zero_probabilities)" = 1 ] && [ "$(member accuracy_se)" != null ]
	ok $? "$name: a probability 0 makes the NLL infinite: null, and how many"
done
"$BASIN" predict --probs "$dir/q.npy" --labels "$dir/l.npy" >"$dir/out"
grep -q '^NLL  *infinite: probability 0 for the class of 1 example$' "$dir/out" && ! grep -q zero_ "$dir/out"
ok $? "the table says so"
"$BASIN" predict --json --curve --probs "$dir/s.npy" --labels "$dir/l.npy" >"$dir/out" &&
	within "$(want s)" && [ "$(grep -c '^      "nll": null,*$' "$dir/out")" = 1 ] &&
	[ "$(grep -c '^      "zero_probabilities": 1,*$' "$dir/out")" = 1 ]
ok $? "one member's alone is infinite, that of both is not"
"$BASIN" predict --curve --probs "$dir/s.npy" --labels "$dir/l.npy" >"$dir/out" &&
	[ "$(grep -c infinite "$dir/out")" = 1 ] && grep -q '^ *1 .* infinite ' "$dir/out" && ! grep -q zero_ "$dir/out"
ok $? "and the curve's table says which"

# ---- a run: log p by its weights ----

data="npy:$dir/x.npy,$dir/y.npy" noisy="npy:$dir/x.npy,$dir/noisy.npy"
"$BASIN" sample --quiet --data "$data" --model linear --sampler sgd --lr 2 --weight-decay 0 --steps 200 --out "$dir/r" &&
	"$BASIN" sample --quiet --data "$data" --model linear --sampler sgd --lr 1 --seed 2 --weight-decay 0 --steps 200 \
		--out "$dir/r2" && "$BASIN" export "$dir/r" --out "$dir/r.npz" >/dev/null &&
	"$BASIN" export "$dir/r2" --out "$dir/r2.npz" >/dev/null
ok $? "two runs that are very sure"
"$python" - "$dir" >"$dir/want" <<'END'
import sys
import numpy as np
from scipy.special import log_softmax, logsumexp

d = sys.argv[1]
x, y = np.load(d + "/x.npy").astype(float), np.load(d + "/noisy.npy")
each = []
for name in ("r", "r2"):
    w = np.load(f"{d}/{name}.npz")
    each.append(log_softmax(x @ w["fc.weight"].T.astype(float) + w["fc.bias"], axis=1)[np.arange(len(y)), y])
print("one", -each[0].mean())
print("both", -(logsumexp(each, axis=0) - np.log(2)).mean())
print("least", np.exp(np.min(each, axis=1).max()))
END
[ "$(want least)" = 0.0 ]
ok $? "some of their probabilities are too small for a double"
"$BASIN" predict --json --quiet --data "$noisy" "$dir/r" >"$dir/out" && within "$(want one)" &&
	[ "$(member zero_probabilities)" = 0 ]
ok $? "one member's NLL is SciPy's"
"$BASIN" predict --json --quiet --data "$noisy" "$dir/r" "$dir/r2" >"$dir/out" && within "$(want both)"
ok $? "the NLL of both is SciPy's"

done_testing
