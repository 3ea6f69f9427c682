"""AutoAugment, RandAugment and TrivialAugment: which steps are drawn, and how strong."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import torch
from torch import Tensor
from typing_extensions import override

from cnnviz.augmentation.behaviours.base import Behaviour, Values, coin, uniform
from cnnviz.augmentation.behaviours.steps import NONE, magnitudes, take, take_all
from cnnviz.specs.augmentation import AutoAugment, Operation, RandAugment, Size, TrivialAugmentWide
from cnnviz.specs.augmentation.policies import STEPS, UNSIGNED, PolicyOperation

P = TypeVar("P", bound=PolicyOperation)
Steps = Sequence[Sequence[Any]]

BINS: Final = 31  # strengths that RandAugment and TrivialAugment tell apart
_NEAREST: Final = "nearest"  # torchvision's interpolation for these three


class InARow(Behaviour[P]):
    """Draws `steps`, taken one after the other: pairs of a name and a strength."""

    @abstractmethod
    def numbers(self, operation: P, generator: torch.Generator, count: int, size: Size) -> tuple[Tensor, Tensor]:
        """The steps (N, S) as places in `STEPS` or `NONE`, and their strengths (N, S) before chance gives a sign."""

    @override
    def draw_batch(self, operation: P, generator: torch.Generator, count: int, size: Size) -> Values:
        steps, strengths = self.numbers(operation, generator, count, size)
        return {"step": steps, "strength": signed(steps, strengths, generator)}

    @override
    def plain(self, values: Values) -> dict[str, Any]:
        return {"steps": named(values["step"], values["strength"])}

    @override
    def pack(self, drawn: Sequence[Mapping[str, Any]]) -> Values:
        steps, strengths = numbered([values["steps"] for values in drawn])
        return {"step": steps, "strength": strengths}

    @override
    def apply_batch(self, operation: P, pixels: Tensor, values: Values, whole_levels: bool) -> Tensor:
        return take_all(pixels, values["step"], values["strength"], _NEAREST, whole_levels)

    @override
    def apply(self, operation: P, image: Tensor, values: Mapping[str, Any]) -> Tensor:
        for step, strength in values["steps"]:
            image = take(image, step, strength, _NEAREST)
        return image


class Pairs(InARow[AutoAugment]):
    """One of 25 pairs; each of its steps is taken with its own probability."""

    @override
    def numbers(
        self, operation: AutoAugment, generator: torch.Generator, count: int, size: Size
    ) -> tuple[Tensor, Tensor]:
        pairs, device = operation.pairs, generator.device
        strengths = {step: magnitudes(operation.space, step, 10, size) for step in operation.space.steps}
        number = torch.tensor([[STEPS.index(step) for step, _p, _m in pair] for pair in pairs], device=device)
        probability = torch.tensor([[p for _step, p, _m in pair] for pair in pairs], device=device)
        strength = torch.tensor([[float(strengths[step][m]) for step, _p, m in pair] for pair in pairs], device=device)
        chosen = whole(generator, (count,), len(pairs))
        taken = uniform(generator, (count, 2)) <= probability[chosen]
        return torch.where(taken, number[chosen], NONE), strength[chosen].to(torch.float64)


class SameStrength(InARow[RandAugment]):
    """Any steps, all with the magnitude that was set."""

    @override
    def numbers(
        self, operation: RandAugment, generator: torch.Generator, count: int, size: Size
    ) -> tuple[Tensor, Tensor]:
        number, strength = table(operation, BINS, size, generator.device)
        chosen = whole(generator, (count, operation.num_ops), len(number))
        return number[chosen], strength[chosen, operation.magnitude]


class AnyStrength(InARow[TrivialAugmentWide]):
    """A single step of any strength."""

    @override
    def numbers(
        self, operation: TrivialAugmentWide, generator: torch.Generator, count: int, size: Size
    ) -> tuple[Tensor, Tensor]:
        number, strength = table(operation, BINS, size, generator.device)
        chosen = whole(generator, (count, 1), len(number))
        return number[chosen], strength[chosen, whole(generator, (count, 1), BINS)]


def table(operation: PolicyOperation, bins: int, size: Size, device: torch.device) -> tuple[Tensor, Tensor]:
    """The steps of a policy, (K,) places in `STEPS`, and the strengths of each, (K, bins)."""
    steps = operation.space.steps
    strengths = torch.stack([magnitudes(operation.space, step, bins, size) for step in steps])
    return torch.tensor([STEPS.index(step) for step in steps], device=device), strengths.to(device)


def whole(generator: torch.Generator, shape: tuple[int, ...], count: int) -> Tensor:
    """Whole numbers from 0 to count - 1, all equally likely."""
    return (uniform(generator, shape) * count).floor_().to(torch.int64)


def signed(steps: Tensor, strengths: Tensor, generator: torch.Generator) -> Tensor:
    """The strengths, where they have a sign half of them with the other one; 0 for steps that are not taken."""
    has_sign = torch.tensor([step not in UNSIGNED for step in STEPS] + [False], device=steps.device)[steps]
    other = coin(generator, steps.numel(), 0.5).view_as(steps) & has_sign
    return torch.where(steps == NONE, 0.0, torch.where(other, -strengths, strengths))


def named(steps: Tensor, strengths: Tensor) -> list[list[Any]]:
    """One image's steps (S,) as JSON can carry them; those that are not taken are left out."""
    pairs = zip(steps.tolist(), strengths.tolist(), strict=True)
    return [[STEPS[step], strength] for step, strength in pairs if step != NONE]


def numbered(drawn: Sequence[Steps], length: int = 1) -> tuple[Tensor, Tensor]:
    """The named steps of several images as numbers and strengths, (N, S); at least `length` of them."""
    length = max(length, *(len(steps) for steps in drawn))
    filled = [[*steps, *([[None, 0.0]] * (length - len(steps)))] for steps in drawn]
    numbers = [[NONE if step is None else STEPS.index(step) for step, _strength in steps] for steps in filled]
    strengths = [[float(strength) for _step, strength in steps] for steps in filled]
    return torch.tensor(numbers), torch.tensor(strengths, dtype=torch.float64)


BEHAVIOURS: Final[Mapping[type[Operation], Behaviour[Any]]] = {
    AutoAugment: Pairs(),
    RandAugment: SameStrength(),
    TrivialAugmentWide: AnyStrength(),
}
