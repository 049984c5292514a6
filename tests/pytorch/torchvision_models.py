"""torchvision's networks that are Sounder's, too, but for a few layers."""

import re

import torchvision
from torch import nn


def googlenet_bn(classes):
    """torchvision's GoogLeNet with the paper's 5x5 convolutions and last pool."""
    model = torchvision.models.googlenet(
        num_classes=classes, aux_logits=False, init_weights=False, dropout=0.4
    )
    for name, block in model.named_children():
        if name.startswith("inception"):
            small = block.branch3[1].conv
            block.branch3[1].conv = nn.Conv2d(
                small.in_channels, small.out_channels, 5, padding=2, bias=False
            )
    model.maxpool4 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
    return model


def resnet50(classes):
    """torchvision's ResNet-50 with the strides where the paper has them."""
    model = torchvision.models.resnet50(num_classes=classes)
    for stage in (model.layer2, model.layer3, model.layer4):
        stage[0].conv1.stride = (2, 2)
        stage[0].conv2.stride = (1, 1)
    return model


def torchvision_lines(lines):
    """What `sounder model NAME --output lines` says, as torchvision has it."""
    for ours, theirs in [
        # GoogLeNet
        (r"kernel=5 no-bias same", r"kernel=3 no-bias same"),
        (r"(pool4 = max-pool) 3", r"\1 2"),
        # ResNet
        (r"(layer\d\.0\.conv1 = .*) stride=2", r"\1"),
        (r"(layer[2-4]\.0\.conv2 = .*) same", r"\1 pad=1 stride=2"),
    ]:
        lines = re.sub(ours, theirs, lines)
    return lines
