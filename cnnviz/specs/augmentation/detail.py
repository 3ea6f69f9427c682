"""What is hidden: detail by blur and noise (or brought out by sharpening), a part of the picture by erasing it."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import field_validator
from typing_extensions import override

from cnnviz.errors import CnnvizError
from cnnviz.language import N_, Language
from cnnviz.specs.augmentation.base import Coin, Group, Operation, Parameter, Range, Size, chance, span
from cnnviz.specs.base import knob


class GaussianBlur(Operation):
    """Average each pixel with its neighbours, the nearer the more."""

    title: ClassVar[str] = N_("Gaussian blur")
    group: ClassVar[Group] = "hidden"
    teaches: ClassVar[str] = N_("A thing out of focus is the same thing; large shapes are enough.")
    harms: ClassVar[str] = N_("When texture or thin lines decide, and on pictures that are small already.")

    kind: Literal["gaussian_blur"] = "gaussian_blur"
    kernel_size: int = knob(
        9, N_("Kernel size"), N_("Over how many pixels the average reaches; an odd number."),
        ge=3, le=31, step=2, unit="px",
    )  # fmt: skip
    sigma: Range = span(
        (0.1, 2.0), N_("Sigma"), N_("Standard deviation of the bell curve, drawn uniformly."),
        ge=0.1, le=10, unit="px",
    )  # fmt: skip

    @field_validator("kernel_size")
    @classmethod
    def _odd(cls, value: int) -> int:
        if value % 2 == 0:
            raise CnnvizError(
                "value_not_odd", field="kernel_size", label="kernel_size", value=value, below=value - 1, above=value + 1
            )
        return value

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        return "GaussianBlur", {"kernel_size": self.kernel_size, "sigma": self.sigma}

    @override
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        return _("blurred, σ {sigma} px", sigma=_.number(values["sigma"], 2))

    @override
    def parameters(self) -> tuple[Parameter, ...]:
        return (Parameter("sigma", N_("Sigma"), 0.1, 10, 0.1, "px"),)

    @override
    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        return dict(values)

    @override
    def check(self, size: Size) -> None:
        if self.kernel_size // 2 >= min(size):
            raise CnnvizError(
                "smoothing_too_wide", field="kernel_size", label="kernel_size", value=self.kernel_size,
                height=size[0], width=size[1], limit=2 * min(size) - 1,
            )  # fmt: skip


class GaussianNoise(Operation):
    """Add a random number to each pixel, as a camera does in the dark."""

    title: ClassVar[str] = N_("Gaussian noise")
    group: ClassVar[Group] = "hidden"
    teaches: ClassVar[str] = N_("Single pixels mean nothing: what counts spans many of them.")
    harms: ClassVar[str] = N_("When it drowns what tells the classes apart, or when the test pictures are clean.")
    needs_tensor: ClassVar[bool] = True

    kind: Literal["gaussian_noise"] = "gaussian_noise"
    sigma: float = knob(
        0.1, N_("Sigma"), N_("Standard deviation of the noise, where white is 1."), ge=0, le=0.5, step=0.01
    )

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        return "GaussianNoise", {"sigma": self.sigma}

    @override
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        return _(
            "noise σ {sigma}, pattern {pattern}",
            sigma=_.number(values["sigma"], 2),
            pattern=_.number(values["pattern"]),
        )

    @override
    def parameters(self) -> tuple[Parameter, ...]:
        return Parameter("sigma", N_("Sigma"), 0, 0.5, 0), Parameter("pattern", N_("Pattern"), 0, 999, 0, step=1)

    @override
    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        return {"pattern": math.floor(values["pattern"]), "sigma": values["sigma"]}


class Sharpness(Coin):
    """Take each pixel further away from (or nearer to) the mean of its neighbours."""

    title: ClassVar[str] = N_("Sharpness")
    group: ClassVar[Group] = "hidden"
    teaches: ClassVar[str] = N_("Lenses and cameras sharpen differently; the thing stays the same.")
    harms: ClassVar[str] = N_("When it blows up noise, or leaves halos that the network takes for edges.")

    kind: Literal["sharpness"] = "sharpness"
    factor: float = knob(
        2.0,
        N_("Factor"),
        N_("0 is a blurred picture, 1 the picture as it is, 2 twice as sharp."),
        ge=0,
        le=10,
        step=0.1,
    )

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        return "RandomAdjustSharpness", {"sharpness_factor": self.factor, "p": self.p}

    @override
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        return _("sharpness ×{factor}", factor=_.number(values["sharpness"], 1))

    @override
    def parameters(self) -> tuple[Parameter, ...]:
        return (Parameter("sharpness", N_("Sharpness"), 0, 10, 1),)

    @override
    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        return dict(values)


class RandomErasing(Operation):
    """Paint a random rectangle over the picture (Zhong et al. 2017, arXiv 1708.04896)."""

    title: ClassVar[str] = N_("Random erasing")
    group: ClassVar[Group] = "hidden"
    teaches: ClassVar[str] = N_("A thing partly hidden is still that thing, so no single part may decide alone.")
    harms: ClassVar[str] = N_("When one small part is all there is to go by, and it gets erased.")

    kind: Literal["random_erasing"] = "random_erasing"
    p: float = chance(0.5, N_("How often a part is erased."))
    scale: Range = span(
        (0.02, 0.33), N_("Area"), N_("Share of the picture that is erased, drawn uniformly."), ge=0.01, le=1
    )
    ratio: Range = span(
        (0.3, 3.3), N_("Aspect ratio"), N_("Height divided by width, drawn uniformly on a logarithmic scale."),
        ge=0.1, le=10, scale="log",
    )  # fmt: skip
    value: int = knob(0, N_("Fill"), N_("Grey level of the rectangle: 0 is black, 255 is white."), ge=0, le=255, step=1)

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        return "RandomErasing", {"p": self.p, "scale": self.scale, "ratio": self.ratio, "value": self.value}

    @override
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        if not values["height"]:
            return _("unchanged")
        return _("erased {area}, ratio {ratio}", area=_.percent(values["area"]), ratio=_.number(values["ratio"], 2))

    @override
    def parameters(self) -> tuple[Parameter, ...]:
        return (
            Parameter("area", N_("Area"), 0, 1, 0),
            Parameter("ratio", N_("Aspect ratio"), 0.1, 10, 1, scale="log"),
            Parameter("x", N_("From left to right"), 0, 1, 0.5),
            Parameter("y", N_("From top to bottom"), 0, 1, 0.5),
        )

    @override
    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        """What does not fit keeps its area as far as it can, and gives up its ratio."""
        full_height, full_width = size
        area = values["area"] * full_height * full_width
        height = min(full_height, round(math.sqrt(area * values["ratio"])))
        width = min(full_width, round(area / height)) if height else 0
        height = min(full_height, round(area / width)) if width else 0
        if not height:
            return {"top": 0, "left": 0, "height": 0, "width": 0, "area": 0.0, "ratio": 0.0}
        top, left = round(values["y"] * (full_height - height)), round(values["x"] * (full_width - width))
        box = {"top": top, "left": left, "height": height, "width": width}
        return {**box, "area": height * width / (full_height * full_width), "ratio": height / width}
