"""The chapter's exercises about architecture as named variants of its networks, by catalogue key."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cnnviz.language import N_
from cnnviz.specs.entry import Preset

_SMALL_PICTURES: Final = {"stem": "small", "image_size": 32}
_CIFAR: Final = {**_SMALL_PICTURES, "channels": (16, 32, 64), "shortcut": "identity"}  # He et al. 2015, section 4.2

VARIANTS: Final[Mapping[str, tuple[Preset, ...]]] = MappingProxyType(
    {
        "lenet": (
            Preset("max_relu", N_("Max-pooling and ReLU"), {"pooling": "max", "activation": "relu"}),
            Preset("kernel3", N_("3×3 kernels"), {"kernel_size": 3, "padding": 1}),
            Preset("wide", N_("Three times as many channels"), {"channels": (18, 48)}),
            Preset("deep", N_("A third convolution"), {"channels": (6, 16, 32), "kernel_size": 3, "padding": 1}),
            Preset("dropout_relu", N_("ReLU and dropout"), {"activation": "relu", "dropout": 0.5}),
        ),
        "lenet_bn": (
            Preset("no_bias", N_("No bias before batch norm"), {"conv_bias": False}),
            Preset("convolutions", N_("Batch norm after convolutions only"), {"norm_layers": "convolutions"}),
            Preset("dense", N_("Batch norm after dense layers only"), {"norm_layers": "dense"}),
            Preset("after", N_("Batch norm after the activation"), {"norm": "after"}),
            Preset("frozen", N_("γ and β not learned"), {"norm_affine": False}),
            Preset("mean", N_("Only the mean subtracted"), {"norm_kind": "mean"}),
            Preset("variance", N_("Only divided by the deviation"), {"norm_kind": "variance"}),
            Preset("scratch", N_("Batch norm written from scratch"), {"norm_kind": "scratch"}),
            Preset("max_relu", N_("Max-pooling and ReLU"), {"pooling": "max", "activation": "relu"}),
            Preset("dropout", N_("Dropout in its place"), {"norm": "none", "dropout": 0.5}),
        ),
        "alexnet": (
            Preset(
                "px28",
                N_("A simpler one for 28 px"),
                {
                    "image_size": 28,
                    "channels": (32, 64, 96, 96, 64),
                    "kernel_sizes": (5, 5, 3, 3, 3),
                    "strides": (1, 1, 1, 1, 1),
                    "paddings": (2, 2, 1, 1, 1),
                    "hidden": (512, 512),
                },
            ),
            Preset("global", N_("Global average instead of dense layers"), {"head": "global"}),
            Preset("narrow_head", N_("A tenth of the dense units"), {"hidden": (410, 410)}),
            Preset("no_dropout", N_("No dropout, to overfit"), {"dropout": 0.0}),
            Preset("sigmoid", N_("Sigmoid instead of ReLU"), {"activation": "sigmoid"}),
            Preset("norm", N_("With batch norm"), {"norm": "before"}),
            Preset("torchvision", N_("torchvision's widths"), {"channels": (64, 192, 384, 256, 256)}),
        ),
        "vgg11": (
            Preset("px56", N_("At 56 px"), {"image_size": 56}),
            Preset("px84", N_("At 84 px"), {"image_size": 84}),
            Preset("global", N_("Global average instead of dense layers"), {"head": "global"}),
            Preset("narrow_head", N_("A cheaper head of 512 units"), {"hidden": (512, 512)}),
            Preset("norm", N_("With batch norm"), {"norm": "before"}),
            Preset("kernel5", N_("5×5 kernels"), {"kernel_size": 5}),
        ),
        "vgg11_small": (
            Preset("px56", N_("At 56 px"), {"image_size": 56}),
            Preset("px84", N_("At 84 px"), {"image_size": 84}),
            Preset("norm", N_("With batch norm"), {"norm": "before"}),
        ),
        "nin": (
            Preset("one", N_("One 1×1 convolution per block"), {"pointwise": 1}),
            Preset("three", N_("Three 1×1 convolutions per block"), {"pointwise": 3}),
            Preset("none", N_("No 1×1 convolutions"), {"pointwise": 0}),
            Preset("three_by_three", N_("3×3 in place of the 1×1"), {"pointwise_kernel_size": 3}),
            Preset("dense", N_("Dense layers instead of the global average"), {"head": "dense"}),
            Preset("two_steps", N_("From 384 to the classes in two steps"), {"reduction": (64,)}),
            Preset("bare_logits", N_("No ReLU on the logits"), {"output_activation": False}),
            Preset("norm", N_("With batch norm"), {"norm": "before"}),
        ),
        "googlenet": (
            Preset("norm", N_("With batch norm"), {"norm": "before"}),
            Preset("residual", N_("Residual Inception blocks"), {"residual": True, "norm": "before"}),
            Preset("two_3x3", N_("Two 3×3 in place of the 5×5"), {"large_kernel": "two_3x3"}),
            Preset("px224", N_("At the paper's 224 px"), {"image_size": 224}),
            Preset("dropout", N_("With the paper's dropout"), {"dropout": 0.4}),
            Preset(
                "naive_3a",
                N_("Inception 3a without its 1×1 reductions"),
                {"inception_3a": (64, 0, 128, 0, 32, 32)},
            ),
        ),
        "resnet18": (
            Preset("plain", N_("Without residual connections"), {"residual": False}),
            Preset("preactivation", N_("Pre-activation"), {"preactivation": True}),
            Preset("bottleneck", N_("With bottlenecks"), {"block": "bottleneck"}),
            Preset("identity", N_("Shortcuts without weights"), {"shortcut": "identity"}),
            Preset("paper", N_("The paper's form"), {"conv_bias": False, "shortcut_norm": True}),
            Preset("no_norm", N_("Without batch norm"), {"norm": "none"}),
            Preset("small", N_("For small pictures"), _SMALL_PICTURES),
            Preset("resnet20", N_("The paper's 20 layers for 32 px"), {**_CIFAR, "blocks": (3, 3, 3)}),
            Preset("plain20", N_("The plain 20 layers for 32 px"), {**_CIFAR, "blocks": (3, 3, 3), "residual": False}),
            Preset("resnet56", N_("The paper's 56 layers for 32 px"), {**_CIFAR, "blocks": (9, 9, 9)}),
            Preset("plain56", N_("The plain 56 layers for 32 px"), {**_CIFAR, "blocks": (9, 9, 9), "residual": False}),
        ),
        "resnet34": (
            Preset("plain", N_("Without residual connections"), {"residual": False}),
            Preset("preactivation", N_("Pre-activation"), {"preactivation": True}),
        ),
        "resnet50": (
            Preset("basic", N_("Without bottlenecks"), {"block": "basic"}),
            Preset("preactivation", N_("Pre-activation"), {"preactivation": True}),
            Preset("groups", N_("32 groups of width 4"), {"groups": 32, "group_width": 4}),
        ),
        "resnext50_32x4d": (
            Preset("one_group", N_("1 group of width 64"), {"groups": 1, "group_width": 64}),
            Preset("two_groups", N_("2 groups of width 40"), {"groups": 2, "group_width": 40}),
            Preset("four_groups", N_("4 groups of width 24"), {"groups": 4, "group_width": 24}),
            Preset("eight_groups", N_("8 groups of width 14"), {"groups": 8, "group_width": 14}),
            Preset("depthwise", N_("128 groups of width 1"), {"groups": 128, "group_width": 1}),
        ),
        "densenet": (
            Preset("max", N_("Max-pooling in the transitions"), {"transition_pooling": "max"}),
            Preset("px224", N_("At 224 px"), {"image_size": 224}),
            Preset("no_compression", N_("Transitions that keep all channels"), {"compression": 1.0}),
            Preset("bottleneck", N_("With bottlenecks"), {"bottleneck": 4}),
            Preset("growth12", N_("Growth rate 12"), {"growth_rate": 12}),
            Preset("small", N_("For small pictures"), _SMALL_PICTURES),
        ),
        "densenet121": (Preset("px96", N_("At 96 px"), {"image_size": 96}),),
    }
)
