"""The crop of the chapter: a part of random area and shape, resized to a fixed square."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from typing_extensions import override

from cnnviz.language import N_, Language
from cnnviz.specs.augmentation.base import Group, Operation, Parameter, Range, Size, span
from cnnviz.specs.base import knob


class RandomResizedCrop(Operation):
    """Cut out a part of random area and shape, then resize it to a fixed square.

    torchvision draws the area uniformly and the ratio log-uniformly, so that 1:2 comes as often as 2:1.
    """

    title: ClassVar[str] = N_("Random resized crop")
    group: ClassVar[Group] = "place"
    teaches: ClassVar[str] = N_("An object may stand anywhere, near or far, and a part of it is enough to know it.")
    harms: ClassVar[str] = N_(
        "When the crop often misses the object, or when its size or shape is what tells classes apart."
    )

    kind: Literal["random_resized_crop"] = "random_resized_crop"
    size: int = knob(
        200, N_("Output size"), N_("Height and width of the result; a network trained with it receives this size."),
        ge=1, le=512, step=1, unit="px",
    )  # fmt: skip
    scale: Range = span(
        (0.1, 1.0), N_("Area"), N_("Share of the picture that is cut out, drawn uniformly."), ge=0.01, le=1
    )
    ratio: Range = span(
        (0.5, 2.0), N_("Aspect ratio"), N_("Width divided by height, drawn uniformly on a logarithmic scale."),
        ge=0.1, le=10, scale="log",
    )  # fmt: skip

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        return "RandomResizedCrop", {"size": (self.size, self.size), "scale": self.scale, "ratio": self.ratio}

    @override
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        return _(
            "crop {area}, ratio {ratio}",
            area=_.percent(values["area"]),
            ratio=_.number(values["ratio"], 2),
        )

    @override
    def parameters(self) -> tuple[Parameter, ...]:
        return (
            Parameter("area", N_("Area"), 0.01, 1, 1),
            Parameter("ratio", N_("Aspect ratio"), 0.1, 10, 1, scale="log"),
            Parameter("x", N_("From left to right"), 0, 1, 0.5),
            Parameter("y", N_("From top to bottom"), 0, 1, 0.5),
        )

    @override
    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        """What does not fit keeps its area as far as it can, and gives up its ratio."""
        full_height, full_width = size
        area = values["area"] * full_height * full_width
        height = min(full_height, max(1, round(math.sqrt(area / values["ratio"]))))
        width = min(full_width, max(1, round(area / height)))
        height = min(full_height, max(1, round(area / width)))
        top, left = round(values["y"] * (full_height - height)), round(values["x"] * (full_width - width))
        box = {"top": top, "left": left, "height": height, "width": width}
        return {**box, "area": height * width / (full_height * full_width), "ratio": width / height}

    @override
    def output_size(self, size: Size) -> Size:
        return self.size, self.size
