"""A chain in one line of text, for links: `horizontal_flip-p-0.3~color_jitter~random_resized_crop-scale-0.2..1`.

Operations in order with what differs from their own settings; "~" stands between operations, "-" before a name and
before its value, ".." between the ends of a range. None of these letters is escaped in an address, so a link stays
readable. Numbers that a hand has set in place of chance are a second line: `flipped-1.0~~x-0.2`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, get_origin

from cnnviz.errors import CnnvizError
from cnnviz.specs.augmentation.base import Operation, Parameter
from cnnviz.specs.augmentation.pipeline import MAX_OPERATIONS, OPERATIONS, PipelineSpec

KINDS: Final[Mapping[str, type[Operation]]] = {str(kind.model_fields["kind"].default): kind for kind in OPERATIONS}
"""Every operation by the name that stands in links and in stored runs."""

_EMPTY: Final = "none"  # a link leaves out what is empty
_NUMBER: Final = r"-?\d+(?:\.\d+)?(?:e-?\d+)?"
_SETTING: Final = re.compile(rf"-([a-z]\w*)-({_NUMBER}\.\.{_NUMBER}|{_NUMBER}(?![\w.])|[a-z]\w*)", re.ASCII)
_STEP: Final = re.compile(rf"([a-z]\w*)((?:{_SETTING.pattern})*)", re.ASCII)


def chain_text(chain: PipelineSpec) -> str:
    """The chain in one line; `chain_from_text` gives the same chain back, bit for bit. "none" for the empty chain."""
    return "~".join(_step_text(operation) for operation in chain.operations) or _EMPTY


def chain_from_text(text: str) -> PipelineSpec:
    """The chain that a line of `chain_text` stands for.

    Raises:
        CnnvizError: what is no operation, no setting or out of bounds, in words.
    """
    steps = [part for part in text.split("~") if part and text != _EMPTY]
    if len(steps) > MAX_OPERATIONS:
        raise CnnvizError(
            "value_too_large", field="operations", label="operations", value=len(steps), limit=MAX_OPERATIONS
        )
    return PipelineSpec(operations=tuple(_step(part) for part in steps))


def hand_text(chain: PipelineSpec, values: Sequence[Mapping[str, float]]) -> str:
    """The numbers of each operation that are not neutral, in the chain's order; empty if all of them are."""
    steps = []
    for operation, chosen in zip(chain.operations, values, strict=True):
        neutral = {parameter.name: parameter.neutral for parameter in operation.parameters()}
        moved = {name: value for name, value in chosen.items() if value != neutral.get(name, value)}
        steps.append("-".join(f"{name}-{_value_text(float(value))}" for name, value in moved.items()))
    return "~".join(steps).rstrip("~")


def hand_from_text(chain: PipelineSpec, text: str) -> tuple[dict[str, float], ...]:
    """Numbers for each operation of a chain, those that are not named neutral.

    Raises:
        CnnvizError: what is no parameter of the operation in its place, no number, or out of bounds.
    """
    steps = text.split("~") if text else []
    steps += [""] * (len(chain.operations) - len(steps))
    if len(steps) > len(chain.operations):
        raise CnnvizError("value_invalid", field="hand", label="hand", value=text[:60])
    found = []
    for operation, step in zip(chain.operations, steps, strict=True):
        pairs = _SETTING.findall(f"-{step}") if step else []
        if "".join(f"-{name}-{value}" for name, value in pairs) != (f"-{step}" if step else ""):
            raise CnnvizError("value_invalid", field="hand", label="hand", value=step[:60])
        known = {parameter.name: parameter for parameter in operation.parameters()}
        numbers = {name: parameter.neutral for name, parameter in known.items()}
        for name, value in pairs:
            numbers[name] = _number(value, name, known.get(name))
        found.append(numbers)
    return tuple(found)


def _number(text: str, name: str, parameter: Parameter | None) -> float:
    if parameter is None:
        raise CnnvizError("field_unknown", field=name, value=name)
    try:
        value = float(text)
    except ValueError:
        raise CnnvizError("value_not_a_number", field=name, label=name, value=text[:60]) from None
    if not value >= parameter.low:
        raise CnnvizError("value_too_small", field=name, label=name, value=value, limit=parameter.low)
    if not value <= parameter.high:
        raise CnnvizError("value_too_large", field=name, label=name, value=value, limit=parameter.high)
    return value


def _step_text(operation: Operation) -> str:
    parts = [operation.kind]
    for name, field in type(operation).model_fields.items():
        value = getattr(operation, name)
        if name != "kind" and value != field.default:
            parts += [name, _value_text(value)]
    return "-".join(parts)


def _value_text(value: Any) -> str:
    if isinstance(value, tuple):
        return "..".join(_value_text(part) for part in value)
    if isinstance(value, bool):
        return str(int(value))
    return repr(value).replace("+", "") if isinstance(value, float) else str(value)


def _step(text: str) -> Operation:
    found = _STEP.fullmatch(text)
    kind = KINDS.get(found[1] if found else text)
    if found is None or kind is None:
        raise CnnvizError(
            "value_not_allowed", field="operations", label="operations", value=text[:60], allowed=", ".join(KINDS)
        )
    values: dict[str, Any] = {}
    for name, value in _SETTING.findall(found[2]):
        if name not in kind.model_fields or name == "kind":
            raise CnnvizError("field_unknown", field=name, value=name)
        is_range = get_origin(kind.model_fields[name].annotation) is tuple
        values[name] = tuple(value.split("..")) if is_range else value
    return kind.parse(values)
