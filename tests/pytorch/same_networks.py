#!/usr/bin/python3
"""Networks in Sounder and in PyTorch with the same weights: what they say of
images, and a step of gradient descent.

    same_networks.py SOUNDER

Exit code 77 means skipped: no torch or numpy. Where CI=true that is a failure.
"""

import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # beside the modules, among the sources

try:
    import numpy
    import torch
    from models import Cnn, LeNet, LstmMnist
    from weights import input_of, load, save
except ImportError as problem:
    if os.environ.get("CI") == "true":
        sys.exit(f"FAILED: {problem}; scripts/install-dependencies --pytorch")
    print(f"skipped: {problem}")
    sys.exit(77)

# Of what is compared, in lengths of vectors. Sums of some thousand floats lose
# 1e-5; single numbers near 0 have no digits to compare.
TOLERANCE = 1e-4

# A gradient shorter than this share of the whole is compared with the whole: a
# bias before batch norm has none, but what rounding leaves.
LEAST_SHARE = 1e-3

# Which of two numbers a max pool takes, or on which side of 0 a ReLU is, can
# hang on the last bit, and then a term of the gradient goes somewhere else, which
# is more than the tolerance. That is rare, so the nearest of some batches counts:
# what is wrong with a layer is wrong in all of them.
BATCHES = 3

ROWS = 10  # of a batch, one of each class
STEP = 16  # a gradient is the way over it: long, for weights are rounded

sounder = sys.argv[1]
random = numpy.random.default_rng(1)


def run(*words):
    clean = {k: v for k, v in os.environ.items() if "SOUNDER_" not in k}
    done = subprocess.run(
        [sounder, *words], check=True, stdout=subprocess.PIPE, env=clean
    )
    return done.stdout.decode()


def make_images(count, shape):
    """Noise that is brighter in a stretch of its own for each class."""
    labels = numpy.arange(count) % 10
    images = random.integers(0, 128, (count, *shape))
    stretches = images.reshape(count, -1)  # shares the memory
    width = stretches.shape[1] // 10
    for values, label in zip(stretches, labels):
        values[width * label : width * (label + 1)] += 100
    return images, labels


def write_images(file, images, labels):
    rows = numpy.column_stack([labels, images.reshape(len(images), -1)])
    numpy.savetxt(file, rows, fmt="%d", delimiter=",")


def distance(ours, theirs, least=0.0):
    off = torch.linalg.vector_norm(ours - theirs)
    return float(off / max(torch.linalg.vector_norm(theirs), least))


def expect_near(what, off):
    print(f"{what}: off by {off:.2g}")
    if not off < TOLERANCE:
        sys.exit("FAILED: not the same network")


class Case:
    def __init__(self, name, make, shape, folder):
        self.name, self.make, self.shape = name, make, shape
        self.ours, self.theirs, self.stepped, self.data = (
            f"{folder}/{name}{ending}"
            for ending in ("_ours.npz", "_theirs.npz", "_stepped.npz", ".csv")
        )

    def train(self, *words):
        run("train", "--data", self.data, "--model", self.name, "--epochs", "1",
            "--quiet", *words)

    def compare_outputs(self, what, model, file):
        images, labels = make_images(50, self.shape)
        write_images(self.data, images, labels)
        lines = run("predict", "--model-file", file, "--data", self.data, "--scores")
        ours = [[float(x) for x in line.split()[1:]] for line in lines.splitlines()]
        with torch.no_grad():
            theirs = model.eval()(input_of(file, images))
        expect_near(f"{self.name}, {what}", distance(torch.tensor(ours), theirs))

    def step(self, start):
        """By block, how far Sounder's step from these weights is from PyTorch's."""
        images, labels = make_images(ROWS, self.shape)
        write_images(self.data, images, labels)
        self.train("--resume", self.theirs, "--save", self.stepped, "--batch",
                   str(ROWS), "--step", str(STEP), "--step-rule", "constant")
        end = self.make()
        load(end, self.stepped)
        model = self.make().train()
        model.load_state_dict(start)
        outputs = model(input_of(self.stepped, images))
        torch.nn.functional.cross_entropy(outputs, torch.tensor(labels)).backward()

        gradients = {name: p.grad for name, p in model.named_parameters()}
        whole = torch.cat([g.flatten() for g in gradients.values()])
        least = LEAST_SHARE * float(torch.linalg.vector_norm(whole))
        off = {}
        for name, theirs in gradients.items():
            ours = (start[name] - end.state_dict()[name]) / STEP
            off[name] = distance(ours, theirs, least)
        for name, theirs in model.named_buffers():  # running statistics
            if "running" in name:
                off[name] = distance(end.state_dict()[name], theirs)
        return off

    def check(self):
        write_images(self.data, *make_images(200, self.shape))
        self.train("--save", self.ours)
        model = self.make()
        load(model, self.ours)
        self.compare_outputs("from Sounder to PyTorch", model, self.ours)

        model = self.make()  # other weights
        save(model, self.ours, self.theirs)
        self.compare_outputs("from PyTorch to Sounder", model, self.theirs)

        steps = [self.step(model.state_dict()) for _ in range(BATCHES)]
        for name in steps[0]:
            expect_near(f"{self.name}, step of {name}", min(s[name] for s in steps))


def main():
    torch.manual_seed(1)
    with tempfile.TemporaryDirectory() as folder:
        Case("lenet", LeNet, (1, 28, 28), folder).check()
        Case("cnn", Cnn, (3, 32, 32), folder).check()
        Case("lstm-mnist", LstmMnist, (1, 28, 28), folder).check()


main()
