#!/usr/bin/python3
"""Networks in Sounder and in PyTorch with the same weights: what they say of
images, and a step of gradient descent.

    same_networks.py SOUNDER

Exit code 77 means skipped: no torch or numpy. Where CI=true that is a failure.
"""

import sys
import tempfile

sys.dont_write_bytecode = True  # beside the modules, among the sources

from skip import skip

try:
    import torch
    from case import Case
    from models import Cnn, LeNet, LstmMnist
except ImportError as problem:
    skip(problem)


def main():
    torch.manual_seed(1)
    with tempfile.TemporaryDirectory() as folder:
        Case("lenet", LeNet, (1, 28, 28), folder).check()
        Case("cnn", Cnn, (3, 32, 32), folder).check()
        Case("lstm-mnist", LstmMnist, (1, 28, 28), folder).check()


main()
