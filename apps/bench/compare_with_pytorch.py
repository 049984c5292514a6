#!/usr/bin/python3
"""How many samples a second does Sounder train, and how many PyTorch?

  apps/bench/compare_with_pytorch.py [--rounds N] [--only MODEL] [--seconds S]

Needs build/release/bin/sounder, python3-torch and python3-numpy. The same
random images for both, plain SGD, single precision. PyTorch gets the best of
its settings, found first: with and without channels_last, and the cores that
OpenBLAS may take this processor for. One thread each; then two HOGWILD!
workers of Sounder, and its star and ring of two replicas, against two PyTorch
processes on one shared model.

Before timing, both have to lower the loss. Rates are the best of the rounds,
which go in turn, so that a noisy machine treats both alike.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOUNDER = ROOT / "build/release/bin/sounder"

# model, batch, target ratio, samples of a round
CASES = [
    ("cnn", 32, 1.3, 4096),
    ("cnn", 128, 1.3, 4096),
    ("lenet", 32, 1.5, 60000),
    ("lenet", 256, 1.5, 60000),
    ("lstm-mnist", 32, 1.5, 8192),
    ("lstm-mnist", 256, 1.5, 8192),
]
PAIRS = [("cnn", 32, 1.3, 8192), ("lenet", 32, 1.5, 60000)]
CORES = ["", "Haswell", "Zen", "Cooperlake"]


# ---- PyTorch, in processes of its own


def torch_model(name):
    import torch
    from torch import nn

    class Sequence(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1 = nn.Linear(28, 128)
            self.lstm = nn.LSTM(128, 128, batch_first=True)
            self.fc2 = nn.Linear(128, 10)

        def forward(self, x):
            h, _ = self.lstm(self.fc1(x.view(x.shape[0], 28, 28)))
            return self.fc2(h[:, -1])

    torch.manual_seed(1)
    if name == "cnn":
        def block(channels):
            return [nn.Conv2d(channels, 64, 3, padding=1), nn.BatchNorm2d(64),
                    nn.ReLU(), nn.MaxPool2d(2)]
        return nn.Sequential(*block(3), *block(64), nn.Flatten(),
                             nn.Linear(4096, 256), nn.ReLU(),
                             nn.Linear(256, 10))
    if name == "lenet":
        return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(),
                             nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
                             nn.MaxPool2d(2), nn.Flatten(),
                             nn.Linear(400, 120), nn.ReLU(),
                             nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))
    return Sequence()


def torch_steps(model, name, batch, channels_last, samples):
    """Trains on random batches; returns seconds, first and last loss."""
    import torch
    from torch.nn import functional

    shape = (3, 32, 32) if name == "cnn" else (1, 28, 28)
    x = torch.randn(batch, *shape)
    y = torch.randint(0, 10, (batch,))
    if channels_last:
        x = x.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    losses = []

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())

    for _ in range(3):
        step()
    begin = time.perf_counter()
    for _ in range(max(1, samples // batch)):
        step()
    return time.perf_counter() - begin, float(losses[0]), float(losses[-1])


def torch_worker(name, batch, channels_last, samples, workers):
    import torch
    import torch.multiprocessing as processes

    torch.set_num_threads(1)
    model = torch_model(name)
    if channels_last and name != "lstm-mnist":
        model = model.to(memory_format=torch.channels_last)
    model.train()
    if workers == 1:
        spent, first, last = torch_steps(model, name, batch, channels_last,
                                         samples)
        assert last < first, "PyTorch's loss does not fall"
        rate = samples // batch * batch / spent
    else:
        model.share_memory()
        context = processes.get_context("fork")
        queue = context.Queue()

        def work():
            torch.set_num_threads(1)
            queue.put(torch_steps(model, name, batch, channels_last,
                                  samples // workers)[0])

        all_of_them = [context.Process(target=work) for _ in range(workers)]
        for p in all_of_them:
            p.start()
        spent = [queue.get(timeout=600) for _ in all_of_them]
        for p in all_of_them:
            p.join()
        rate = sum(samples // workers // batch * batch / s for s in spent)
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rate": rate, "peak_mb": peak}))


def run_torch(name, batch, channels_last, core, samples, workers=1):
    environment = dict(os.environ, OMP_NUM_THREADS="1",
                       OMP_WAIT_POLICY="PASSIVE")
    if core:
        environment["OPENBLAS_CORETYPE"] = core
    command = [sys.executable, __file__, "--torch", name, str(batch),
               str(int(channels_last)), str(samples), str(workers)]
    out = subprocess.run(command, env=environment, check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    return json.loads(out.splitlines()[-1])


def best_settings(name, batch, samples):
    """The fastest of PyTorch's settings on a short run."""
    few = max(batch * 4, samples // 16)
    layouts = [False] if name == "lstm-mnist" else [False, True]
    tried = {(core, layout): run_torch(name, batch, layout, core, few)["rate"]
             for core in CORES for layout in layouts}
    return max(tried, key=tried.get)


# ---- Sounder


def write_images(folder, name, rows):
    """Random images as CIFAR-10's and MNIST's files have them; a corner tells
    the label, so that there is something to learn."""
    random = numpy.random.default_rng(1)
    labels = random.integers(0, 10, rows, dtype=numpy.uint8)
    if name == "cnn":
        file = folder / f"cifar-{rows}.bin"
        pixels = random.integers(0, 256, (rows, 3072), dtype=numpy.uint8)
        pixels[:, -200:] = labels[:, None] * 25
        file.write_bytes(numpy.hstack([labels[:, None], pixels]).tobytes())
        return file
    file = folder / f"{rows}-images-idx3-ubyte"
    pixels = random.integers(0, 256, (rows, 784), dtype=numpy.uint8)
    pixels[:, -200:] = labels[:, None] * 25
    head = numpy.array([2051, rows, 28, 28], dtype=">i4").tobytes()
    file.write_bytes(head + pixels.tobytes())
    head = numpy.array([2049, rows], dtype=">i4").tobytes()
    (folder / f"{rows}-labels-idx1-ubyte").write_bytes(head + labels.tobytes())
    return file


def run_sounder(file, name, batch, extra=()):
    command = [str(SOUNDER), "train", "--model", name, "--data", str(file),
               "--batch", str(batch), "--epochs", "1", "--step",
               "0.3" if name == "lstm-mnist" else "0.01",
               "--output", "json", "--quiet", *extra]
    out = subprocess.run(command, check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    report = json.loads(out)
    assert report["epochs"][-1]["train_loss"] < 2.29, \
        "Sounder learns nothing (guessing costs 2.3)"
    return {"rate": report["samples"] / report["train_s"],
            "peak_mb": report["peak_rss_bytes"] / 2**20}


# ---- the comparison


def compare(folder, case, rounds, ways):
    """ways: name -> extra options of Sounder. Returns rows of a table."""
    name, batch, target, samples = case
    workers = 1 if "serial" in ways else 2
    core, layout = best_settings(name, batch, samples)
    file = write_images(folder, name, samples)
    theirs = []
    ours = {way: [] for way in ways}
    for _ in range(rounds):
        theirs.append(run_torch(name, batch, layout, core, samples, workers))
        for way, extra in ways.items():
            ours[way].append(run_sounder(file, name, batch, extra))
    best = max(r["rate"] for r in theirs)
    settings = (core or "default") + (" channels_last" if layout else "")
    for way, results in ours.items():
        rate = max(r["rate"] for r in results)
        ratio = rate / best
        print(f"{name:<12} {batch:>5} {way:<10} {rate:>10.0f} {best:>10.0f} "
              f"{ratio:>6.2f} {target:>6.1f} {'ok' if ratio >= target else 'MISSED':<7} "
              f"{max(r['peak_mb'] for r in results):>6.0f} "
              f"{max(r['peak_mb'] for r in theirs):>6.0f}  {settings}",
              flush=True)


def main():
    if len(sys.argv) > 1 and sys.argv[1] == "--torch":
        name, batch, layout, samples, workers = sys.argv[2:]
        torch_worker(name, int(batch), layout == "1", int(samples),
                     int(workers))
        return
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    print(f"{'model':<12} {'batch':>5} {'way':<10} {'sounder/s':>10} "
          f"{'torch/s':>10} {'ratio':>6} {'target':>6} {'':<7} {'MB':>6} "
          f"{'MB':>6}  PyTorch's settings")
    with tempfile.TemporaryDirectory() as where:
        folder = pathlib.Path(where)
        for case in CASES:
            if options.only in case[0]:
                compare(folder, case, options.rounds, {"serial": []})
        two = ["--replicas", "2"]
        for case in PAIRS:
            if options.only in case[0]:
                compare(folder, case, options.rounds, {
                    "hogwild 2": ["--topology", "hogwild", "--workers", "2"],
                    "star 2": ["--topology", "star", *two],
                    "ring 2": ["--topology", "hogwildpp", *two]})


if __name__ == "__main__":
    main()
