"""What is written on the boxes of a network's diagram, in the reader's language."""

from collections import Counter
from collections.abc import Mapping
from itertools import groupby
from typing import Final

from cnnviz.figures.diagram_structure import (
    Branches,
    Form,
    Part,
    blocks_of,
    lanes_of,
    layers_in,
    stages_of,
    structure,
    walk,
)
from cnnviz.language import N_, Language
from cnnviz.rows import LayerRow, Report

_PLAIN_TYPES: Final = frozenset({"Sequential", "ModuleList", "Network", "TransitionBlock"})
_SIGNS: Final[Mapping[str, str]] = {"Add": "+", "Concatenate": "[ , ]"}
_WORDS: Final[Mapping[str, str]] = {
    "Flatten": N_("flatten"),
    "Dropout": N_("dropout"),
    "Identity": N_("identity"),
    "PaddedIdentity": N_("zeros added"),
}
_FORMS: Final[Mapping[Form, tuple[str, str]]] = {
    "residual": (N_("{count} residual block"), N_("{count} residual blocks")),
    "projection": (N_("{count} residual block with 1×1 shortcut"), N_("{count} residual blocks with 1×1 shortcut")),
    "inception": (N_("{count} Inception block"), N_("{count} Inception blocks")),
    "dense": (N_("{count} dense layer"), N_("{count} dense layers")),
    "plain": (N_("{count} block"), N_("{count} blocks")),
}
_ONE: Final[Mapping[Form, str]] = {
    "residual": N_("residual block"),
    "projection": N_("residual, 1×1 shortcut"),
    "inception": N_("Inception, {count} branches"),
    "dense": N_("+{count} channels"),
    "plain": N_("plain block"),
}


def short_label(row: LayerRow, _: Language) -> str:
    """A layer in a few signs, as papers write it: "3×3, 128, /2"."""
    if row.type in _SIGNS:
        return _SIGNS[row.type]
    kind = row.formula.get("kind")
    if kind == "batch_norm":
        return "BN"
    if kind == "dense":
        return _("dense {units}", units=row.output_shape[-1])
    if kind in ("global_pooling", "adaptive_pooling"):
        return _("global max") if "Max" in row.type else _("global average")
    if row.kernel is not None and row.leaf:
        return _window(row, _)
    return _(_WORDS[row.type]) if row.type in _WORDS else row.type


def _window(row: LayerRow, _: Language) -> str:
    assert row.kernel is not None
    kernel = f"{row.kernel[0]}×{row.kernel[1]}"
    if row.formula.get("kind") == "pooling":
        label = _("{kernel} average", kernel=kernel) if "Avg" in row.type else _("{kernel} max", kernel=kernel)
    else:
        label = f"{kernel}, {row.output_shape[1]}"
    if row.stride is not None and max(row.stride) > 1:
        label += f", /{row.stride[0]}" if row.stride[0] == row.stride[1] else f", /{row.stride[0]}×{row.stride[1]}"
    if row.groups is not None and row.groups > 1:
        label += ", " + _("{count} groups", count=row.groups)
    return label


def title_of(part: Part, _: Language) -> str:
    """The name of a part: the last piece of its path; of a repeat, from the first to the last."""
    if part.kind == "repeat":
        return f"{part.parts[0].row.name} – {part.parts[-1].row.name}"
    return part.row.name or part.row.type


def detail_of(part: Part, _: Language) -> str:
    """What a part is, in a few words."""
    if part.kind == "layer":
        return short_label(part.row, _)
    if part.kind == "repeat":
        return _kind_of_repeat(part, _)
    if part.kind == "block":
        return _(_ONE[part.form], count=_number(part))
    blocks = Counter(_counted(block.form) for block in blocks_of(part))
    if blocks:
        return ", ".join(_.plural(*_FORMS[form], count) for form, count in blocks.items())
    if part.row.type not in _PLAIN_TYPES:
        return part.row.type
    return _summary(part, _)


def _counted(form: Form) -> Form:
    return "residual" if form == "projection" else form


def _number(block: Part) -> int:
    """What is worth counting in a block: an Inception block's branches, the channels that a dense layer adds."""
    if block.form == "dense":
        return block.row.output_shape[1] - block.row.input_shape[1]
    lanes = lanes_of(block)
    first = lanes[0][0] if lanes and lanes[0] else None
    return len(first.lanes) if isinstance(first, Branches) else len(lanes)


def _kind_of_repeat(part: Part, _: Language) -> str:
    if part.parts[0].kind == "block":
        return _.plural(*_FORMS[part.form], len(part.parts))
    first = part.parts[0]
    return first.row.type if first.row.type not in _PLAIN_TYPES else _summary(first, _)


def _summary(part: Part, _: Language) -> str:
    """The layers that a chain is about: its convolutions, poolings and dense layers, else all of them."""
    rows = list(layers_in(part))
    labels = [short_label(row, _) for row in rows if row.kernel is not None or row.formula.get("kind") == "dense"]
    labels = labels or [short_label(row, _) for row in rows]
    runs = [(label, len(list(run))) for label, run in groupby(labels)]
    return " · ".join(f"{count} × {label}" if count > 1 else label for label, count in runs)


def cost_of(part: Part, _: Language) -> str:
    """What a part costs: parameters and multiply-accumulates."""
    parts = part.parts if part.kind == "repeat" else (part,)
    parameters = sum(one.row.parameters for one in parts)
    macs = sum(one.row.macs for one in parts)
    return _("{parameters} parameters · {macs} MACs", parameters=_.compact(parameters), macs=_.compact(macs))


def share_of(part: Part, total: int) -> float:
    """A part's share of the network's parameters, 0 to 1."""
    parts = part.parts if part.kind == "repeat" else (part,)
    return sum(one.row.parameters for one in parts) / total if total else 0.0


def order_note(root: Part, _: Language) -> str:
    """What to say under a drawing whose connections are not known; "" where they are."""
    if all(part.known for part in walk(root)):
        return ""
    return _("Dotted lines: drawn in the order of execution; branches and shortcuts are not shown.")


def describe_diagram(report: Report, _: Language) -> str:
    """The diagram in words, for those who do not see it."""
    root = structure(report)
    steps = [
        _(
            "{stage} ({detail}) to {shape}",
            stage=title_of(part, _),
            detail=detail_of(part, _),
            shape=_.shape(part.output_shape[1:]),
        )
        for part in stages_of(root)
    ]
    text = _("From {shape} through {steps}.", shape=_.shape(report.input_shape[1:]), steps=", ".join(steps))
    note = order_note(root, _)
    return f"{text} {note}" if note else text
