"""A pipeline at work: draw first, then apply, to one picture or to a batch with a draw of its own for each image.

Nothing here touches torch's global random state: each sample has generators of its own, so the same seed gives the same
grid whatever other threads do. Each operation of each sample has its own, too. So the first eight pictures of a grid of
sixteen are the grid of eight, and moving a slider, switching an operation off or moving it up leaves the draws of the
others as they were.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeVar
from zlib import crc32

import numpy as np
from PIL import Image

from cnnviz.errors import CnnvizError
from cnnviz.specs.augmentation import Draw, Drawn, EnumValue, Operation, PipelineSpec, Size

if TYPE_CHECKING:
    import torch
    from torchvision.transforms import v2

    from cnnviz.augmentation.behaviours.base import BatchDraws

Picture = TypeVar("Picture", Image.Image, "torch.Tensor")
UNITS = 24
"""Random numbers that `Pipeline.units` gives for an operation: none that is drawn from uniform numbers takes more."""

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

    def samples(
        self,
        image: Image.Image,
        count: int = 8,
        seed: int = 0,
        each: "Callable[[Callable[[Drawn], Sample], Sequence[Drawn]], Iterable[Sample]]" = map,
    ) -> list[Sample]:
        """Independent draws of the same picture.

        Args:
            image: grey ("L") or RGB; other modes become RGB.
            count: how many.
            seed: sample i depends on the seed, on i and on the operations, and on nothing else.
            each: how the pictures are computed from their draws, in order: `map`, or that of a pool of threads.

        Raises:
            CnnvizError: at the field of the first operation that the picture does not fit.
        """
        tensor = _to_tensor(image)
        size = _size(tensor)
        drawn = [self._draw(_sample_generators(seed, index), size) for index in range(count)]
        return list(each(lambda values: Sample(_to_image(self.apply(tensor, values)), values), drawn))

    @staticmethod
    def units(seed: int, index: int, kind: str, occurrence: int) -> list[float]:
        """The first `UNITS` random numbers in [0, 1) behind a sample's draw of one operation, whatever its range is.

        Whoever maps them to values as the operation does draws what `samples` draws.

        Args:
            seed: the seed of the samples.
            index: the number of the sample.
            kind: the operation's kind.
            occurrence: how many operations of this kind that are switched on stand before it.
        """
        import torch

        generator = _generator(seed, index, kind, occurrence)
        numbers: list[float] = torch.rand(UNITS, generator=generator, dtype=torch.float64).tolist()
        return numbers

    def draw(self, generator: "torch.Generator", size: Size) -> Drawn:
        """The random values for one picture, operation after operation from one generator.

        Args:
            generator: its state moves on.
            size: (height, width) of the picture in px; an operation that follows a crop gets the crop's size.

        Raises:
            CnnvizError: at the field of the first operation that a picture of this size does not fit.
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
        """The same chain as a `torchvision.transforms.v2.Compose`, which draws from torch's global random state.

        It takes what torchvision takes. With noise or colour lighting a PIL picture becomes a tensor first.
        """
        from torchvision.transforms import v2

        steps = [_transform(operation) for operation in self.active] or [v2.Identity()]
        if any(operation.needs_tensor for operation in self.active):
            steps.insert(0, v2.ToImage())
        return v2.Compose(steps)

    def mix_transform(self) -> "v2.Compose | None":
        """The mixing as torchvision's transform of (images, labels) in a batch, with labels from 0 to 9; None for none.

        Torchvision's classes draw once for the whole batch; `mix` draws for each picture.
        """
        from torchvision.transforms import v2

        return v2.Compose([_transform(operation) for operation in self.mixing]) if self.mixing else None

    # A batch: training

    def draw_batch(self, generator: "torch.Generator", count: int, size: Size) -> "BatchDraws":
        """The random values for `count` images at once, each with its own.

        Args:
            generator: the values are drawn on its device. One on the CPU is best: they are few, the same on every
                machine, and a GPU does not have to be waited for.
            count: images.
            size: (height, width) of the images in px.

        Raises:
            CnnvizError: at the field of the first operation that images of this size do not fit.
        """
        from cnnviz.augmentation.behaviours import behaviour

        self.check(size)
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
            CnnvizError: at the field of the first operation that the images do not fit.
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

    def mix(
        self, images: "torch.Tensor", targets: "torch.Tensor", generator: "torch.Generator"
    ) -> "tuple[torch.Tensor, torch.Tensor]":
        """A batch of labelled images after MixUp and CutMix, each image with a draw of its own; the last thing to do.

        Args:
            images: (N, C, H, W), uint8 or float in [0, 1], after `apply_batch`. Not changed.
            targets: (N, K), one-hot or soft.
            generator: see `draw_batch`.

        Returns:
            Images of the same shape and dtype, and soft targets (N, K), float32, for `cross_entropy`; the very same
            tensors where no mixing is switched on.
        """
        from cnnviz.augmentation.mixing import apply_mix, draw_mix

        for operation in self.mixing:
            images, targets = apply_mix(images, targets, draw_mix(operation, generator, len(images), _size(images)))
        return images, targets

    def _draw(self, generator_of: Callable[[Operation], "torch.Generator"], size: Size) -> Drawn:
        from cnnviz.augmentation.behaviours import behaviour

        self.check(size)
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


def _transform(operation: Operation) -> Any:
    """Torchvision's transform for an operation."""
    from torchvision.transforms import v2

    from cnnviz.augmentation import lighting

    name, arguments = operation.torchvision_call()
    values = {
        key: getattr(v2, value.enum)(value.value) if isinstance(value, EnumValue) else value
        for key, value in arguments.items()
    }
    return getattr(lighting if operation.definition else v2, name)(**values)


def _sample_generators(seed: int, index: int) -> Callable[[Operation], "torch.Generator"]:
    """A generator for each operation of one sample, told apart by the operation's kind and how often it came before."""
    seen: dict[str, int] = {}

    def generator_of(operation: Operation) -> "torch.Generator":
        occurrence = seen[operation.kind] = seen.get(operation.kind, -1) + 1
        return _generator(seed, index, operation.kind, occurrence)

    return generator_of


def _generator(seed: int, index: int, kind: str, occurrence: int) -> "torch.Generator":
    import torch

    entropy = [seed % 2**63, index, crc32(kind.encode()), occurrence]
    state = int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0])
    return torch.Generator().manual_seed(state)


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
