"""What a class is asked to try, network by network, each with the pages and settings where it can be done.

The questions are those of the chapter's exercises in our own words; `pages` are links of the app, so a test can open
each of them and read the settings back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from cnnviz.language import N_
from cnnviz.specs.labs.inside import LENET_RUN


@dataclass(frozen=True, slots=True)
class Target:
    """A page's address and what stands in its link."""

    url_path: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Exercise:
    """One thing to try: the question (English message) and where to go for it, the first page first."""

    text: str
    targets: tuple[Target, ...]


def _to(url_path: str, **parameters: str) -> Target:
    return Target(url_path, MappingProxyType({name.replace("__", "."): text for name, text in parameters.items()}))


def _train(net: str, **parameters: str) -> Target:
    return _to("training", net=net, **parameters)


def _sweep(net: str, **parameters: str) -> Target:
    return _to("sweep", net=net, **parameters)


def _compare(networks: str) -> Target:
    return _to("compare", networks=networks)


def _take_apart(net: str, **parameters: str) -> Target:
    return _to("architecture", net=net, **parameters)


_RATES: Final = {"optimizer": "sgd", "train_images": "60000", "learning_rates": "0.3,1,3,10", "batch_sizes": "32"}
"""Plain LeNet needs a whole pass over all images to begin to learn, and small batches."""

RECORDED: Final[Mapping[str, str]] = MappingProxyType({LENET_RUN: "lenet"})
"""Runs of this app's own that links name: which network each is of."""
GARMENTS: Final[Mapping[str, str]] = MappingProxyType({"9": "sneaker", "13": "dress"})
"""Test pictures that links name by their number: what each is."""


def _inside(stage: str = "", **parameters: str) -> Target:
    """LeNet looked into, trained as the app recorded it."""
    return _to("inside", network=f"run:{LENET_RUN}", **({"stage": stage} if stage else {}), **parameters)


CHAPTERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "lenet": "LeNet",
        "alexnet": "AlexNet",
        "vgg": "VGG",
        "nin": "NiN",
        "googlenet": "GoogLeNet",
        "batch_norm": N_("Batch norm"),
        "resnet": "ResNet",
        "densenet": "DenseNet",
        "augmentation": N_("Augmentation"),
    }
)

EXERCISES: Final[Mapping[str, tuple[Exercise, ...]]] = MappingProxyType(
    {
        "lenet": (
            Exercise(
                N_("Put max-pooling and ReLU where averages and sigmoids were. What does it change, and how soon?"),
                (_train("lenet", pooling="max", activation="relu"), _compare("lenet,lenet~max_relu")),
            ),
            Exercise(
                N_("Change the kernels, the channels and the number of convolutions. Which of them pays?"),
                (_compare("lenet,lenet~kernel3,lenet~wide,lenet~deep"), _take_apart("lenet", variant="wide")),
            ),
            Exercise(
                N_("Try learning rates: where does it begin to learn, and where does it break?"),
                (
                    _train("lenet", learning_rate="0.9", optimizer="sgd"),
                    _train("lenet", schedule="range_test"),
                    _sweep("lenet", **_RATES),
                ),
            ),
            Exercise(
                N_("Look at what the first two layers make of a sneaker and of a dress."),
                (
                    *(_inside(stage, garment=number) for stage in ("conv1", "conv2") for number in GARMENTS),
                    _to("kernel", view="trained", run=LENET_RUN, picture="dresses"),
                ),
            ),
            Exercise(
                N_("Feed it a cat. What do filters that have only seen clothes find in it?"),
                (_inside("conv2", picture="cat"), _inside(view="cam", picture="cat")),
            ),
        ),
        "alexnet": (
            Exercise(
                N_("Where is the memory, and where is the work: in the convolutions or in the dense layers?"),
                (_take_apart("alexnet"), _compare("alexnet,alexnet~global")),
            ),
            Exercise(
                N_("Change the batch size: what becomes of images per second, of the accuracy and of the memory?"),
                (
                    _sweep("alexnet", learning_rates="0.001", batch_sizes="32,128,512"),
                    _take_apart("alexnet", batch="512"),
                ),
            ),
            Exercise(
                N_("It is too large for 28 px. Design a simpler one that trains faster and loses little."),
                (_take_apart("alexnet", variant="px28"), _compare("alexnet,alexnet~px28")),
            ),
            Exercise(
                N_("Give LeNet what AlexNet has: ReLU and dropout."),
                (_train("lenet", activation="relu", dropout="0.5"), _compare("lenet,lenet~dropout_relu")),
            ),
            Exercise(
                N_("Make it overfit: few pictures, no dropout, many epochs. When do the two curves part?"),
                (_train("alexnet", train_images="1000", epochs="30", dropout="0"),),
            ),
        ),
        "vgg": (
            Exercise(
                N_("Compare parameters and multiply-adds with AlexNet's. Where does the time go?"),
                (_compare("alexnet,vgg11"),),
            ),
            Exercise(
                N_("The dense head holds most of the weights. Design a cheaper one."),
                (_compare("vgg11,vgg11~narrow_head,vgg11~global"),),
            ),
            Exercise(
                N_("Build VGG-16 and VGG-19 from the paper's table."),
                (_compare("vgg11,vgg13,vgg16,vgg19"), _take_apart("vgg16")),
            ),
            Exercise(
                N_("Use 56 or 84 px instead of 224: what is saved, and what is lost?"),
                (_compare("vgg11,vgg11~px56,vgg11~px84"), _train("vgg11_small", image_size="56")),
            ),
        ),
        "nin": (
            Exercise(
                N_("Why two 1×1 convolutions in a block? Try one and three."),
                (_compare("nin,nin~one,nin~three"), _train("nin", pointwise="1")),
            ),
            Exercise(
                N_("Put 3×3 convolutions where the 1×1 stand. What does it cost?"),
                (_compare("nin,nin~three_by_three"), _to("blocks", block="nin", nin__pointwise_kernel_size="3")),
            ),
            Exercise(
                N_("Put dense layers where the global average was. How many parameters come back?"),
                (_compare("nin,nin~dense"),),
            ),
            Exercise(
                N_("How much memory does it need while training, and how much to predict?"),
                (_take_apart("nin", memory="1"), _take_apart("nin", memory="1", batch="1")),
            ),
            Exercise(
                N_("From 384 channels to 10 in one step: what could be lost? Try two steps."),
                (_compare("nin,nin~two_steps"),),
            ),
        ),
        "googlenet": (
            Exercise(
                N_("Add batch norm, as a later version of the network did."),
                (_train("googlenet", norm="before"), _compare("googlenet,googlenet~norm")),
            ),
            Exercise(
                N_("Change the branches of an Inception block: which one costs, which one matters?"),
                (_to("blocks", block="inception", inception__c2a="0"), _compare("googlenet,googlenet~two_3x3")),
            ),
            Exercise(
                N_("Train with label smoothing."),
                (_train("googlenet", label_smoothing="0.1"),),
            ),
            Exercise(
                N_("Add residual connections to the Inception blocks."),
                (_compare("googlenet,googlenet~residual"), _train("googlenet", residual="1", norm="before")),
            ),
            Exercise(
                N_("What is the smallest picture that it takes, and the smallest with which it still learns?"),
                (_train("googlenet", image_size="16"), _take_apart("googlenet", image_size="8")),
            ),
            Exercise(
                N_("Compare its parameters and multiply-adds with AlexNet's, VGG's and NiN's."),
                (_compare("alexnet,vgg11,nin,googlenet"),),
            ),
        ),
        "batch_norm": (
            Exercise(
                N_("Can the bias before a batch norm be left out? Why?"),
                (_train("lenet_bn", conv_bias="0"), _compare("lenet_bn,lenet_bn~no_bias")),
            ),
            Exercise(
                N_("What is the largest learning rate that works, with and without batch norm?"),
                (
                    _to("batch-norm", view="race", learning_rate="3"),
                    _sweep("lenet_bn", **_RATES),
                    _sweep("lenet", **_RATES),
                ),
            ),
            Exercise(
                N_("Does every layer need it? Try convolutions alone and dense layers alone."),
                (
                    _compare("lenet_bn,lenet_bn~convolutions,lenet_bn~dense"),
                    _train("lenet_bn", norm_layers="convolutions"),
                ),
            ),
            Exercise(
                N_("Freeze γ and β: what is still learned?"),
                (_train("lenet_bn", norm_affine="0"),),
            ),
            Exercise(
                N_("Only subtract the mean, or only divide by the deviation: which of the two does the work?"),
                (_train("lenet_bn", norm_kind="mean"), _train("lenet_bn", norm_kind="variance")),
            ),
            Exercise(
                N_("Can it take the place of dropout? Put dropout in its place."),
                (_train("lenet_bn", norm="none", dropout="0.5"), _to("batch-norm", view="noise", batch_size="64")),
            ),
        ),
        "resnet": (
            Exercise(
                N_("What have an Inception block and a residual block in common, and in what do they differ?"),
                (_compare("googlenet,resnet18"), _to("blocks", block="residual")),
            ),
            Exercise(
                N_("Build the networks of the paper's table, from 18 to 152 layers."),
                (_compare("resnet18,resnet34,resnet50,resnet101"), _take_apart("resnet152")),
            ),
            Exercise(
                N_("Deeper networks use bottlenecks. What do they save?"),
                (_to("blocks", block="residual", residual__body="bottleneck"), _compare("resnet50,resnet50~basic")),
            ),
            Exercise(
                N_("Put batch norm and activation before the convolutions, as the authors did later."),
                (_compare("resnet18,resnet18~preactivation"), _train("resnet18", preactivation="1")),
            ),
            Exercise(
                N_("Nested classes never lose. Why not let a network grow for ever?"),
                (_to("residual", nested="1"), _to("residual", view="race")),
            ),
        ),
        "densenet": (
            Exercise(
                N_("Why average pooling in the transitions? Try max-pooling."),
                (_compare("densenet,densenet~max"), _train("densenet", transition_pooling="max")),
            ),
            Exercise(
                N_("It has fewer parameters than ResNet. Where are they saved?"),
                (_compare("resnet18,densenet"), _to("blocks", block="dense", dense__growth_rate="32")),
            ),
            Exercise(
                N_("It is said to need much memory. Compare 224 px with 96."),
                (_compare("densenet,densenet~px224"), _to("dense", view="memory", size="224")),
            ),
            Exercise(
                N_("Build the networks of the paper's table."),
                (_compare("densenet121,densenet169,densenet201,densenet161"),),
            ),
        ),
        "augmentation": (
            Exercise(
                N_(
                    "Train with and without augmentation, and compare: what becomes of the gap between training and "
                    "test accuracy?"
                ),
                (
                    _train("resnet18", train_images="2000", epochs="10"),
                    _train("resnet18", train_images="2000", epochs="10", augmentation="horizontal_flip"),
                    _to("runs"),
                ),
            ),
            Exercise(
                N_("Combine several operations. Which pictures could no longer be recognised?"),
                (_to("augmentation", seed="7", count="16"),),
            ),
            Exercise(
                N_("Find others. Which would harm Fashion-MNIST, because it changes what a garment is?"),
                (_to("augmentation", chain="vertical_flip"), _to("augmentation", chain="hue")),
            ),
        ),
    }
)
