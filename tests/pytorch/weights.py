"""A network's parameters and input, from Sounder to PyTorch and back."""

import re

import numpy
import torch


def weights_in(file):
    """The arrays of a file that are weights, by their names."""
    arrays = numpy.load(file)
    return {
        name: arrays[name]
        for name in arrays.files
        if not name.startswith("sounder.")  # lines of the network, labels
    }


def load(model, file):
    """Gives a PyTorch model the weights of a file: all of both, or an error."""
    state = model.state_dict()
    # Batch norm counts its steps, and with a momentum makes no use of it.
    new = {n: p for n, p in state.items() if n.endswith("num_batches_tracked")}
    for name, v in weights_in(file).items():
        if v.ndim == 4:  # (outputs, height, width, channels)
            v = v.transpose(0, 3, 1, 2)
            if name in state and state[name].ndim == 2:  # dense over an image
                v = v.reshape(len(v), -1)
        new[name] = torch.tensor(v)
    model.load_state_dict(new, strict=True)


def save(model, like, file):
    """Writes a PyTorch model's weights in the names and shapes of the file `like`:
    all of both, or an error."""
    arrays = weights_in(like)
    state = model.state_dict()
    ours = {n for n in state if not n.endswith("num_batches_tracked")}
    if ours != set(arrays):
        raise KeyError(f"only in one of them: {sorted(ours ^ set(arrays))}")
    for name, old in arrays.items():
        v = state[name].numpy()
        if old.ndim == 4:
            n, height, width, channels = old.shape
            v = v.reshape(n, channels, height, width).transpose(0, 2, 3, 1)
        if v.shape != old.shape:
            raise ValueError(f"{name} is {v.shape}, in {like} {old.shape}")
        arrays[name] = numpy.ascontiguousarray(v, dtype=numpy.float32)
    numpy.savez(file, **{**numpy.load(like), **arrays})


def input_of(file, images):
    """What the network makes of images (count, channels, height, width)."""
    line = str(numpy.load(file)["sounder.network"]).split("\n")[0]

    def per_channel(key):
        numbers = re.search(rf"{key}=(\S+)", line).group(1).split(",")
        return numpy.array([float(x) for x in numbers])[:, None, None]

    scaled = (images - per_channel("mean")) / per_channel("deviation")
    return torch.tensor(scaled, dtype=torch.float32)
