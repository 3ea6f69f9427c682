"""A chain as the browser sends it: checked, bounded, and never believed."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cnnviz.errors import CnnvizError
from cnnviz.specs.augmentation import Operation, PipelineSpec

Numbers = tuple[dict[str, float], ...]
"""For each operation of a chain a number for each of its parameters."""


_HUGE: Final = 1e300  # beyond it, or not a number, nothing was asked for


def chain_of(entries: Any) -> tuple[PipelineSpec, Numbers]:
    """The chain that the browser's cards describe, and the numbers set by hand.

    Args:
        entries: for each operation `kind`, `enabled`, `settings` and, in exact mode, `exact`.

    Raises:
        CnnvizError: what is no operation, no setting or out of bounds; also whatever has another shape.
    """
    try:
        steps = [{**entry["settings"], "kind": entry["kind"], "enabled": entry["enabled"]} for entry in entries]
        by_hand = [entry.get("exact") for entry in entries]
    except (AttributeError, KeyError, TypeError):
        raise CnnvizError("value_invalid", field="operations", label="operations", value=repr(entries)[:60]) from None
    chain = PipelineSpec.parse({"operations": steps})
    return chain, numbers_of(chain, by_hand)


def numbers_of(chain: PipelineSpec, asked: Sequence[Any]) -> Numbers:
    """A number for each parameter of each operation: what is asked for, moved into its bounds, else neutral."""
    return tuple(_within(operation, values) for operation, values in zip(chain.operations, asked, strict=True))


def _within(operation: Operation, asked: Any) -> dict[str, float]:
    asked = asked if isinstance(asked, Mapping) else {}
    values = {}
    for parameter in operation.parameters():
        value = asked.get(parameter.name)
        good = isinstance(value, int | float) and -_HUGE < value < _HUGE
        values[parameter.name] = min(max(float(value), parameter.low), parameter.high) if good else parameter.neutral
    return values
