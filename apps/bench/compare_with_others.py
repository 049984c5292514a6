#!/usr/bin/python3
"""Sounder against scikit-learn's SGDClassifier and liblinear, one run.

    compare_with_others.py SOUNDER FOLDER [--rounds N] [--json]

SOUNDER is the built program, FOLDER holds RCV1 (scripts/get-data rcv1: data/rcv1).
Needs Debian's python3-sklearn and liblinear4 (scripts/install-dependencies
--bench). All solve the same problem, mean hinge loss + |w|^2 / (2 n), without
a bias, on the same rows. Times are of the solvers alone; rounds go round all
candidates, so that a noisy machine treats all alike. Results are verified
before any ratio is printed.
"""

import argparse
import bz2
import ctypes
import json
import lzma
import os
import shutil
import subprocess
import sys
import tempfile
import time

import numpy
from sklearn.datasets import load_svmlight_file
from sklearn.linear_model import SGDClassifier

FEATURES = 47236
EPOCHS = 15
STEP, DECAY = 0.5, 0.8


def plain_file(folder, half, scratch):
    """Path of an uncompressed copy of the half, "train" or "test"."""
    for name, opened in [
        (f"rcv1_ccat_{half}.svm", open),
        (f"rcv1_ccat_{half}.svm.xz", lzma.open),
        (f"rcv1_{half}.binary.bz2", bz2.open),
    ]:
        path = os.path.join(folder, name)
        if os.path.exists(path):
            copy = os.path.join(scratch, f"{half}.svm")
            with opened(path, "rb") as source, open(copy, "wb") as out:
                shutil.copyfileobj(source, out)
            return copy
    sys.exit(f"no RCV1 in {folder}; scripts/get-data rcv1 {folder}")


def objective(x, y, w):
    loss = numpy.maximum(0.0, 1.0 - y * (x @ w)).mean()
    return loss + w @ w / (2 * len(y))


def accuracy(x, y, w):
    return float(numpy.mean(numpy.where(x @ w > 0, 1, -1) == y))


class Liblinear:
    """liblinear's own library (2.3, linear.h), called in memory."""

    class Node(ctypes.Structure):
        _fields_ = [("index", ctypes.c_int), ("value", ctypes.c_double)]

    class Problem(ctypes.Structure):
        _fields_ = [("l", ctypes.c_int), ("n", ctypes.c_int),
                    ("y", ctypes.POINTER(ctypes.c_double)),
                    ("x", ctypes.POINTER(ctypes.c_void_p)),
                    ("bias", ctypes.c_double)]

    class Parameter(ctypes.Structure):
        _fields_ = [("solver_type", ctypes.c_int), ("eps", ctypes.c_double),
                    ("C", ctypes.c_double), ("nr_weight", ctypes.c_int),
                    ("weight_label", ctypes.POINTER(ctypes.c_int)),
                    ("weight", ctypes.POINTER(ctypes.c_double)),
                    ("p", ctypes.c_double),
                    ("init_sol", ctypes.POINTER(ctypes.c_double))]

    class Model(ctypes.Structure):
        pass

    Model._fields_ = [("param", Parameter), ("nr_class", ctypes.c_int),
                      ("nr_feature", ctypes.c_int),
                      ("w", ctypes.POINTER(ctypes.c_double)),
                      ("label", ctypes.POINTER(ctypes.c_int)),
                      ("bias", ctypes.c_double)]

    def __init__(self, x, y):
        self.library = ctypes.CDLL("liblinear.so.4")
        self.library.train.restype = ctypes.POINTER(self.Model)
        self.quiet = ctypes.CFUNCTYPE(None, ctypes.c_char_p)(lambda text: None)
        self.library.set_print_string_function(self.quiet)
        node = numpy.dtype([("index", numpy.int32), ("value", numpy.float64)],
                           align=True)
        rows = x.shape[0]
        self.nodes = numpy.zeros(x.nnz + rows, dtype=node)
        starts = x.indptr[:-1].astype(numpy.int64) + numpy.arange(rows)
        keep = numpy.ones(len(self.nodes), dtype=bool)
        keep[x.indptr[1:].astype(numpy.int64) + numpy.arange(rows)] = False
        self.nodes["index"][keep] = x.indices + 1
        self.nodes["value"][keep] = x.data
        self.nodes["index"][~keep] = -1
        self.pointers = (self.nodes.ctypes.data +
                         starts * node.itemsize).astype(numpy.uint64)
        self.y = numpy.ascontiguousarray(y, dtype=numpy.float64)
        self.problem = self.Problem(
            rows, x.shape[1],
            self.y.ctypes.data_as(ctypes.POINTER(ctypes.c_double)),
            self.pointers.ctypes.data_as(ctypes.POINTER(ctypes.c_void_p)), -1)

    def solve(self, eps):
        """(seconds, w) of L2R_L1LOSS_SVC_DUAL, C = 1."""
        parameter = self.Parameter(solver_type=3, eps=eps, C=1.0, p=0.1)
        begin = time.perf_counter()
        model = self.library.train(ctypes.byref(self.problem),
                                   ctypes.byref(parameter))
        seconds = time.perf_counter() - begin
        content = model.contents
        w = numpy.ctypeslib.as_array(content.w, (content.nr_feature,)).copy()
        return seconds, w if content.label[0] == 1 else -w


def run_sklearn(x, y):
    """(seconds of each epoch, w)"""
    model = SGDClassifier(loss="hinge", penalty="l2", alpha=1 / len(y),
                          learning_rate="constant", eta0=STEP,
                          fit_intercept=False, random_state=1)
    seconds = []
    for epoch in range(EPOCHS):
        model.set_params(eta0=STEP * DECAY**epoch)
        begin = time.perf_counter()
        model.partial_fit(x, y, classes=[-1, 1])
        seconds.append(time.perf_counter() - begin)
    return seconds, model.coef_[0]


def run_sounder(program, train, test, workers, scratch):
    """(records of the epochs, w)"""
    metrics = os.path.join(scratch, "metrics.jsonl")
    saved = os.path.join(scratch, "model.npz")
    subprocess.run(
        [program, "train", "--data", train, "--test", test,
         "--features", str(FEATURES), "--model", "svm",
         "--topology", "serial" if workers == 1 else "hogwild",
         "--workers", str(workers), "--epochs", str(EPOCHS),
         "--step", str(STEP), "--schedule", "decay", "--decay", str(DECAY),
         "--evaluate", "between", "--metrics", metrics, "--save", saved,
         "--quiet"], check=True, stdout=subprocess.DEVNULL)
    with open(metrics) as lines:
        records = [json.loads(line) for line in lines]
    w = numpy.load(saved)["weights"].ravel().astype(numpy.float64)
    return [r for r in records if r["event"] == "epoch"], w


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sounder")
    parser.add_argument("folder")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    median = lambda values: float(numpy.median(values))

    with tempfile.TemporaryDirectory() as scratch:
        train = plain_file(options.folder, "train", scratch)
        test = plain_file(options.folder, "test", scratch)
        x, y = load_svmlight_file(train, n_features=FEATURES)
        xt, yt = load_svmlight_file(test, n_features=FEATURES)
        liblinear = Liblinear(x, y)
        best_w = liblinear.solve(1e-5)[1]
        optimum = objective(x, y, best_w)

        # The loosest liblinear that is within 1 % of the optimum.
        for eps in (1.0, 0.5, 0.3, 0.2, 0.1, 0.05, 0.01, 1e-3):
            w = liblinear.solve(eps)[1]
            if objective(x, y, w) <= 1.01 * optimum:
                break
        liblinear_eps = eps

        epoch = {"sklearn": [], 1: [], 2: []}
        to_point = {"liblinear": [], "liblinear default": [], 1: [], 2: []}
        found = {}
        for _ in range(options.rounds):
            seconds, found["sklearn"] = run_sklearn(x, y)
            epoch["sklearn"].append(median(seconds))
            seconds, found["liblinear"] = liblinear.solve(liblinear_eps)
            to_point["liblinear"].append(seconds)
            seconds, found["liblinear default"] = liblinear.solve(0.1)
            to_point["liblinear default"].append(seconds)
            for workers in (1, 2):
                records, found[workers] = run_sounder(
                    options.sounder, train, test, workers, scratch)
                epoch[workers].append(records[-1]["train_s"] / EPOCHS)
                near = [r["train_s"] for r in records
                        if r["train_loss"] <= 1.01 * optimum]
                if not near:
                    sys.exit(f"{workers} workers: not within 1 % of the "
                             f"optimum after {EPOCHS} epochs")
                to_point[workers].append(near[0])

        base = median(epoch["sklearn"])
        goal = median(to_point["liblinear"])
        result = {
            "optimum": optimum,
            "sklearn_epoch_ms": base * 1e3,
            "liblinear_eps": liblinear_eps,
            "liblinear_ms": goal * 1e3,
            "liblinear_default_ms":
                median(to_point["liblinear default"]) * 1e3,
            "liblinear_test_accuracy": accuracy(xt, yt, best_w),
        }
        for workers in (1, 2):
            mine = median(epoch[workers])
            result[f"sounder_{workers}"] = {
                "epoch_ms": mine * 1e3,
                "epoch_rate_over_sklearn": base / mine,
                "objective_over_optimum":
                    objective(x, y, found[workers]) / optimum,
                "test_accuracy": accuracy(xt, yt, found[workers]),
                "ms_to_1_percent": median(to_point[workers]) * 1e3,
                "time_over_liblinear": median(to_point[workers]) / goal,
            }
    if options.json:
        print(json.dumps(result))
        return
    print(f"RCV1, {len(y)} x {FEATURES}, median of {options.rounds} rounds; "
          f"optimum {optimum:.5f}")
    print(f"{'':24}{'epoch ms':>10}{'x sklearn':>11}{'objective':>11}"
          f"{'test acc.':>11}{'ms to 1 %':>11}{'/ liblinear':>13}")
    row = lambda name, *cells: print(f"{name:24}" + "".join(cells))
    row("sklearn SGDClassifier", f"{base * 1e3:10.2f}", f"{1:11.2f}",
        f"{objective(x, y, found['sklearn']) / optimum:11.4f}",
        f"{accuracy(xt, yt, found['sklearn']):11.4f}")
    for name, eps in (("liblinear", liblinear_eps),
                      ("liblinear default", 0.1)):
        taken = median(to_point[name])
        row(f"liblinear, eps {eps:g}", " " * 21,
            f"{objective(x, y, found[name]) / optimum:11.4f}",
            f"{accuracy(xt, yt, found[name]):11.4f}", f"{taken * 1e3:11.2f}",
            f"{taken / goal:13.2f}")
    for workers in (1, 2):
        r = result[f"sounder_{workers}"]
        row(f"sounder, {workers} worker{'s'[:workers - 1]}",
            f"{r['epoch_ms']:10.2f}", f"{r['epoch_rate_over_sklearn']:11.2f}",
            f"{r['objective_over_optimum']:11.4f}",
            f"{r['test_accuracy']:11.4f}", f"{r['ms_to_1_percent']:11.2f}",
            f"{r['time_over_liblinear']:13.2f}")


if __name__ == "__main__":
    main()
