#!/usr/bin/python3
"""How far from the optimum `sounder train` ends when nobody types an option.

    compare_defaults.py SOUNDER FOLDER [--sets A,B] [--models A,B]
        [--systems A,B] [--seeds N] [--out FILE]
    compare_defaults.py --show FILE

SOUNDER is the built program. FOLDER holds what it finds of a9a, w8a,
rcv1_ccat_train.svm, rcv1_ccat_train.topics (and their _test twins),
news20.svm, each plain or .xz, and folders mnist and cifar10; missing ones are
named and left out. Five sets come with Debian's python3-sklearn, the others
the program generates. Nothing but data, model, topology and replicas is given.

Each cell is the objective over the optimum's: median and worst of the seeds,
then the median test error less the optimum's in points. The optimum is
scikit-learn's (liblinear for the hinge loss, which ends within 1e-4) or
L-BFGS's in double precision (of pixels, after 100 and 300 iterations, in floats),
of the same penalty on the same features: what
the program says it has done to them (--normalise) is done here once more, in
numpy. A cell above 1.05, a worst case above 1.15 or an error more than 0.3
points above the optimum's is marked *. JSON lines go to FILE, of which --show
makes tables in Markdown.
"""

import argparse
import json
import lzma
import os
import statistics
import subprocess
import sys
import tempfile
import warnings

import numpy
import scipy.sparse
from scipy.optimize import minimize
from sklearn import datasets
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import LinearSVC

SYSTEMS = ["serial", "hogwild:2", "star:2", "star:4", "hogwildpp:2",
           "hogwildpp:4", "ea-wild:2", "ea-wild:4", "easgd:2", "ad-psgd:2",
           "d-psgd:2", "sgp:2", "ssp:2", "local-sgd:2", "allreduce:2",
           "allreduce:4"]
TOPICS = ["GCAT", "ECAT", "MCAT"]
BINARY, MANY = ["svm", "logistic"], ["ovr", "softmax"]


class Set:
    """Samples twice: as options of the program, and as matrices."""

    def __init__(self, name, options, models, train, test):
        self.name, self.options, self.models = name, options, models
        self.train, self.test = train, test  # (x, y)


def plain(folder, name, scratch):
    """Path of the uncompressed file; None where there is none."""
    path = os.path.join(folder, name)
    if os.path.exists(path):
        return path
    if not os.path.exists(path + ".xz"):
        return None
    copy = os.path.join(scratch, name)
    with lzma.open(path + ".xz") as source, open(copy, "wb") as out:
        out.write(source.read())
    return copy


def halves(rows):
    """Four fifths of the rows at random, and the rest."""
    order = numpy.random.RandomState(0).permutation(rows)
    return order[:rows * 4 // 5], order[rows * 4 // 5:]


def from_files(name, models, files, features, extra=()):
    options = ["--data", files[0], "--test", files[1], "--features",
               str(features), *extra]
    return Set(name, options, models,
               *(datasets.load_svmlight_file(f, n_features=features)
                 for f in files))


def split_files(name, models, path, features, scratch, change=None):
    x, y = datasets.load_svmlight_file(path, n_features=features)
    if change:
        x = change(x)
    files = []
    for part, rows in zip(("train", "test"), halves(len(y))):
        files.append(os.path.join(scratch, f"{name}.{part}.svm"))
        datasets.dump_svmlight_file(x[rows], y[rows], files[-1],
                                    zero_based=False)
    return from_files(name, models, files, features)


def unit_rows(x):
    if scipy.sparse.issparse(x):
        norms = numpy.sqrt(numpy.asarray(x.multiply(x).sum(1)).ravel())
        norms[norms == 0] = 1
        return scipy.sparse.diags(1 / norms) @ x
    norms = numpy.linalg.norm(x, axis=1, keepdims=True)
    norms[norms == 0] = 1
    return x / norms


def shipped(name, models, scratch):
    """A set of scikit-learn's, as CSV with the label first."""
    found = getattr(datasets, f"load_{name}")()
    options, parts = [], []
    for option, rows in zip(("--data", "--test"), halves(len(found.target))):
        x, y = found.data[rows], found.target[rows].astype(float)
        path = os.path.join(scratch, f"{name}{option}.csv")
        numpy.savetxt(path, numpy.c_[y, x], delimiter=",", fmt="%.9g")
        options += [option, path]
        parts.append((x, y))
    return Set(name, options, models, *parts)


def generated(kind, models, sounder, scratch):
    files = [os.path.join(scratch, f"{kind}.{part}.svm")
             for part in ("train", "test")]
    rows = ["--rows", "20000"] if kind == "sparse" else []
    subprocess.run([sounder, "data", "generate", "--kind", kind, "--quiet",
                    *rows, "--out", files[0], "--test-out", files[1]],
                   check=True)
    features = {"p1": 100, "p4": 5, "sparse": 47236}[kind]
    return from_files(kind, models, files, features)


def images(name, folder):
    """Pixels as bytes, rows of them."""
    def idx(part):
        with open(os.path.join(folder, part), "rb") as f:
            return numpy.frombuffer(f.read(), numpy.uint8)
    if name == "mnist":
        parts = [(idx(f"{p}-images-idx3-ubyte")[16:].reshape(-1, 784),
                  idx(f"{p}-labels-idx1-ubyte")[8:]) for p in ("train", "t10k")]
    else:
        batch = [[f"data_batch_{k}.bin" for k in range(1, 6)],
                 ["test_batch.bin"]]
        parts = []
        for names in batch:
            all_rows = numpy.concatenate(
                [idx(n).reshape(-1, 3073) for n in names])
            parts.append((all_rows[:, 1:], all_rows[:, 0]))
    parts = [(x.astype(numpy.float32), y.astype(float)) for x, y in parts]
    return Set(name, ["--data", folder], MANY, *parts)


def all_sets(sounder, folder, scratch, wanted):
    """Yields the sets; says which are not there."""
    def use(name):
        return not wanted or name in wanted

    for name, models in (("digits", MANY), ("wine", MANY), ("iris", MANY),
                         ("breast_cancer", BINARY),
                         ("diabetes", ["least-squares"])):
        if use(name):
            yield shipped(name, models, scratch)
    for kind, models in (("p1", BINARY), ("p4", ["least-squares"]),
                         ("sparse", BINARY)):
        if use(kind):
            yield generated(kind, models, sounder, scratch)
    for name, features in (("a9a", 123), ("w8a", 300)):
        path = use(name) and plain(folder, name, scratch)
        if path:
            yield split_files(name, BINARY, path, features, scratch)
        elif use(name):
            print(f"{name}: not in {folder}, left out", file=sys.stderr)
    files = [plain(folder, f"rcv1_ccat_{p}.svm", scratch)
             for p in ("train", "test")]
    topics = [plain(folder, f"rcv1_ccat_{p}.topics", scratch)
              for p in ("train", "test")]
    if all(files) and use("rcv1-CCAT"):
        yield from_files("rcv1-CCAT", BINARY, files, 47236)
    for topic in TOPICS if all(files) and all(topics) else []:
        if not use(f"rcv1-{topic}"):
            continue
        found = from_files(f"rcv1-{topic}", BINARY, files, 47236,
                           ["--topics", topics[0], "--test-topics", topics[1],
                            "--topic", topic])
        for part, path in zip(("train", "test"), topics):
            with open(path) as lines:
                y = numpy.array([1.0 if topic in line.split() else -1.0
                                 for line in lines])
            setattr(found, part, (getattr(found, part)[0], y))
        yield found
    path = plain(folder, "news20.svm", scratch)
    for name, change in (("news20-raw", None), ("news20-unit", unit_rows)):
        if path and use(name):
            yield split_files(name, MANY, path, 62061, scratch, change)
    for name in ("mnist", "cifar10"):
        pixels = os.path.join(folder, name)
        if os.path.isdir(pixels) and use(name):
            yield images(name, pixels)


def as_trained(one, kind, bias):
    """Both halves with the features that the program trains on."""
    (x, y), (xt, yt) = one.train, one.test
    sparse = scipy.sparse.issparse(x)
    bytes_ = one.name in ("mnist", "cifar10")
    if kind == "unit-rows":
        x, xt = unit_rows(x), unit_rows(xt)
    elif kind == "max-abs":
        top = (numpy.asarray(abs(x).max(0).todense()).ravel() if sparse
               else abs(x).max() if bytes_ else abs(x).max(0))
        top = numpy.where(top == 0, 1, top)
        x, xt = ((x @ scipy.sparse.diags(1 / top), xt @ scipy.sparse.diags(
            1 / top)) if sparse else (x / top, xt / top))
    elif kind == "standard" and sparse:
        rms = numpy.sqrt(numpy.asarray(x.multiply(x).mean(0)).ravel())
        rms[rms == 0] = 1
        x, xt = (m @ scipy.sparse.diags(1 / rms) for m in (x, xt))
    elif kind == "standard":
        axis = None if bytes_ else 0
        mean = x.mean(axis, dtype=float) if bias else 0.0
        spread = numpy.sqrt(((x - mean) ** 2).mean(axis, dtype=float))
        spread = numpy.where(spread == 0, 1, spread)
        x, xt = (x - mean) / spread, (xt - mean) / spread
    if bias:
        stack = ((lambda m: scipy.sparse.hstack(
            [m, numpy.full((m.shape[0], 1), bias)]).tocsr()) if sparse else
            (lambda m: numpy.c_[m, numpy.full(len(m), bias)]))
        x, xt = stack(x), stack(xt)
    if not sparse and x.size > 1e7:
        x, xt = x.astype(numpy.float32), xt.astype(numpy.float32)
    return (x, y), (xt, yt)


def hinge_optimum(x, y, classes):
    w, total = [], 0.0
    for c in classes[-1:] if len(classes) == 2 else classes:
        side = numpy.where(y == c, 1.0, -1.0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            found = LinearSVC(loss="hinge", C=1.0, fit_intercept=False,
                              tol=1e-5, max_iter=100 if x.size > 1e7 else
                              5000).fit(x, side)
        w.append(found.coef_.ravel())
        total += (numpy.maximum(0, 1 - side * (x @ w[-1])).mean() +
                  w[-1] @ w[-1] / (2 * len(y)))
    return total, numpy.array(w).T


def smooth_optimum(x, y, model, classes):
    n, features = x.shape
    outputs = len(classes) if model == "softmax" else 1
    target = (y[:, None] == classes[None]).astype(x.dtype)
    side = numpy.where(y == classes[-1], 1.0, -1.0)

    def value(flat):
        w = flat.reshape(features, outputs)
        z = x @ w.astype(x.dtype)
        if model == "least-squares":
            gap = z[:, 0] - y
            loss, slope = 0.5 * (gap @ gap) / n, gap[:, None]
        elif model == "logistic":
            m = side * z[:, 0]
            loss = numpy.logaddexp(0, -m).mean()
            slope = (-side / (1 + numpy.exp(numpy.clip(m, -500, 500))))[:, None]
        else:
            z = z - z.max(1, keepdims=True)
            e = numpy.exp(z)
            s = e.sum(1, keepdims=True)
            loss = (numpy.log(s[:, 0]) - (z * target).sum(1)).mean(dtype=float)
            slope = e / s - target
        gradient = x.T @ (slope / n).astype(x.dtype) + w / n
        return loss + flat @ flat / (2 * n), gradient.astype(float).ravel()

    found = minimize(value, numpy.zeros(features * outputs), jac=True,
                     method="L-BFGS-B",
                     options={"maxiter": 300 if x.size > 1e7 else 2000,
                              "maxfun": 3000, "ftol": 1e-11, "gtol": 1e-8})
    return found.fun, found.x.reshape(features, outputs)


def optimum(one, model, kind, bias):
    """Objective and test error (None for regression) of the best model."""
    (x, y), (xt, yt) = as_trained(one, kind, bias)
    classes = numpy.unique(y)
    if model in ("svm", "ovr"):
        loss, w = hinge_optimum(x, y, classes)
    else:
        loss, w = smooth_optimum(x, y, model, classes)
    if model == "least-squares":
        return loss, None
    z = xt @ w
    said = (classes[z.argmax(1)] if w.shape[1] > 1
            else numpy.where(z[:, 0] > 0, classes[-1], classes[0]))
    return loss, float(numpy.mean(said != yt))


def train(sounder, one, model, system, seed):
    name, _, count = system.partition(":")
    size = (["--workers" if name == "hogwild" else "--replicas", count]
            if count else [])
    done = subprocess.run(
        [sounder, "train", *one.options, "--model", model, "--topology", name,
         *size, "--seed", str(seed), "--quiet", "--output", "json"],
        capture_output=True, text=True, timeout=1800)
    if not done.stdout:
        raise RuntimeError(done.stderr.strip())
    return json.loads(done.stdout) | {"exit": done.returncode}


def show(path):
    """A table a model, a row a set, a column a system."""
    cells = {}
    with open(path) as lines:
        for cell in map(json.loads, lines):
            cells[cell["set"], cell["model"], cell["system"]] = cell
    for model in dict.fromkeys(m for _, m, _ in cells):
        systems = [s for s in SYSTEMS if any(
            (m, t) == (model, s) for _, m, t in cells)]
        print(f"\n**{model}**\n")
        print("| set | optimum, error | epochs | " + " | ".join(
            s.replace(":", " ") for s in systems) + " |")
        print("|---" * (len(systems) + 3) + "|")
        for name in dict.fromkeys(s for s, m, _ in cells if m == model):
            row = {s: cells.get((name, model, s)) for s in systems}
            known = [c for c in row.values() if c and "median" in c]
            if not known:
                continue
            error = known[0]["optimum_error"]
            shown = "" if error is None else f", {100 * error:.2f} %"
            print(f"| {name} | {known[0]['optimum']:.5g}{shown} | "
                  f"{known[0]['epochs']} | " +
                  " | ".join(as_cell(c) for c in row.values()) + " |")


def as_cell(cell):
    if cell is None:
        return ""
    if "median" not in cell:
        return "failed"
    text = "{median:.3f} ({worst:.3f})".format(**cell)
    if cell["points"] is not None and cell["points"] > 0.3:
        text += " {points:+.1f}".format(**cell)
    return f"**{text}**" if cell["text"].endswith("*") else text


def main():
    if sys.argv[1:2] == ["--show"] and len(sys.argv) == 3:
        show(sys.argv[2])
        return
    options = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("sounder")
    options.add_argument("folder")
    options.add_argument("--sets", default="")
    options.add_argument("--models", default="")
    options.add_argument("--systems", default=",".join(SYSTEMS))
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--out")
    given = options.parse_args()
    wanted = set(filter(None, given.sets.split(",")))
    models = set(filter(None, given.models.split(",")))
    out = open(given.out, "a") if given.out else None
    with tempfile.TemporaryDirectory() as scratch:
        for one in all_sets(given.sounder, given.folder, scratch, wanted):
            for model in one.models:
                if models and model not in models:
                    continue
                best = {}
                for system in given.systems.split(","):
                    cell = measure(given, one, model, system, best)
                    print("{set:14} {model:13} {system:12} {text}".format(
                        **cell), flush=True)
                    if out:
                        print(json.dumps(cell), file=out, flush=True)


def measure(given, one, model, system, best):
    cell = {"set": one.name, "model": model, "system": system}
    ratios, errors, seconds = [], [], []
    try:
        for seed in range(1, given.seeds + 1):
            run = train(given.sounder, one, model, system, seed)
            how = run["normalised"], run["bias"]
            if how not in best:
                best[how] = optimum(one, model, *how)
            loss, error = best[how]
            last = run["epochs"][-1]
            ratios.append(last["train_loss"] / loss if run["exit"] == 0
                          else float("inf"))
            seconds.append(run["train_s"])
            if error is not None:
                errors.append(100 * (last["test_error"] - error))
    except (RuntimeError, subprocess.TimeoutExpired) as problem:
        return cell | {"text": f"failed: {problem} *"}
    cell |= {"optimum": loss, "optimum_error": error,
             "normalised": how[0], "epochs": last["epoch"],
             "median": statistics.median(ratios), "worst": max(ratios),
             "points": statistics.median(errors) if errors else None,
             "seconds": statistics.median(seconds)}
    missed = (cell["median"] > 1.05 or cell["worst"] > 1.15 or
              (cell["points"] or 0) > 0.3)
    text = "{median:.3f} {worst:.3f}".format(**cell)
    if errors:
        text += " {points:+.2f}".format(**cell)
    text += "  {epochs} epochs, {seconds:.3g} s".format(**cell)
    return cell | {"text": text + (" *" if missed else "")}


if __name__ == "__main__":
    main()
