"""The classic races of the chapter: two contestants, one difference, a budget that fits into a minute or two."""

from dataclasses import dataclass
from typing import Final

from cnnviz.language import N_
from cnnviz.specs.augmentation import PipelineSpec
from cnnviz.specs.augmentation.crop import RandomResizedCrop
from cnnviz.specs.augmentation.flip import HorizontalFlip
from cnnviz.specs.catalog import architecture
from cnnviz.specs.presets import preset_named
from cnnviz.specs.training import TrainingConfig
from cnnviz.training.race import Budget


@dataclass(frozen=True, slots=True)
class Classic:
    """A race with a name.

    Attributes:
        key: as it stands in links.
        title: English message.
        question: what it answers, English message.
        names: of the contestants, English messages.
        contestants: their settings.
        budget, amount: what each gets.
    """

    key: str
    title: str
    question: str
    names: tuple[str, ...]
    contestants: tuple[TrainingConfig, ...]
    budget: Budget
    amount: float


def _class(key: str, **changes: object) -> TrainingConfig:
    return preset_named(key, "class").config.replace(**changes)


def _batch_norm() -> Classic:
    # The chapter's learning rate of the second edition, at which sigmoids alone do not move.
    same = {"optimizer": "sgd", "learning_rate": 0.1, "batch_size": 128, "schedule": "constant", "test_images": 2_000}
    return Classic(
        "batch_norm",
        N_("LeNet against LeNet with batch norm"),
        N_("The same layers, the same learning rate 0.1: what does batch norm change within one epoch?"),
        (N_("LeNet"), N_("LeNet with batch norm")),
        (_class("lenet", **same), _class("lenet_bn", **same)),
        "images",
        60_000,
    )


def _residual() -> Classic:
    same = {"train_images": 12_000, "test_images": 1_000}
    entry = architecture("resnet18")
    plain, residual = (
        _class("resnet18", **same, architecture=entry.spec(**entry.preset(name).options, **_GREY))  # type: ignore[union-attr]
        for name in ("plain20", "resnet20")
    )
    return Classic(
        "residual",
        N_("Plain-20 against residual-20"),
        N_("20 layers with and without the sum: the layers, the weights and the cost are the same."),
        (N_("Plain-20"), N_("Residual-20")),
        (plain, residual),
        "images",
        12_000,
    )


def _augmentation() -> Classic:
    same = {"train_images": 3_000, "test_images": 2_000, "schedule": "constant", "learning_rate": 0.003}
    chain = PipelineSpec(operations=(HorizontalFlip(), RandomResizedCrop(size=28, scale=(0.6, 1.0))))
    return Classic(
        "augmentation",
        N_("With and without augmentation"),
        N_("3,000 pictures seen again and again: does showing them flipped and cropped help?"),
        (N_("As they are"), N_("Flipped and cropped")),
        (_class("lenet_bn", **same), _class("lenet_bn", **same, augmentation=chain)),
        "images",
        120_000,
    )


def _equal_macs() -> Classic:
    same = {"test_images": 1_000}
    return Classic(
        "macs",
        N_("AlexNet's form against VGG's at equal MACs"),
        N_("Large kernels at first, or 3×3 throughout? Both may multiply as often."),
        (N_("AlexNet's form"), N_("VGG's form")),
        (_class("alexnet", **same), _class("vgg11_small", **same)),
        "macs",
        5e11,
    )


_GREY: Final = {"in_channels": 1, "num_classes": 10}


def classics() -> tuple[Classic, ...]:
    """The classic races, in the chapter's order."""
    return _batch_norm(), _residual(), _augmentation(), _equal_macs()


def classic(key: str) -> Classic | None:
    """One of them, or None."""
    return next((one for one in classics() if one.key == key), None)
