"""Networks taken apart: model → report of plain rows, and what the rows say. No torch until it is needed."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cnnviz.rows import Report

if TYPE_CHECKING:
    import torch

    from cnnviz.specs.architectures import ArchitectureSpec

__all__ = ["inspect", "report_of"]


def inspect(
    factory: "Callable[[], torch.nn.Module]", input_shape: Sequence[int], *, dtype: "torch.dtype | None" = None
) -> Report:
    """Take a network apart without holding its weights in memory.

    Args:
        factory: makes the network; called once, on the meta device. It should make a new one at every call: thirty
            threads may then inspect at once. A network that comes with real weights is left untouched.
        input_shape: (N, C, H, W). Bytes are for the batch of N, multiply-accumulates for one image.
        dtype: of weights and input; float32 unless given.

    Returns:
        The report; its first row is the network itself. `saved_bytes` is what autograd keeps in training mode beside
        parameters, buffers and the input, each storage counted once.

    Raises:
        CnnvizError: "input_shape_invalid"; "input_wrong", naming the layer that cannot take what it receives; or the
            network's own.

    Example:
        >>> report = inspect(lambda: build("vgg11"), (1, 1, 224, 224))
        >>> report.parameters, report.macs
        (128806154, 7547232256)
    """
    import torch

    from cnnviz.inspection.report import inspect as inspect_now

    return inspect_now(factory, input_shape, dtype=dtype or torch.float32)


def report_of(spec: "ArchitectureSpec", batch_size: int = 1) -> Report:
    """The report of a network of the catalogue at its own input size.

    Args:
        spec: the network; its input is (batch_size, channels, image_size, image_size).
        batch_size: images in the batch, at least 1.

    Raises:
        CnnvizError: "input_too_small" naming the first layer that cannot work and the smallest size that can, or
            another reason for which this spec cannot be built.
    """
    from cnnviz.inspection.report import report_of as report_of_now

    return report_of_now(spec, batch_size)
