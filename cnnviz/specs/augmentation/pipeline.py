"""A chain of operations as plain data: in any order, any of them more than once."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Self, get_args

from pydantic import Field

from cnnviz.errors import CnnvizError
from cnnviz.language import Language
from cnnviz.specs.augmentation.base import Drawn, Operation, Size
from cnnviz.specs.augmentation.colour import Brightness, ColorJitter, Contrast, Hue, Saturation
from cnnviz.specs.augmentation.crop import RandomResizedCrop
from cnnviz.specs.augmentation.cut import CenterCrop, Pad, RandomCrop, Resize
from cnnviz.specs.augmentation.detail import GaussianBlur, GaussianNoise, RandomErasing, Sharpness
from cnnviz.specs.augmentation.flip import HorizontalFlip, VerticalFlip
from cnnviz.specs.augmentation.levels import (
    Autocontrast,
    ChannelPermutation,
    Equalize,
    Grayscale,
    Invert,
    Posterize,
    Solarize,
)
from cnnviz.specs.augmentation.lighting import Lighting
from cnnviz.specs.augmentation.mixing import CutMix, Mixing, MixUp
from cnnviz.specs.augmentation.policies import AugMix, AutoAugment, RandAugment, TrivialAugmentWide
from cnnviz.specs.augmentation.warp import Affine, Elastic, Perspective, Rotation
from cnnviz.specs.base import Spec

MAX_OPERATIONS: Final = 24
MAX_SIZE: Final = 1024  # px of a side, at any step

AnyOperation = Annotated[
    HorizontalFlip
    | VerticalFlip
    | RandomResizedCrop
    | RandomCrop
    | CenterCrop
    | Resize
    | Pad
    | Rotation
    | Affine
    | Perspective
    | Elastic
    | Brightness
    | Contrast
    | Saturation
    | Hue
    | ColorJitter
    | Lighting
    | Grayscale
    | ChannelPermutation
    | Invert
    | Posterize
    | Solarize
    | Equalize
    | Autocontrast
    | GaussianBlur
    | GaussianNoise
    | Sharpness
    | RandomErasing
    | AutoAugment
    | RandAugment
    | TrivialAugmentWide
    | AugMix
    | MixUp
    | CutMix,
    Field(discriminator="kind"),
]
OPERATIONS: Final[tuple[type[Operation], ...]] = get_args(get_args(AnyOperation)[0])
"""Every kind of operation, in the order of the menu, group after group."""

MIXING_OPERATIONS: Final = tuple(kind for kind in OPERATIONS if issubclass(kind, Mixing))
"""Those that act on a batch with its labels."""

PICTURE_OPERATIONS: Final = tuple(kind for kind in OPERATIONS if kind not in MIXING_OPERATIONS)
"""Those that act on one picture."""


class PipelineSpec(Spec):
    """Operations in order; the empty pipeline changes nothing.

    Mixing waits for the batch to be complete, so wherever it stands in the chain it comes after everything else.
    """

    operations: tuple[AnyOperation, ...] = Field((), max_length=MAX_OPERATIONS)

    @property
    def active(self) -> tuple[AnyOperation, ...]:
        """The operations on one picture that are switched on."""
        return tuple(step for step in self.operations if step.enabled and not isinstance(step, Mixing))

    @property
    def mixing(self) -> tuple[Mixing, ...]:
        """The operations on a batch with its labels that are switched on."""
        return tuple(step for step in self.operations if step.enabled and isinstance(step, Mixing))

    def output_size(self, size: Size) -> Size:
        """(height, width) in px of what comes out when a picture of `size` goes in."""
        for operation in self.active:
            size = operation.output_size(size)
        return size

    def check(self, size: Size) -> None:
        """Whether a picture of `size`, (height, width) in px, can go through.

        Raises:
            CnnvizError: at the field of the first operation that it does not fit.
        """
        for operation in self.active:
            operation.check(size)
            size = operation.output_size(size)
            if max(size) > MAX_SIZE:
                raise CnnvizError(
                    "picture_grows_too_large", field="operations", height=size[0], width=size[1], limit=MAX_SIZE
                )

    def exact(self, values: Sequence[Mapping[str, float]], size: Size) -> Drawn:
        """As if these values had been drawn: see `Operation.exact`.

        Args:
            values: for each of `active`, numbers by the name of the parameter; what is left out is neutral.
            size: (height, width) in px of the picture.

        Raises:
            CnnvizError: at the parameter that is out of bounds or unknown, or if the picture does not fit.
        """
        self.check(size)
        drawn = []
        for operation, chosen in zip(self.active, values, strict=True):
            drawn.append(operation.exact(chosen, size))
            size = operation.output_size(size)
        return tuple(drawn)

    def describe(self, drawn: Drawn, _: Language) -> str:
        """What was drawn for one picture, in a sentence of the reader's language."""
        parts = (operation.describe(values, _) for operation, (_kind, values) in zip(self.active, drawn, strict=True))
        return "; ".join(parts)

    def with_output_size(self, size: int) -> Self:
        """The same pipeline with every crop and resize to `size` px, for a network that takes another size."""
        changed = (
            operation.replace(size=size) if "size" in type(operation).model_fields else operation
            for operation in self.operations
        )
        return self.replace(operations=tuple(changed))

    def code(self) -> str:
        """Python that builds this chain of torchvision's own classes as `transform`; what is switched off is left out.

        Run alone it needs torch and torchvision only. Grey levels are those of 8-bit pictures. An empty chain becomes
        the identity, since `Compose` refuses to be empty. With mixing there is also `mix`, for a batch and its labels.
        """
        definitions = list(dict.fromkeys(operation.definition for operation in self.active if operation.definition))
        imports = ["import torch"] if definitions else []
        steps = [_call(operation) for operation in self.active] or ["v2.Identity()"]
        if any(operation.needs_tensor for operation in self.active):
            steps.insert(0, "v2.ToImage()")
        sections = [
            "\n".join([*imports, "from torchvision.transforms import v2"]),
            *(f"\n{text.rstrip()}\n" for text in definitions),
        ]
        sections.append(_compose("transform", steps))
        if self.mixing:
            mix = [_call(operation) for operation in self.mixing]
            sections.append("# On a batch: images, labels = mix(images, labels)\n" + _compose("mix", mix))
        return "\n\n".join(sections) + "\n"


def _call(operation: Operation) -> str:
    name, arguments = operation.torchvision_call()
    words = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
    return f"{name}({words})" if operation.definition else f"v2.{name}({words})"


def _compose(name: str, calls: Sequence[str]) -> str:
    return "\n".join([f"{name} = v2.Compose([", *(f"    {call}," for call in calls), "])"])
