"""A network in Sounder and in PyTorch with the same weights, compared on images.

Needs numpy and torch: what imports it skips, or fails, by `skip`. The program is
the first argument of the script.
"""

import os
import subprocess
import sys

import numpy
import torch
from weights import input_of, load, save

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
    """The network of --model and the options after it, by default of that name."""

    def __init__(self, name, make, shape, folder, model=(), count=50):
        self.name, self.make, self.shape, self.count = name, make, shape, count
        self.model = model or (name,)
        self.ours, self.theirs, self.stepped, self.data = (
            f"{folder}/{name}{ending}"
            for ending in ("_ours.npz", "_theirs.npz", "_stepped.npz", ".csv")
        )

    def train(self, *words):
        run("train", "--data", self.data, "--model", *self.model, "--epochs", "1",
            "--quiet", "--stall-deadline", "600", *words)

    def compare_outputs(self, what, model, file):
        images, labels = make_images(self.count, self.shape)
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
        self.train("--warm-start", self.theirs, "--save", self.stepped, "--batch",
                   str(ROWS), "--step", str(STEP), "--schedule", "constant")
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

    def check_outputs(self):
        write_images(self.data, *make_images(4 * self.count, self.shape))
        self.train("--save", self.ours, "--step", "0.001")
        model = self.make()
        load(model, self.ours)
        self.compare_outputs("from Sounder to PyTorch", model, self.ours)

        model = self.make()  # other weights
        save(model, self.ours, self.theirs)
        self.compare_outputs("from PyTorch to Sounder", model, self.theirs)
        return model

    def check(self):
        start = self.check_outputs().state_dict()
        steps = [self.step(start) for _ in range(BATCHES)]
        for name in steps[0]:
            expect_near(f"{self.name}, step of {name}", min(s[name] for s in steps))
