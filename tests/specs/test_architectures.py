"""The specs of the networks: bounds that hold, knobs that can be drawn, and the skeletons behind the smallest input."""

import pytest

from cnnviz.architectures import architecture, catalog
from cnnviz.errors import CnnvizError

SPEC_TYPES = {entry.spec_type: entry for entry in [*catalog(), architecture("torchvision/resnet18")]}
FIELDS = [(kind, name) for kind in SPEC_TYPES for name in kind.model_fields if name != "key"]


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_every_field_can_be_drawn(kind, name):
    field = kind.model_fields[name]
    assert (field.title and field.title[0].isupper()) or field.title[0].isdigit()
    assert field.description is None or field.description == "" or field.description.endswith(".")
    if field.annotation in (int, float):
        assert all(any(hasattr(rule, bound) for rule in field.metadata) for bound in ("ge", "le"))


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_bounds_are_refused_at_their_field(kind, name):
    field, entry = kind.model_fields[name], SPEC_TYPES[kind]
    if field.annotation not in (int, float):
        wrong = [None, "nothing like it", {"a": 1}]
    else:
        low, high = (next(getattr(r, b) for r in field.metadata if hasattr(r, b)) for b in ("ge", "le"))
        wrong = [low - 1, high + 1, float("nan"), "much", None]
        for value in (low, high):
            if name not in ("groups", "kernel_size"):
                assert getattr(entry.spec(**{name: value}), name) == value
    for value in wrong:
        with pytest.raises(CnnvizError) as caught:
            entry.spec(**{name: value})
        assert caught.value.field == name


@pytest.mark.parametrize("entry", [*catalog(), architecture("torchvision/vit_b_16")], ids=lambda entry: entry.key)
def test_a_spec_survives_json_and_keys_a_cache(entry):
    spec = entry.spec()
    assert type(spec).model_validate_json(spec.model_dump_json()) == spec
    assert hash(spec) == hash(entry.spec())
    assert type(spec).parse({"key": entry.key, **spec.options()}) == spec
    assert spec.replace(num_classes=3).num_classes == 3 and spec.num_classes != 3


@pytest.mark.parametrize(
    ("key", "options", "code", "field"),
    [
        ("vgg11", {"convolutions": (1, 1)}, "lengths_differ", "channels"),
        ("vgg11", {"kernel_size": 4}, "value_not_allowed", "kernel_size"),
        ("vgg11", {"convolutions": ()}, "value_too_small", "convolutions"),
        ("resnet18", {"blocks": (2, 2, 2)}, "lengths_differ", "channels"),
        ("resnet18", {"groups": 3}, "groups_do_not_divide", "groups"),
        ("googlenet", {"inception_4c": (0, 64, 0, 16, 0, 0)}, "value_too_small", "inception_4c"),
        ("lenet", {"channels": (6, 0)}, "value_too_small", "channels"),
        ("lenet", {"channels": (1,) * 9}, "value_too_large", "channels"),
    ],
)
def test_what_cannot_be_a_network_is_refused_at_its_field(key, options, code, field):
    with pytest.raises(CnnvizError) as caught:
        architecture(key).spec(**options)
    assert (caught.value.code, caught.value.field) == (code, field)


@pytest.mark.parametrize("entry", catalog(), ids=lambda entry: entry.key)
def test_a_skeleton_keeps_what_decides_the_sizes(entry):
    spec = entry.spec()
    skeleton = spec.skeleton()
    for name in ("image_size", "in_channels", "kernel_sizes", "strides", "paddings", "stem", "padding", "stride"):
        assert getattr(skeleton, name, None) == getattr(spec, name, None)
    for name in ("channels", "convolutions", "blocks"):
        assert len(getattr(skeleton, name, ())) == len(getattr(spec, name, ()))


@pytest.mark.parametrize(
    ("channels", "width", "multiple", "expected"),
    [(64, 1.0, 1, 64), (6, 1 / 32, 1, 1), (64, 0.3, 4, 20), (64, 1 / 32, 32, 32), (100, 0.255, 1, 26)],
)
def test_scaled_channels_are_a_multiple_and_never_none(channels, width, multiple, expected):
    assert architecture("resnet18").spec(width=width).scaled(channels, multiple) == expected
