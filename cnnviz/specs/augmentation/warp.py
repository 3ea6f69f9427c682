"""Operations that move every pixel: rotation, affine map, perspective and elastic deformation, all bilinear.

torchvision's own default for the first two is the nearest pixel, which makes stairs of edges: 28 px show every one.
"""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal

from typing_extensions import override

from cnnviz.errors import CnnvizError
from cnnviz.language import N_, Language
from cnnviz.specs.augmentation.base import Group, Operation, Parameter, Range, Size, chance, grey_level, sign, span
from cnnviz.specs.base import knob

PATTERNS: Final = 1_000_000
"""Random patterns (of noise, of a deformation) are told apart by a number from 0 up to this."""

_PATTERN: Final = Parameter("pattern", N_("Pattern"), 0, 999, 0, step=1)


class Rotation(Operation):
    """Turn around the middle; what comes from outside is filled."""

    title: ClassVar[str] = N_("Rotation")
    group: ClassVar[Group] = "place"
    teaches: ClassVar[str] = N_("A camera is seldom level, and a thing that leans is the same thing.")
    harms: ClassVar[str] = N_("When the angle is the answer: a 6 and a 9, a hand of a clock, or the filled corners.")

    kind: Literal["rotation"] = "rotation"
    degrees: Range = span(
        (-30.0, 30.0), N_("Angle"), N_("Counter-clockwise, drawn uniformly."), ge=-180, le=180, unit="°"
    )
    fill: int = grey_level()

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        return "RandomRotation", {"degrees": self.degrees, "interpolation": "bilinear", "fill": self.fill}

    @override
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        return _("turned by {degrees}°", degrees=sign(values["angle"], _))

    @override
    def parameters(self) -> tuple[Parameter, ...]:
        return (Parameter("angle", N_("Angle"), -180, 180, 0, "°"),)

    @override
    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        return {"angle": values["angle"]}


class Affine(Operation):
    """Turn, shift, scale and shear at once; parallel lines stay parallel."""

    title: ClassVar[str] = N_("Affine map")
    group: ClassVar[Group] = "place"
    teaches: ClassVar[str] = N_("A thing may be turned, shifted, nearer, or seen from the side, all at once.")
    harms: ClassVar[str] = N_("When size, slant or place tell the classes apart, as with a shirt and a dress.")

    kind: Literal["affine"] = "affine"
    degrees: Range = span((-15.0, 15.0), N_("Angle"), N_("Clockwise, drawn uniformly."), ge=-180, le=180, unit="°")
    translate_x: float = knob(
        0.1, N_("Shift sideways"), N_("Up to this share of the width, either way."), ge=0, le=1, step=0.05
    )
    translate_y: float = knob(
        0.1, N_("Shift up and down"), N_("Up to this share of the height, either way."), ge=0, le=1, step=0.05
    )
    scale: Range = span((0.8, 1.2), N_("Scale"), N_("1 is the size as it is, drawn uniformly."), ge=0.2, le=3)
    shear_x: Range = span((-10.0, 10.0), N_("Shear sideways"), N_("Drawn uniformly."), ge=-60, le=60, unit="°")
    shear_y: Range = span((0.0, 0.0), N_("Shear up and down"), N_("Drawn uniformly."), ge=-60, le=60, unit="°")
    fill: int = grey_level()

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        return "RandomAffine", {
            "degrees": self.degrees, "translate": (self.translate_x, self.translate_y), "scale": self.scale,
            "shear": (*self.shear_x, *self.shear_y), "interpolation": "bilinear", "fill": self.fill,
        }  # fmt: skip

    @override
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        return _(
            "turned by {degrees}°, shifted by {x}, {y} px, ×{scale}, sheared by {shear_x}°, {shear_y}°",
            degrees=sign(values["angle"], _), x=sign(values["translate_x"], _), y=sign(values["translate_y"], _),
            scale=_.number(values["scale"], 2), shear_x=sign(values["shear_x"], _), shear_y=sign(values["shear_y"], _),
        )  # fmt: skip

    @override
    def parameters(self) -> tuple[Parameter, ...]:
        return (
            Parameter("angle", N_("Angle"), -180, 180, 0, "°"),
            Parameter("x", N_("Shift sideways"), -1, 1, 0),
            Parameter("y", N_("Shift up and down"), -1, 1, 0),
            Parameter("scale", N_("Scale"), 0.2, 3, 1, scale="log"),
            Parameter("shear_x", N_("Shear sideways"), -60, 60, 0, "°"),
            Parameter("shear_y", N_("Shear up and down"), -60, 60, 0, "°"),
        )

    @override
    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        shift = {"translate_x": round(values["x"] * size[1]), "translate_y": round(values["y"] * size[0])}
        return {**{name: values[name] for name in ("angle", "scale", "shear_x", "shear_y")}, **shift}


CORNERS: Final = (
    ("top_left", N_("Top left corner, inwards"), N_("Top left corner, downwards")),
    ("top_right", N_("Top right corner, inwards"), N_("Top right corner, downwards")),
    ("bottom_right", N_("Bottom right corner, inwards"), N_("Bottom right corner, upwards")),
    ("bottom_left", N_("Bottom left corner, inwards"), N_("Bottom left corner, upwards")),
)
"""The corners in torchvision's order, and the two ways each can move."""


def corners(size: Size) -> list[list[int]]:
    """(x, y) in px of the four corners of a picture of `size`, in the order of `CORNERS`."""
    bottom, right = size[0] - 1, size[1] - 1
    return [[0, 0], [right, 0], [right, bottom], [0, bottom]]


SMALLEST: Final = 4  # px: in smaller pictures two corners can meet, and there is no such map


class Perspective(Operation):
    """Move the four corners inwards by random steps: the picture as a sign seen from the side."""

    title: ClassVar[str] = N_("Perspective")
    group: ClassVar[Group] = "place"
    teaches: ClassVar[str] = N_("A flat thing seen from the side is the same thing: a sign, a page, a label.")
    harms: ClassVar[str] = N_("When straight lines and proportions decide, or when little of the picture is left.")

    kind: Literal["perspective"] = "perspective"
    distortion: float = knob(
        0.5, N_("Distortion"), N_("How far a corner moves at most, as a share of half the picture."),
        ge=0, le=0.9, step=0.05,
    )  # fmt: skip
    p: float = chance(0.5, N_("How often the picture is distorted."))
    fill: int = grey_level()

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        return "RandomPerspective", {"distortion_scale": self.distortion, "p": self.p, "fill": self.fill}

    @override
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        if not values["applied"]:
            return _("unchanged")
        places = " ".join(f"({_.number(x)}, {_.number(y)})" for x, y in values["corners"])
        return _("corners at {places}", places=places)

    @override
    def parameters(self) -> tuple[Parameter, ...]:
        return tuple(
            Parameter(f"{corner}_{way}", label, 0, 0.9, 0)
            for corner, *labels in CORNERS
            for way, label in zip("xy", labels, strict=True)
        )

    @override
    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        half = size[1] // 2, size[0] // 2
        moved = [
            [
                side + (-1 if side else 1) * int(values[f"{corner}_{way}"] * most)
                for way, side, most in zip("xy", at, half, strict=True)
            ]
            for (corner, *_labels), at in zip(CORNERS, corners(size), strict=True)
        ]
        return {"applied": moved != corners(size), "corners": moved}

    @override
    def check(self, size: Size) -> None:
        if min(size) < SMALLEST:
            raise CnnvizError(
                "picture_too_small", field="distortion", title=self.title, smallest=SMALLEST, height=size[0],
                width=size[1],
            )  # fmt: skip


class Elastic(Operation):
    """Move each pixel a little, its neighbours nearly as much: a picture on rubber, or seen through water.

    Simard et al. 2003, "Best practices for convolutional neural networks applied to visual document analysis".
    """

    title: ClassVar[str] = N_("Elastic deformation")
    group: ClassVar[Group] = "place"
    teaches: ClassVar[str] = N_("No two hands write a digit alike, and cloth falls in other folds every time.")
    harms: ClassVar[str] = N_("When things are rigid, or when the waves tear thin strokes apart.")

    kind: Literal["elastic"] = "elastic"
    alpha: float = knob(50.0, N_("Strength"), N_("How far pixels move."), ge=0, le=300, step=5)
    sigma: float = knob(
        5.0, N_("Smoothness"), N_("Over how many pixels neighbours move alike; 0 tears them apart."),
        ge=0, le=10, step=0.5, unit="px",
    )  # fmt: skip
    fill: int = grey_level()

    @property
    def reach(self) -> int:
        """Half the width of torchvision's smoothing kernel, px: the picture must be larger than this."""
        return int(8 * self.sigma + 1) // 2 if self.sigma > 0 else 0

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        return "ElasticTransform", {"alpha": self.alpha, "sigma": self.sigma, "fill": self.fill}

    @override
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        return _(
            "elastic {strength}, pattern {pattern}",
            strength=_.number(round(values["strength"])), pattern=_.number(values["pattern"]),
        )  # fmt: skip

    @override
    def parameters(self) -> tuple[Parameter, ...]:
        return Parameter("strength", N_("Strength"), 0, 300, 0), _PATTERN

    @override
    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        return {"pattern": math.floor(values["pattern"]), "strength": values["strength"]}

    @override
    def check(self, size: Size) -> None:
        if self.reach >= min(size):
            raise CnnvizError(
                "smoothing_too_wide", field="sigma", label="sigma", value=self.sigma, height=size[0], width=size[1],
                limit=math.floor((2 * min(size) - 2) / 8 * 2) / 2,
            )  # fmt: skip
