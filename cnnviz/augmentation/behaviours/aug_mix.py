"""AugMix: several chains of steps, mixed with each other and with the picture itself."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import torch
from torch import Tensor
from typing_extensions import override

from cnnviz.augmentation.behaviours.base import Behaviour, Values, per_image
from cnnviz.augmentation.behaviours.policies import named, numbered, signed, table, whole
from cnnviz.augmentation.behaviours.steps import NONE, take, take_all
from cnnviz.specs.augmentation import AugMix, Operation, Size

_BINS: Final = 10
_DEEPEST: Final = 3
_BILINEAR: Final = "bilinear"  # torchvision's interpolation for AugMix


class Mix(Behaviour[AugMix]):
    """Draws `chains` of steps, and the `shares` of the picture itself and of each chain, which add up to 1."""

    @override
    def draw_batch(self, operation: AugMix, generator: torch.Generator, count: int, size: Size) -> Values:
        width, deepest = operation.mixture_width, operation.chain_depth or _DEEPEST
        number, strength = table(operation, _BINS, size, generator.device)
        shape = (count, width, deepest)
        chosen = whole(generator, shape, len(number))
        strengths = strength[chosen, whole(generator, shape, operation.severity)]
        depth = deepest if operation.chain_depth else 1 + whole(generator, (count, width, 1), _DEEPEST)
        steps = torch.where(torch.arange(deepest, device=generator.device) < depth, number[chosen], NONE)
        own = dirichlet(generator, (count, 2), operation.alpha)
        chains = dirichlet(generator, (count, width), operation.alpha) * own[:, 1:]
        shares = torch.cat((own[:, :1], chains), 1)
        return {"step": steps, "strength": signed(steps, strengths, generator), "share": shares}

    @override
    def plain(self, values: Values) -> dict[str, Any]:
        chains = [named(*chain) for chain in zip(values["step"], values["strength"], strict=True)]
        return {"chains": chains, "shares": values["share"].tolist()}

    @override
    def pack(self, drawn: Sequence[Mapping[str, Any]]) -> Values:
        widest = max(len(values["chains"]) for values in drawn)
        chains = [
            chain for values in drawn for chain in (*values["chains"], *([[]] * (widest - len(values["chains"]))))
        ]
        shares = [[*values["shares"], *([0.0] * (widest + 1 - len(values["shares"])))] for values in drawn]
        steps, strengths = (numbers.view(len(drawn), widest, -1) for numbers in numbered(chains))
        return {"step": steps, "strength": strengths, "share": torch.tensor(shares, dtype=torch.float64)}

    @override
    def apply_batch(self, operation: AugMix, pixels: Tensor, values: Values, whole_levels: bool) -> Tensor:
        shares = per_image(values["share"].mT, pixels)  # (1 + width, N, 1, 1, 1)
        steps, strengths = values["step"], values["strength"]
        mixed = pixels * shares[0]
        for chain in range(steps.shape[1]):
            changed = take_all(pixels, steps[:, chain], strengths[:, chain], _BILINEAR, whole_levels)
            mixed.addcmul_(changed, shares[1 + chain])
        return mixed.floor_() if whole_levels else mixed

    @override
    def apply(self, operation: AugMix, image: Tensor, values: Mapping[str, Any]) -> Tensor:
        own, *shares = values["shares"]
        mixed = own * image
        for share, steps in zip(shares, values["chains"], strict=True):
            changed = image
            for step, strength in steps:
                changed = take(changed, step, strength, _BILINEAR)
            mixed = mixed + share * changed
        result: Tensor = mixed.to(image.dtype)
        return result


def dirichlet(generator: torch.Generator, shape: tuple[int, int], alpha: float) -> Tensor:
    """Shares that add up to 1 in each row: Dirichlet(α, …, α); two of them are Beta(α, α)."""
    concentrations = torch.full(shape, alpha, dtype=torch.float64, device=generator.device)
    shares: Tensor = torch._sample_dirichlet(concentrations, generator=generator)
    return shares


BEHAVIOURS: Final[Mapping[type[Operation], Behaviour[Any]]] = {AugMix: Mix()}
