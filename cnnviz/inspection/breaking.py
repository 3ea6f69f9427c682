"""Networks that cannot work: the first layer that fails, why in words, and the rows up to it. No torch until needed."""

from dataclasses import dataclass

from cnnviz.errors import CnnvizError
from cnnviz.rows import Report, Shape
from cnnviz.specs.architectures import ArchitectureSpec


@dataclass(frozen=True, slots=True)
class Problem:
    """Where a network breaks.

    Attributes:
        path: of the innermost layer that cannot work, as in the report's rows; "" if it is the network itself.
        type: that layer's type.
        received: the shape that arrives there, batch included.
        error: the reason with its sizes, what is allowed and what to do next.
    """

    path: str
    type: str
    received: Shape
    error: CnnvizError


def first_failure(spec: ArchitectureSpec) -> Problem | None:
    """The first layer of a network that cannot work on the spec's own input, or None if all can."""
    return partial_report(spec)[1]


def partial_report(spec: ArchitectureSpec, batch_size: int = 1) -> tuple[Report, Problem | None]:
    """As much of a network's report as there is.

    Args:
        spec: the network; it need not work.
        batch_size: images in the batch, at least 1.

    Returns:
        The report and None; or the rows up to the first layer that cannot work, that layer's row without an output, the
        rest of the network with 0 calls, and what is wrong with it. A dense head, which has no size when nothing
        reaches it, is left out.

    Raises:
        CnnvizError: "input_shape_invalid".
    """
    from cnnviz.inspection.partial import partial_report as partial_report_now

    return partial_report_now(spec, batch_size)
