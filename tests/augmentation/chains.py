"""Chains to test with: every operation alone, the chapter's, and any chain that a person could click together."""

from typing import Literal, get_args, get_origin

from hypothesis import strategies as st

from cnnviz.augmentation import CHAPTER_PIPELINES, Pipeline
from cnnviz.specs.augmentation import (
    PICTURE_OPERATIONS,
    ColorJitter,
    GaussianBlur,
    HorizontalFlip,
    RandomResizedCrop,
    VerticalFlip,
)

ALONE = {kind.model_fields["kind"].default: Pipeline(operations=(kind(),)) for kind in PICTURE_OPERATIONS}
CHAPTER = {key: Pipeline.of(preset.pipeline) for key, preset in CHAPTER_PIPELINES.items()}
CHAINS = {
    **ALONE,
    "combined": CHAPTER["combined"],
    "crop first": Pipeline(operations=(RandomResizedCrop(), ColorJitter(), VerticalFlip(), HorizontalFlip())),
    "twice": Pipeline(operations=(ColorJitter(), ColorJitter(hue=0), RandomResizedCrop(), RandomResizedCrop())),
}


def _field(field):
    extra = field.json_schema_extra
    if "ge" in extra:  # a range
        return st.lists(st.floats(extra["ge"], extra["le"]), min_size=2, max_size=2).map(
            lambda pair: tuple(sorted(pair))
        )
    limits = {name: getattr(bound, name) for bound in field.metadata for name in ("ge", "le") if hasattr(bound, name)}
    if get_origin(field.annotation) is Literal:
        return st.sampled_from(get_args(field.annotation))
    if field.annotation is int and field.title == "Output size":
        return st.integers(1, 32)
    if field.annotation is int:
        return st.integers(limits["ge"], limits["le"])
    return st.floats(limits["ge"], limits["le"])


def operations(kind):
    """Any operation of one kind."""
    fields = {name: _field(field) for name, field in kind.model_fields.items() if field.json_schema_extra}
    if kind is GaussianBlur:
        fields["kernel_size"] = st.integers(1, 15).map(lambda half: 2 * half + 1)
    return st.builds(kind, enabled=st.sampled_from([True, True, False]), **fields)


def pipelines():
    """Any chain of up to five operations, over the whole range of every field."""
    steps = st.lists(st.one_of([operations(kind) for kind in PICTURE_OPERATIONS]), max_size=5)
    return steps.map(lambda chosen: Pipeline(operations=tuple(chosen)))
