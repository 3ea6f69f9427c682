"""Specs that nobody thought of: each either works or is refused in words; nothing else ever comes out."""

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnnviz.architectures import architecture, build, catalog
from cnnviz.architectures.limits import smallest_image_size
from cnnviz.errors import CnnvizError
from cnnviz.specs.architectures import INCEPTIONS
from cnnviz.specs.catalog import spec_of

few, small, half = st.integers(1, 3), st.integers(1, 6), st.integers(0, 4)
QUIET = settings(derandomize=True, database=None, suppress_health_check=list(HealthCheck))


def tuples(values, low, high):
    return st.lists(values, min_size=low, max_size=high).map(tuple)


def one_of(*values):
    return st.sampled_from(values)


COMMON = {
    "in_channels": few,
    "num_classes": st.integers(1, 12),
    "image_size": st.integers(1, 80),
    "activation": one_of("relu", "sigmoid", "tanh", "leaky_relu", "gelu", "silu"),
    "norm": one_of("none", "before", "after"),
    "dropout": one_of(0.0, 0.5),
    "width": one_of(1 / 32, 0.3, 1.0, 2.5),
}
POOLING, LAYERS, BOOL = one_of("max", "average"), one_of("all", "convolutions", "dense"), st.booleans()
HEAD, HIDDEN = one_of("dense", "global"), tuples(small, 0, 3)
FAMILIES = {
    "lenet": {
        "channels": tuples(small, 1, 4), "kernel_size": st.integers(1, 7), "stride": few, "padding": half,
        "hidden": HIDDEN, "pooling": POOLING, "norm_layers": LAYERS, "norm_affine": BOOL, "conv_bias": BOOL,
        "norm_kind": one_of("standard", "scratch", "mean", "variance"),
    },
    "alexnet": {
        "channels": tuples(small, 5, 5), "kernel_sizes": tuples(st.integers(1, 7), 5, 5),
        "strides": tuples(one_of(1, 1, 1, 2), 5, 5),
        "paddings": tuples(half, 5, 5), "hidden": HIDDEN, "pooling": POOLING, "head": HEAD, "norm_layers": LAYERS,
    },
    "vgg11": {
        "convolutions": tuples(few, 2, 3), "channels": tuples(small, 2, 3), "kernel_size": st.integers(1, 5),
        "hidden": HIDDEN, "pooling": POOLING, "head": HEAD, "norm_layers": LAYERS,
    },
    "nin": {
        "channels": tuples(small, 3, 3), "kernel_sizes": tuples(st.integers(1, 11), 3, 3), "strides": tuples(few, 3, 3),
        "paddings": tuples(half, 3, 3), "pointwise": half, "pointwise_kernel_size": one_of(1, 2, 3), "head": HEAD,
        "reduction": tuples(small, 0, 2), "hidden": HIDDEN, "pooling": POOLING, "output_activation": BOOL,
    },
    "googlenet": {
        "stem_channels": tuples(small, 3, 3), "large_kernel": one_of("5x5", "two_3x3"), "residual": BOOL,
        "pooling": POOLING, "conv_bias": BOOL, **{f"inception_{n}": tuples(half, 6, 6) for n in INCEPTIONS},
    },
    "resnet18": {
        "block": one_of("basic", "bottleneck"), "blocks": tuples(few, 2, 3),
        "channels": tuples(st.integers(1, 8), 2, 3),
        "groups": st.integers(1, 4), "group_width": st.integers(1, 64), "residual": BOOL, "preactivation": BOOL,
        "shortcut": one_of("projection", "identity"), "shortcut_norm": BOOL, "conv_bias": BOOL,
        "stem": one_of("imagenet", "small"),
    },
    "densenet": {
        "stem_channels": small, "convolutions": tuples(few, 1, 3), "growth_rate": small, "bottleneck": half,
        "compression": one_of(0.1, 0.5, 1.0), "transition_pooling": POOLING, "conv_bias": BOOL,
        "stem": one_of("imagenet", "small"),
    },
}  # fmt: skip
assert {architecture(key).spec_type.family for key in FAMILIES} == {entry.spec_type.family for entry in catalog()}


@pytest.mark.hypothesis
@pytest.mark.parametrize("key", FAMILIES)
def test_a_spec_works_or_is_refused_in_words(key):
    fields = set(architecture(key).spec_type.model_fields) - {"key"}
    strategies = {name: kind for name, kind in (COMMON | FAMILIES[key]).items() if name in fields}
    assert set(strategies) == fields
    codes, worked = set(), 0

    @QUIET
    @given(st.fixed_dictionaries(strategies))
    def check(options):
        nonlocal worked
        try:
            with torch.device("meta"):
                model = build(key, **options).eval()
        except CnnvizError as error:
            codes.add(error.code)
            assert error.field in fields
            if error.code == "input_too_small":
                smallest = error.parameters["smallest"]
                assert smallest > options["image_size"]
                spec = architecture(key).spec(**options)
                assert smallest_image_size(spec) == smallest
            return
        worked += 1
        with torch.no_grad():
            images = torch.empty(2, options["in_channels"], *[options["image_size"]] * 2, device="meta")
            assert model(images).shape == (2, options["num_classes"])
        spec = model.spec
        assert spec_of(spec.model_dump(mode="json")) == spec
        assert type(spec).model_validate_json(spec.model_dump_json()) == spec

    check()
    assert worked >= 3
    assert codes <= {
        "input_too_small", "value_not_allowed", "value_too_small", "value_too_large", "value_invalid",
        "lengths_differ", "groups_do_not_divide",
    }  # fmt: skip


NASTY = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=8,
)


@QUIET
@given(
    st.sampled_from([*(entry.key for entry in catalog()), "torchvision/resnet18", "nonsense"]),
    st.lists(st.tuples(st.integers(0, 40), NASTY), max_size=4),
)
def test_forged_data_becomes_a_spec_or_a_sentence(key, changes):
    names = ["colour", *architecture(key).spec_type.model_fields] if key != "nonsense" else ["key"]
    data = {"key": key, **{names[index % len(names)]: value for index, value in changes}}
    try:
        spec = spec_of(data)
    except CnnvizError as error:
        assert len(str(error)) < 600
    else:
        assert architecture(spec.key).spec_type is type(spec)
