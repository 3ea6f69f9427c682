"""Every classification network of torchvision, taken apart: totals as published, and a tree that holds together."""

import pytest
from torchvision.models import get_model_weights

from cnnviz.architectures import build
from cnnviz.inspection.meta import build_on_meta
from cnnviz.specs.catalog import torchvision_catalog
from tests.heavy import heavy_in_soak

ENTRIES = pytest.mark.parametrize("entry", heavy_in_soak(torchvision_catalog()), ids=lambda entry: entry.key)
# Published with the auxiliary head of Inception v3, which the network in use does not have: 768·128 and 128·768·5²
# weights of convolutions, 2·(128 + 768) of batch norm and (768 + 1)·1000 of its dense layer.
AUXILIARY = {"inception_v3": 768 * 128 + 128 * 768 * 25 + 2 * (128 + 768) + 769 * 1000}


@ENTRIES
def test_totals_are_the_published_ones(entry, report_by_key):
    """Parameters to the last one; work within 1 % or the last printed digit, attention included.

    Attention counts as in torchvision's figures: its projections and its two matrix products.
    """
    report, name = report_by_key(entry.key), entry.key.removeprefix("torchvision/")
    meta = get_model_weights(name).DEFAULT.meta
    assert report.parameters == meta["num_params"] - AUXILIARY.get(name, 0)
    published = meta["_ops"]  # thousand million multiply-accumulates, three decimals
    assert abs(report.macs / 1e9 - published) <= max(0.001, published / 100)
    assert report.macs == entry.macs  # which FlopCounterMode counted when the shelf was written
    assert report.output_shape == (1, 1000)


@ENTRIES
def test_rows_without_a_module_disturb_nothing(entry, report_by_key):
    report = report_by_key(entry.key)
    paths = [row.path for row in report.layers]
    assert len(set(paths)) == len(paths)
    seen, holding = {""}, {row.parent for row in report.layers[1:]}
    for row in report.layers[1:]:
        assert row.parent in seen and row.depth == row.path.count(".") + 1
        seen.add(row.path)
        if row.functional:
            assert row.leaf and row.path not in holding and row.calls and row.output_shape
            assert (row.parameters == 0 and row.kernel is None) or row.type.endswith("Pool2d")
    # what is counted is counted in a leaf, once
    assert sum(row.macs for row in report.leaves) == report.macs
    modules = {path for path, _ in build_on_meta(lambda: build(entry.key)).named_modules()}
    assert {row.path for row in report.layers if not row.functional} == modules
    # names are numbered without gaps, in order
    for parent in holding:
        names = [row.name for row in report.children(parent) if row.functional]
        for kind in {name.rpartition("_")[0] for name in names}:
            own = [name for name in names if name.rpartition("_")[0] == kind]
            assert own == [f"{kind}_{number}" for number in range(1, len(own) + 1)]
