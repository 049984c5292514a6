#!/usr/bin/python3
"""LeNet's outputs in Sounder and in PyTorch with the same weights, both ways.

    logits.py SOUNDER

Exit code 77 means skipped: no torch or numpy.
"""

import os
import re
import struct
import subprocess
import sys
import tempfile

try:
    import numpy
    import torch
except ImportError as problem:
    print(f"skipped: {problem}")
    sys.exit(77)

TOLERANCE = 1e-4  # logits are of order 1; sums of some hundred floats


class LeNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = torch.nn.Conv2d(6, 16, 5)
        self.fc1 = torch.nn.Linear(400, 120)
        self.fc2 = torch.nn.Linear(120, 84)
        self.fc3 = torch.nn.Linear(84, 10)

    def forward(self, x):
        x = torch.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = torch.max_pool2d(torch.relu(self.conv2(x)), 2)
        x = torch.flatten(x, 1)
        x = torch.relu(self.fc1(x))
        x = torch.relu(self.fc2(x))
        return self.fc3(x)


def load(model, file):
    """Gives a PyTorch model the weights of a file."""
    arrays = numpy.load(file)
    state = model.state_dict()
    for name, p in state.items():
        if name not in arrays:  # num_batches_tracked of batch norm
            continue
        v = arrays[name]
        if v.ndim == 4:  # (outputs, height, width, channels)
            v = v.transpose(0, 3, 1, 2)
        state[name] = torch.tensor(v.reshape(p.shape))
    model.load_state_dict(state)


def save(model, like, file):
    """Writes a PyTorch model's weights in the shapes of the file `like`."""
    arrays = dict(numpy.load(like))
    for name, p in model.state_dict().items():
        if name not in arrays:
            continue
        v = p.numpy()
        if arrays[name].ndim == 4:
            n, height, width, channels = arrays[name].shape
            v = v.reshape(n, channels, height, width).transpose(0, 2, 3, 1)
        arrays[name] = numpy.ascontiguousarray(v, dtype=numpy.float32)
    numpy.savez(file, **arrays)


def input_of(file, images):
    """What the network makes of images on their way in."""
    line = str(numpy.load(file)["sounder.network"]).split("\n")[0]
    mean = float(re.search(r"mean=(\S+)", line).group(1))
    deviation = float(re.search(r"deviation=(\S+)", line).group(1))
    return torch.tensor((images - mean) / deviation, dtype=torch.float32)


def write_images(folder, half, images, labels):
    with open(f"{folder}/{half}-images-idx3-ubyte", "wb") as out:
        out.write(struct.pack(">4I", 2051, *images.shape) + images.tobytes())
    with open(f"{folder}/{half}-labels-idx1-ubyte", "wb") as out:
        out.write(struct.pack(">2I", 2049, len(labels)) + labels.tobytes())


def make_images(random, count):
    """Blocks that are brighter than the rest; where tells the class."""
    labels = (numpy.arange(count) % 10).astype(numpy.uint8)
    images = random.integers(0, 128, (count, 28, 28), dtype=numpy.uint8)
    for image, label in zip(images, labels):
        row, column = divmod(int(label), 4)
        image[9 * row : 9 * row + 7, 7 * column : 7 * column + 7] += 100
    return images, labels


def main():
    sounder = sys.argv[1]
    random = numpy.random.default_rng(1)
    torch.manual_seed(1)

    def run(*words):
        clean = {k: v for k, v in os.environ.items() if "SOUNDER_" not in k}
        return subprocess.run(
            [sounder, *words], check=True, stdout=subprocess.PIPE, env=clean
        ).stdout.decode()

    def scores(file, folder):
        lines = run("predict", "--model-file", file, "--data", folder, "--scores")
        return numpy.array(
            [[float(x) for x in line.split()[1:]] for line in lines.splitlines()]
        )

    def check(what, model, file, folder, images):
        with torch.no_grad():
            theirs = model(input_of(file, images[:, None])).numpy()
        off = numpy.abs(theirs - scores(file, folder)).max()
        print(f"{what}: logits up to {numpy.abs(theirs).max():.3g}, off by {off:.2g}")
        if not off < TOLERANCE:
            sys.exit("FAILED: not the same network")

    with tempfile.TemporaryDirectory() as folder:
        write_images(folder, "train", *make_images(random, 200))
        images, labels = make_images(random, 50)
        write_images(folder, "t10k", images, labels)
        ours, theirs = f"{folder}/ours.npz", f"{folder}/theirs.npz"

        run("train", "--data", folder, "--model", "lenet", "--epochs", "2",
            "--save", ours, "--quiet")
        model = LeNet()
        load(model, ours)
        check("from Sounder to PyTorch", model, ours, folder, images)

        model = LeNet()  # other weights
        save(model, ours, theirs)
        check("from PyTorch to Sounder", model, theirs, folder, images)
        run("train", "--data", folder, "--model", "lenet", "--resume", theirs,
            "--epochs", "1", "--quiet")


if __name__ == "__main__":
    main()
