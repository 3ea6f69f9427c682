"""The sliders of the live grid as plain data, from the fields of an operation."""

from collections.abc import Mapping
from typing import Any, Final, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from cnnviz.language import Language
from cnnviz.specs.augmentation import GROUPS, OPERATIONS, Operation
from cnnviz.ui.fields import choice_label

_SHARES: Final = frozenset(
    {"p", "area", "translate_x", "translate_y", "scale of random_resized_crop", "scale of random_erasing"}
)
"""Fields that read as percentages; a field of one operation only with its kind."""


def card_words(operation: Operation, _: Language) -> dict[str, str]:
    """The title of an operation's card, what it teaches and when it harms."""
    return {"title": _(operation.title), "teaches": _(operation.teaches), "harms": _(operation.harms)}


def menu_of(_: Language) -> list[tuple[str, list[tuple[str, str]]]]:
    """Every operation in groups: the group's title, and the kind and title of each of its operations."""
    groups: dict[str, list[tuple[str, str]]] = {group: [] for group in GROUPS}
    for kind in OPERATIONS:
        groups[kind.group].append((str(kind.model_fields["kind"].default), _(kind.title)))
    return [(_(GROUPS[group]), kinds) for group, kinds in groups.items()]


def fields_of(operation: Operation, _: Language) -> list[dict[str, Any]]:
    """What the browser draws for each setting: a slider, a slider with two thumbs, a switch or a choice.

    Settings that are none of these keep their values and are not drawn.
    """
    fields = []
    for name, field in type(operation).model_fields.items():
        shape = _shape(name, field, _)
        if name in ("kind", "enabled") or shape is None:
            continue
        words = {"name": name, "title": _(field.title or name), "help": _(field.description or "")}
        fields.append({**words, **shape, "format": _format(operation.kind, name, shape)})
    return fields


def parameters_of(operation: Operation, _: Language) -> list[dict[str, Any]]:
    """What the browser draws for each value that a hand can set instead of chance."""
    fields = []
    for parameter in operation.parameters():
        field: dict[str, Any] = {"name": parameter.name, "title": _(parameter.label), "help": ""}
        low, high = parameter.low, parameter.high
        if (low, high, parameter.step) == (0, 1, 1):
            shape: dict[str, Any] = {"type": "switch"}
        else:
            step = parameter.step or _even_step(low, high)
            shape = {"type": "number", "low": low, "high": high, "step": step, "scale": parameter.scale}
        fields.append(
            {**field, **shape, "unit": parameter.unit, "format": _format(operation.kind, parameter.name, shape)}
        )
    return fields


def _shape(name: str, field: FieldInfo, _: Language) -> dict[str, Any] | None:
    kind = field.annotation
    if kind is bool:
        return {"type": "switch"}
    if get_origin(kind) is Literal:
        return {"type": "choice", "options": [[value, choice_label(value, _, name)] for value in get_args(kind)]}
    extra: Mapping[str, Any] = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    low, high = (_bound(field, side, extra) for side in ("ge", "le"))
    if low is None or high is None:
        return None
    is_range = get_origin(kind) is tuple
    if not is_range and kind not in (int, float):
        return None
    scale = extra.get("scale", "linear") if low > 0 else "linear"
    step = extra.get("step") or _even_step(low, high)
    return {
        "type": "range" if is_range else "number",
        "low": low,
        "high": high,
        "step": 1 if kind is int else min(step, _even_step(low, high)),  # a hand feels finer steps than a box needs
        "scale": scale,
        "unit": extra.get("unit", ""),
    }


def _even_step(low: float, high: float) -> float:
    """A step for a range that has none: hundredths of a share, whole degrees."""
    return 0.01 if high - low <= 10 else 1


def _bound(field: FieldInfo, side: str, extra: Mapping[str, Any]) -> float | None:
    rule = next((getattr(rule, side) for rule in field.metadata if hasattr(rule, side)), extra.get(side))
    return None if rule is None else float(rule)


def _format(kind: str, name: str, shape: Mapping[str, Any]) -> str:
    if name in _SHARES or f"{name} of {kind}" in _SHARES:
        return "percent"
    return "turn" if name == "hue" else "number"
