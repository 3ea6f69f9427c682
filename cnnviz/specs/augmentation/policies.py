"""Policies: several simple steps, chosen at random from a list; what is drawn is the steps and how strong each is.

The spaces of steps are those of the papers as torchvision has them; a test compares them with its classes.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Final, Literal, NamedTuple

from typing_extensions import override

from cnnviz.language import N_, Language
from cnnviz.specs.augmentation.base import EnumValue, Group, Operation, Parameter, Size, sign
from cnnviz.specs.augmentation.policy_tables import SUBPOLICIES, Policy, SubPolicy
from cnnviz.specs.base import knob

STEPS: Final = (
    "Identity", "ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Brightness", "Color", "Contrast",
    "Sharpness", "Posterize", "Solarize", "AutoContrast", "Equalize", "Invert",
)  # fmt: skip
"""Every step that a policy can take, by torchvision's names; a batch's draws hold places in this list."""

PLAIN: Final = frozenset({"Identity", "AutoContrast", "Equalize", "Invert"})
"""The steps that have no strength."""

UNSIGNED: Final = PLAIN | {"Posterize", "Solarize"}
"""The steps whose strength has no sign."""


class Space(NamedTuple):
    """How strong each step can be: from the first to the last of evenly spaced magnitudes.

    Attributes:
        steps: their names, in the order in which torchvision numbers them.
        shear: the largest shear, as a tangent.
        shift: the largest shift, px, or as a share of the side where `relative`.
        relative: whether shifts grow with the picture.
        degrees: the largest rotation.
        factor: the largest change of brightness, colour, contrast and sharpness.
        bits: the number of bits at the first and the last magnitude.
    """

    steps: tuple[str, ...]
    shear: float = 0.3
    shift: float = 150 / 331
    relative: bool = True
    degrees: float = 30.0
    factor: float = 0.9
    bits: tuple[int, int] = (8, 4)

    def limits(self, step: str, size: Size) -> tuple[float, float]:
        """The first and the last magnitude of a step on a picture of `size` (height, width)."""
        if step in PLAIN:
            return 0.0, 0.0
        if step.startswith("Shear"):
            return 0.0, self.shear
        if step.startswith("Translate"):
            side = size[1] if step.endswith("X") else size[0]
            return 0.0, self.shift * side if self.relative else self.shift
        if step == "Posterize":
            return self.bits
        if step == "Solarize":
            return 1.0, 0.0
        return 0.0, self.degrees if step == "Rotate" else self.factor


_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Identity": N_("nothing"),
        "ShearX": N_("sheared sideways by {value}"),
        "ShearY": N_("sheared up and down by {value}"),
        "TranslateX": N_("shifted sideways by {value} px"),
        "TranslateY": N_("shifted up and down by {value} px"),
        "Rotate": N_("turned by {degrees}°"),
        "Brightness": N_("brightness ×{factor}"),
        "Color": N_("saturation ×{factor}"),
        "Contrast": N_("contrast ×{factor}"),
        "Sharpness": N_("sharpness ×{factor}"),
        "Posterize": N_("{count} levels"),
        "Solarize": N_("inverted from level {level} up"),
        "AutoContrast": N_("automatic contrast"),
        "Equalize": N_("equalized"),
        "Invert": N_("inverted"),
    }
)


def describe_step(step: str, magnitude: float, _: Language) -> str:
    """One step in words."""
    values = {
        "value": sign(int(magnitude), _) if step.startswith("Translate") else sign(magnitude, _, 2),
        "degrees": sign(magnitude, _),
        "factor": _.number(1 + magnitude, 2),
        "count": _.number(2 ** int(magnitude)) if step == "Posterize" else "",
        "level": _.number(round(255 * magnitude)),
    }
    return _(_WORDS[step], **values)


Step = Sequence[Any]
"""A drawn step: its name and its magnitude, as JSON carries a pair."""


class PolicyOperation(Operation, ABC):
    """What the policies share: drawn `steps`, said one after the other."""

    group: ClassVar[Group] = "policies"

    @override
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        return self._words(values["steps"], _)

    @staticmethod
    def _words(steps: Sequence[Step], _: Language) -> str:
        said = [describe_step(step, magnitude, _) for step, magnitude in steps]
        return ", ".join(said) if said else _("unchanged")

    @property
    @abstractmethod
    def space(self) -> Space:
        """Which steps there are and how strong they can be."""

    def parameters(self) -> tuple[Parameter, ...]:
        """One step by hand: which, and how strong."""
        return (
            Parameter("step", N_("Step"), 0, len(self.space.steps) - 1, 0, step=1),
            Parameter("strength", N_("Strength"), -1, 1, 0),
        )

    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        """The one step; its strength is a share of the largest."""
        return {"steps": [self._by_hand(values, size)]}

    def _by_hand(self, values: Mapping[str, float], size: Size) -> list[Any]:
        step, share = self.space.steps[int(values["step"])], values["strength"]
        first, last = self.space.limits(step, size)
        magnitude = first + (last - first) * (abs(share) if step in UNSIGNED else share)
        return [step, float(round(magnitude)) if step == "Posterize" else magnitude]


class AutoAugment(PolicyOperation):
    """One of 25 pairs of steps that a search found to work best (Cubuk et al. 2018, arXiv 1805.09501)."""

    title: ClassVar[str] = N_("AutoAugment")
    teaches: ClassVar[str] = N_("What a search of thousands of GPU hours found to help on a data set.")
    harms: ClassVar[str] = N_("On data unlike those the search was made for: some pairs invert or recolour everything.")

    kind: Literal["auto_augment"] = "auto_augment"
    policy: Policy = knob("imagenet", N_("Policy"), N_("The data set that the search was made for."))

    @property
    @override
    def space(self) -> Space:
        return AUTO_AUGMENT_SPACE

    @property
    def pairs(self) -> tuple[SubPolicy, ...]:
        """The 25 pairs: (step, probability, magnitude from 0 to 9) twice."""
        return SUBPOLICIES[self.policy]

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        return "AutoAugment", {"policy": EnumValue("AutoAugmentPolicy", self.policy)}

    @override
    def parameters(self) -> tuple[Parameter, ...]:
        return (Parameter("pair", N_("Pair of steps"), 0, len(self.pairs), 0, step=1),)

    @override
    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        """Both steps of the pair, in the positive direction; pair 0 is nothing."""
        number = int(values["pair"])
        steps = []
        for step, _probability, place in self.pairs[number - 1] if number else ():
            first, last = self.space.limits(step, size)
            magnitude = first + (last - first) * place / 9
            steps.append([step, float(round(magnitude)) if step == "Posterize" else magnitude])
        return {"steps": steps}


class RandAugment(PolicyOperation):
    """Some steps in a row, all equally strong (Cubuk et al. 2019, arXiv 1909.13719)."""

    title: ClassVar[str] = N_("RandAugment")
    teaches: ClassVar[str] = N_("A bit of everything, with two numbers to set instead of a search.")
    harms: ClassVar[str] = N_("When one of its steps is wrong for the data: it cannot be left out.")

    kind: Literal["rand_augment"] = "rand_augment"
    num_ops: int = knob(2, N_("Steps"), N_("How many steps follow each other."), ge=1, le=4, step=1)
    magnitude: int = knob(9, N_("Magnitude"), N_("How strong every step is, from 0 to 30."), ge=0, le=30, step=1)

    @property
    @override
    def space(self) -> Space:
        return RAND_AUGMENT_SPACE

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        return "RandAugment", {"num_ops": self.num_ops, "magnitude": self.magnitude}


class TrivialAugmentWide(PolicyOperation):
    """A single step of any strength (Müller & Hutter 2021, arXiv 2103.10158)."""

    title: ClassVar[str] = N_("TrivialAugment")
    teaches: ClassVar[str] = N_("A bit of everything, one at a time, with nothing to set.")
    harms: ClassVar[str] = N_("When one of its steps is wrong for the data: the strongest ones leave little to see.")

    kind: Literal["trivial_augment"] = "trivial_augment"

    @property
    @override
    def space(self) -> Space:
        return TRIVIAL_AUGMENT_SPACE

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        return "TrivialAugmentWide", {}


class AugMix(PolicyOperation):
    """Several chains of steps, mixed with each other and with the picture itself (Hendrycks et al. 2019).

    arXiv 1912.02781. The paper also compares the predictions for three such pictures; that belongs to the loss.
    """

    title: ClassVar[str] = N_("AugMix")
    teaches: ClassVar[str] = N_("To see through fog, noise and blur that the training pictures do not have.")
    harms: ClassVar[str] = N_("When ghosts of shifted outlines hide fine detail; it is also the slowest.")

    kind: Literal["aug_mix"] = "aug_mix"
    severity: int = knob(3, N_("Severity"), N_("The largest strength of a step, from 1 to 10."), ge=1, le=10, step=1)
    mixture_width: int = knob(3, N_("Chains"), N_("How many chains are mixed."), ge=1, le=5, step=1)
    chain_depth: int = knob(
        0, N_("Steps"), N_("Steps in each chain; 0 draws one to three."), ge=0, le=3, step=1, advanced=True
    )
    alpha: float = knob(
        1.0, N_("Alpha"), N_("How even the shares are: small is mostly one chain, large is all alike."),
        ge=0.1, le=10, scale="log", advanced=True,
    )  # fmt: skip

    @property
    @override
    def space(self) -> Space:
        return AUG_MIX_SPACE

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        depth = {"chain_depth": self.chain_depth} if self.chain_depth else {}
        return "AugMix", {"severity": self.severity, "mixture_width": self.mixture_width, **depth, "alpha": self.alpha}

    @override
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        own, *shares = values["shares"]
        said = [_("{share} as it is", share=_.percent(own))]
        for share, steps in zip(shares, values["chains"], strict=True):
            said.append(_("{share} {steps}", share=_.percent(share), steps=self._words(steps, _)))
        return " + ".join(said)

    @override
    def parameters(self) -> tuple[Parameter, ...]:
        return (*super().parameters(), Parameter("share", N_("Share of the changed picture"), 0, 1, 0))

    @override
    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        """A single chain of a single step."""
        share = values["share"]
        return {"chains": [[self._by_hand(values, size)]], "shares": [1 - share, share]}


AUTO_AUGMENT_SPACE: Final = Space(STEPS[1:])
RAND_AUGMENT_SPACE: Final = Space(STEPS[:-1])
TRIVIAL_AUGMENT_SPACE: Final = Space(
    STEPS[:-1], shear=0.99, shift=32.0, relative=False, degrees=135.0, factor=0.99, bits=(8, 2)
)
AUG_MIX_SPACE: Final = Space(
    ("ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Posterize", "Solarize", "AutoContrast", "Equalize",
     "Brightness", "Color", "Contrast", "Sharpness"),
    shift=1 / 3, bits=(4, 0),
)  # fmt: skip
