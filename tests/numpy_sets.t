#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Image sets as SciPy and Python's pickle and gzip write them have the fingerprints of the same arrays in .npy files.
set -u
. "${top_srcdir:?}/tests/tap.sh"

if ! python_with 'numpy, scipy.io'; then
	skip "image sets written by Python" "no python3 with numpy and scipy"
	done_testing
	exit
fi

# Each line of the list: the set, its split, the arrays that it must equal.
"$python" - "$dir" >"$dir/list" <<'END'
import gzip, os, pickle, struct, sys
import numpy as np
import scipy.io

folder = sys.argv[1]
random = np.random.default_rng(0)

def expect(spec, split, name, images, labels):
    np.save(f"{folder}/{name}-x.npy", images)
    np.save(f"{folder}/{name}-y.npy", labels)
    print(f"{spec}:{folder}/{name} {split} {folder}/{name}-x.npy,{folder}/{name}-y.npy")

# SVHN: column-major, digit 0 as class 10.
n = 40
x = random.integers(0, 256, (32, 32, 3, n), dtype=np.uint8)
y = np.concatenate([np.arange(1, 11), random.integers(1, 11, n - 10)])
for compressed in (False, True):
    for kind in ("u1", "i1", "u2", "i4", "i8", "u8", "f4", "f8"):
        for shape in ((n,), (n, 1)):
            name = f"svhn-{'zip' if compressed else 'raw'}-{kind}-{len(shape)}d"
            os.mkdir(f"{folder}/{name}")
            scipy.io.savemat(f"{folder}/{name}/test_32x32.mat",
                             {"note": "other members", "cell": np.array([1, "a"], object),
                              "y": y.astype(kind).reshape(shape), "X": x}, do_compression=compressed)
            expect("svhn", "test", name, x.transpose(3, 2, 0, 1), y % 10)

# CIFAR-10 by every protocol, with bytes or text as keys.
for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
    for key in (str, str.encode):
        name = f"cifar-{protocol}-{key.__name__}"
        os.mkdir(f"{folder}/{name}")
        data = random.integers(0, 256, (50, 3072), dtype=np.uint8)
        labels = list(range(10)) * 5
        for k in range(5):
            part = slice(10 * k, 10 * k + 10)
            with open(f"{folder}/{name}/data_batch_{k + 1}", "wb") as f:
                pickle.dump({key("data"): data[part], key("labels"): labels[part],
                             key("filenames"): [key(f"{i}.png") for i in range(10)]}, f, protocol)
        with open(f"{folder}/{name}/batches.meta", "wb") as f:
            pickle.dump({key("label_names"): [key(f"class {i}") for i in range(10)]}, f, protocol)
        expect("cifar10", "train", name, data.reshape(50, 3, 32, 32), np.array(labels))

# MNIST, gzipped in two members.
os.mkdir(f"{folder}/mnist")
images = random.integers(0, 256, (20, 28, 28), dtype=np.uint8)
labels = np.arange(20) % 10
whole = struct.pack(">IIII", 0x803, 20, 28, 28) + images.tobytes()
with open(f"{folder}/mnist/train-images.idx3-ubyte.gz", "wb") as f:
    f.write(gzip.compress(whole[:5000]) + gzip.compress(whole[5000:]))
with open(f"{folder}/mnist/train-labels-idx1-ubyte", "wb") as f:
    f.write(struct.pack(">II", 0x801, 20) + labels.astype(np.uint8).tobytes())
expect("mnist", "train", "mnist", images, labels)

# What is refused.
os.mkdir(f"{folder}/shape")
for k in range(5):
    with open(f"{folder}/shape/data_batch_{k + 1}", "wb") as f:
        pickle.dump({"data": np.zeros((20, 3, 32, 32), "u1"), "labels": [0] * 20}, f)
os.mkdir(f"{folder}/complex")
scipy.io.savemat(f"{folder}/complex/test_32x32.mat", {"X": x + 1j, "y": y})
os.mkdir(f"{folder}/text")
scipy.io.savemat(f"{folder}/text/test_32x32.mat", {"X": x, "y": "abc"})
END
[ -s "$dir/list" ] || exit 99

fingerprint() {
	"$BASIN" data info "$@" --json >"$dir/out" 2>"$dir/err" && member fingerprint
}

while read -r set split arrays; do
	wanted=$(fingerprint "npy:$arrays")
	got=$(fingerprint "$set" --split "$split")
	[ -n "$wanted" ] && [ "$got" = "$wanted" ]
	same=$?
	ok $same "${set##*/} is read as NumPy has it"
	[ $same = 0 ] || shown "$dir/err"
done <"$dir/list"
"$BASIN" data write shapes --format svhn --out "$dir/written" >"$dir/out" && "$python" - "$dir" <<'END'
import sys
import numpy as np
import scipy.io

folder = sys.argv[1]
got = scipy.io.loadmat(f"{folder}/written/test_32x32.mat")
assert got["X"].dtype == got["y"].dtype == np.uint8 and got["y"].shape == (2000, 1)
np.save(f"{folder}/written-x.npy", got["X"].transpose(3, 2, 0, 1))
np.save(f"{folder}/written-y.npy", got["y"] % 10)
END
[ "$(fingerprint "npy:$dir/written-x.npy,$dir/written-y.npy")" = "$(fingerprint shapes --split test)" ]
ok $? "what data write makes of shapes is read by SciPy"
fails 2 "data_batch_1: member 'data' has shape (20, 3, 32, 32); (n, 3072) was expected" "the whole shape is said" \
	"$BASIN" data info "cifar10:$dir/shape"
fails 2 "member 'X' is a 32×32×3×40 complex double array; a 32×32×3×n uint8 array was expected" "complex images are refused" \
	"$BASIN" data info "svhn:$dir/complex" --split test
fails 2 "member 'y' is a 1×3 char array; 40×1 or 1×40 numbers were expected" "labels that are text are refused" \
	"$BASIN" data info "svhn:$dir/text" --split test
done_testing
