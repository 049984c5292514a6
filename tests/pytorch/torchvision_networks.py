#!/usr/bin/python3
"""Sounder's networks with a namesake in torchvision: what both say of images with
the same weights, and that weights which do not fit are refused.

    torchvision_networks.py SOUNDER

Exit code 77 means skipped: no torchvision, torch or numpy. Where CI=true that is a
failure.
"""

import sys
import tempfile

sys.dont_write_bytecode = True  # beside the modules, among the sources

from skip import skip

try:
    import torch
    import torchvision
    from case import Case, run
    from torchvision_models import googlenet_bn, resnet50, torchvision_lines
    from weights import load, save
except ImportError as problem:
    skip(problem)

IMAGE = (3, 64, 64)  # for time: the layers are those for 224
SIZE = ("--image", "64x64x3")
CLASSES = 10


def expect_refusal(what, action):
    try:
        action()
    except (KeyError, RuntimeError, ValueError) as problem:
        print(f"{what} is refused: {str(problem).splitlines()[0]}")
        return
    sys.exit(f"FAILED: {what} is not refused")


def check_ours(name, make, plain, folder):
    """The names are torchvision's; the networks, once its few layers are ours."""
    case = Case(name, lambda: make(CLASSES), IMAGE, folder, (name, *SIZE), count=10)
    case.check_outputs()
    if name == "googlenet-bn":
        expect_refusal("googlenet-bn into torchvision's own",
                       lambda: load(plain(), case.ours))
        expect_refusal("torchvision's own into googlenet-bn",
                       lambda: save(plain(), case.ours, case.theirs))


def check_theirs(name, plain, folder):
    """A file of layers is torchvision's network to the last layer."""
    lines = run("model", name, *SIZE, "--classes", str(CLASSES), "--output", "lines")
    file = f"{folder}/torchvision-{name}.net"
    with open(file, "w", encoding="ascii") as out:
        out.write(torchvision_lines(lines))
    Case(f"torchvision-{name}", plain, IMAGE, folder, (file,), count=10).check_outputs()


def main():
    torch.manual_seed(1)
    plain = {
        "googlenet-bn": lambda: torchvision.models.googlenet(
            num_classes=CLASSES, aux_logits=False, init_weights=False
        ),
        "resnet50": lambda: torchvision.models.resnet50(num_classes=CLASSES),
    }
    with tempfile.TemporaryDirectory() as folder:
        check_ours("googlenet-bn", googlenet_bn, plain["googlenet-bn"], folder)
        check_ours("resnet50", resnet50, plain["resnet50"], folder)
        check_theirs("googlenet-bn", plain["googlenet-bn"], folder)


main()
