"""A pipeline at work: draw first, then apply, to one picture or to a batch with a draw of its own for each image.

Nothing here touches torch's global random state: each sample has generators of its own, so the same seed gives the same
grid whatever other threads do. Each operation of each sample has its own, too. So the first eight pictures of a grid of
sixteen are the grid of eight, and moving a slider, switching an operation off or moving it up leaves the draws of the
others as they were.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeVar
from zlib import crc32

import numpy as np
from PIL import Image

from cnnviz.errors import CnnvizError
from cnnviz.specs.augmentation import Draw, Drawn, Operation, PipelineSpec, Size

if TYPE_CHECKING:
    import torch
    from torchvision.transforms import v2

    from cnnviz.augmentation.behaviours.base import BatchDraws

Picture = TypeVar("Picture", Image.Image, "torch.Tensor")
AnyDrawn = Sequence[tuple[str, Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Sample:
    """One augmented picture and what was drawn for it, an entry for each operation that is switched on."""

    image: Image.Image
    drawn: Drawn


class Pipeline(PipelineSpec):
    """A `PipelineSpec` that can be run; it compares, hashes and serialises like one.

    Pixels are torchvision's own for tensors (its tensor kernels and its kernels for PIL pictures differ by a few levels
    in hue and colour), so the page shows what training uses.

    Example:
        >>> pipeline = Pipeline(operations=(HorizontalFlip(), RandomResizedCrop(size=200)))
        >>> [sample.drawn for sample in pipeline.samples(cat(), count=8, seed=0)]
    """

    @classmethod
    def of(cls, spec: PipelineSpec) -> Self:
        """The pipeline that a plain spec describes."""
        return cls(operations=spec.operations)

    # One picture: the page

    def samples(self, image: Image.Image, count: int = 8, seed: int = 0) -> list[Sample]:
        """Independent draws of the same picture.

        Args:
            image: grey ("L") or RGB; other modes become RGB.
            count: how many.
            seed: sample i depends on the seed, on i and on the operations, and on nothing else.
        """
        tensor = _to_tensor(image)
        size = _size(tensor)
        drawn = [self._draw(_sample_generators(seed, index), size) for index in range(count)]
        return [Sample(_to_image(self.apply(tensor, values)), values) for values in drawn]

    def draw(self, generator: "torch.Generator", size: Size) -> Drawn:
        """The random values for one picture, operation after operation from one generator.

        Args:
            generator: its state moves on.
            size: (height, width) of the picture in px; an operation that follows a crop gets the crop's size.
        """
        return self._draw(lambda _operation: generator, size)

    def apply(self, image: Picture, drawn: AnyDrawn) -> Picture:
        """The picture after all operations, with the values that were drawn (or set by hand).

        Args:
            image: a PIL picture, or a tensor (C, H, W) of 1 or 3 channels, uint8 or float in [0, 1].
            drawn: what `draw` returns, or the same read back from JSON.

        Returns:
            The same kind of picture as given.

        Raises:
            CnnvizError: "drawn_does_not_match" where the values are another chain's.
        """
        if isinstance(image, Image.Image):
            *_, last = self._apply(_to_tensor(image), drawn)
            return _to_image(last)
        *_, tensor = self._apply(image, drawn)
        return tensor

    def steps(self, image: Image.Image, drawn: AnyDrawn) -> list[Image.Image]:
        """The picture after each operation that is switched on; arguments and errors as for `apply`."""
        return [_to_image(tensor) for tensor in self._apply(_to_tensor(image), drawn)][1:]

    # Torchvision's own form

    def transform(self) -> "v2.Compose":
        """The same chain as a `torchvision.transforms.v2.Compose`, which draws from torch's global random state."""
        from torchvision.transforms import v2

        calls = [operation.torchvision_call() for operation in self.active] or [("Identity", {})]
        return v2.Compose([getattr(v2, name)(**arguments) for name, arguments in calls])

    # A batch: training

    def draw_batch(self, generator: "torch.Generator", count: int, size: Size) -> "BatchDraws":
        """The random values for `count` images at once, each with its own.

        Args:
            generator: the values are drawn on its device. One on the CPU is best: they are few, the same on every
                machine, and a GPU does not have to be waited for.
            count: images.
            size: (height, width) of the images in px.
        """
        from cnnviz.augmentation.behaviours import behaviour

        draws = []
        for operation in self.active:
            draws.append(behaviour(operation).draw_batch(operation, generator, count, size))
            size = operation.output_size(size)
        return tuple(draws)

    def pack(self, drawn: Sequence[Drawn]) -> "BatchDraws":
        """The draws of single pictures as those of a batch."""
        from cnnviz.augmentation.behaviours import behaviour

        return tuple(
            behaviour(operation).pack([values[place][1] for values in drawn])
            for place, operation in enumerate(self.active)
        )

    def apply_batch(self, images: "torch.Tensor", generator: "torch.Generator") -> "torch.Tensor":
        """Each image of a batch with a draw of its own, vectorised, on the images' device, without gradients.

        Args:
            images: (N, C, H, W) with 1 or 3 channels, uint8 or float in [0, 1]. Not changed.
            generator: see `draw_batch`.

        Returns:
            (N, C, H', W') of the same dtype; `output_size` says H' and W'.

        Raises:
            ValueError: another shape.
        """
        return self.apply_draws(images, self.draw_batch(generator, len(images), _size(images)))

    def apply_draws(self, images: "torch.Tensor", draws: "BatchDraws") -> "torch.Tensor":
        """`apply_batch` with values that are there already, from `draw_batch` or `pack`."""
        import torch

        from cnnviz.augmentation.behaviours import behaviour

        if images.ndim != 4 or images.shape[1] not in (1, 3):
            raise ValueError(f"images must be (N, 1 or 3, H, W), got {tuple(images.shape)}")
        whole_levels = not images.is_floating_point()
        # Resampling is a matrix product: an autocast around the training step would compute it in bfloat16.
        with torch.no_grad(), torch.autocast(images.device.type, enabled=False):
            pixels = images.to(torch.float32)
            for operation, values in zip(self.active, draws, strict=True):
                pixels = behaviour(operation).apply_batch(operation, pixels, values, whole_levels)
            return pixels.to(images.dtype)

    def _draw(self, generator_of: Callable[[Operation], "torch.Generator"], size: Size) -> Drawn:
        from cnnviz.augmentation.behaviours import behaviour

        drawn = []
        for operation in self.active:
            values = behaviour(operation).draw(operation, generator_of(operation), size)
            drawn.append(Draw(operation.kind, values))
            size = operation.output_size(size)
        return tuple(drawn)

    def _apply(self, image: "torch.Tensor", drawn: AnyDrawn) -> Iterator["torch.Tensor"]:
        """The picture as it came, then after each operation."""
        from cnnviz.augmentation.behaviours import behaviour

        kinds, expected = [kind for kind, _values in drawn], [operation.kind for operation in self.active]
        if kinds != expected:
            raise CnnvizError(
                "drawn_does_not_match", field="operations", received=", ".join(kinds), expected=", ".join(expected)
            )
        yield image
        for operation, (_kind, values) in zip(self.active, drawn, strict=True):
            image = behaviour(operation).apply(operation, image, values)
            yield image


def _sample_generators(seed: int, index: int) -> Callable[[Operation], "torch.Generator"]:
    """A generator for each operation of one sample, told apart by the operation's kind and how often it came before."""
    import torch

    seen: dict[str, int] = {}

    def generator_of(operation: Operation) -> torch.Generator:
        occurrence = seen[operation.kind] = seen.get(operation.kind, -1) + 1
        entropy = [seed % 2**63, index, crc32(operation.kind.encode()), occurrence]
        state = int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0])
        return torch.Generator().manual_seed(state)

    return generator_of


def _size(images: "torch.Tensor") -> Size:
    height, width = images.shape[-2:]
    return height, width


def _to_tensor(image: Image.Image) -> "torch.Tensor":
    """(C, H, W) uint8, one plane after the other: colour arithmetic on interleaved planes takes three times as long."""
    from torchvision.transforms.v2 import functional

    tensor: torch.Tensor = functional.pil_to_tensor(image if image.mode in ("L", "RGB") else image.convert("RGB"))
    return tensor.contiguous()


def _to_image(tensor: "torch.Tensor") -> Image.Image:
    from torchvision.transforms.v2 import functional

    image: Image.Image = functional.to_pil_image(tensor)
    return image
