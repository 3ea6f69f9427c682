"""Chains to test with: every operation alone, the chapter's, and any chain that a person could click together."""

from hypothesis import strategies as st

from cnnviz.augmentation import CHAPTER_PIPELINES, OPERATIONS, Pipeline
from cnnviz.specs.augmentation import ColorJitter, HorizontalFlip, RandomResizedCrop, VerticalFlip

ALONE = {operation.model_fields["kind"].default: Pipeline(operations=(operation(),)) for operation in OPERATIONS}
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
    if field.annotation is int:
        return st.integers(limits["ge"], min(limits["le"], 64))
    return st.floats(limits["ge"], limits["le"])


def _operation(kind):
    fields = {name: _field(field) for name, field in kind.model_fields.items() if field.json_schema_extra}
    return st.builds(kind, enabled=st.booleans(), **fields)


def pipelines():
    """Any chain of up to five operations, over the whole range of every field."""
    operations = st.lists(st.one_of([_operation(kind) for kind in OPERATIONS]), max_size=5)
    return operations.map(lambda chosen: Pipeline(operations=tuple(chosen)))
