"""A network's parameters and input, from Sounder to PyTorch and back."""

import re

import numpy
import torch


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
    """What the network makes of images (count, channels, height, width)."""
    line = str(numpy.load(file)["sounder.network"]).split("\n")[0]

    def per_channel(key):
        numbers = re.search(rf"{key}=(\S+)", line).group(1).split(",")
        return numpy.array([float(x) for x in numbers])[:, None, None]

    scaled = (images - per_channel("mean")) / per_channel("deviation")
    return torch.tensor(scaled, dtype=torch.float32)
