"""Feature maps, receptive fields, Grad-CAM and strongest pictures against hooks, changed pixels, formulas and loops."""

import numpy as np
import pytest
import torch

from cnnviz.data import cat, garment
from cnnviz.insight import inside
from cnnviz.inspection import report_of
from cnnviz.specs.catalog import architecture
from cnnviz.specs.labs.inside import UNTRAINED
from tests.reports import report

SMALL = {"vgg11_small": 64, "nin": 96, "googlenet": 64, "resnet18": 48, "densenet": 48}
EVERY = pytest.mark.parametrize("key", UNTRAINED)


def network(key):
    spec = architecture(key).spec(**({"image_size": SMALL[key]} if key in SMALL else {}))
    return spec, inside.untrained(spec), report_of(spec)


@EVERY
def test_maps_are_what_a_hook_sees(key):
    spec, model, report = network(key)
    picture = inside.prepared(garment(3), spec)
    assert picture.shape == (1, 1, spec.image_size, spec.image_size) and picture.dtype == np.float32
    stages = inside.map_stages(report)
    assert stages
    seen = {}
    for name, module in model.named_children():
        module.register_forward_hook(lambda _module, _input, output, name=name: seen.setdefault(name, output))
    model(torch.from_numpy(picture))
    for stage in stages:
        found = inside.maps(model, picture, stage.path)
        assert found.shape == stage.output_shape[1:]
        assert np.array_equal(found, seen[stage.path][0].numpy())


@EVERY
def test_a_cell_depends_on_its_window_and_on_nothing_else(key):
    """Pixels outside the window may change as they like; the influence by gradient lies inside."""
    spec, model, report = network(key)
    picture = inside.prepared(garment(1), spec)
    random = np.random.default_rng(0)
    for stage in inside.map_stages(report):
        for down, across in ((0, 100), (50, 50), (100, 20)):
            found = inside.sight(model, picture, stage, down, across)
            top, left, bottom, right = found.window
            inner = np.zeros(picture.shape[2:], bool)
            inner[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = True
            assert found.pixels == inner.sum() and found.half <= found.pixels
            assert not found.influence[~inner].any()
            noise = random.random(picture.shape, dtype=np.float32)
            other = np.where(inner, picture, noise)
            cell = (slice(None), found.row, found.column)
            before, after = inside.maps(model, picture, stage.path)[cell], inside.maps(model, other, stage.path)[cell]
            assert np.allclose(before, after, rtol=1e-4, atol=1e-6)


@EVERY
def test_every_cell_has_a_place_of_its_own_in_the_link(key):
    """The link holds halves of a per cent; the cell is found again from them, on the largest map of 224 px too."""
    for stage in inside.map_stages(report(key)):
        height, width = stage.output_shape[2:]
        for cell in {(0, 0), (height - 1, width - 1), *((place, min(place, width - 1)) for place in range(height))}:
            down, across = inside.shares(stage, *cell)
            assert (2 * down).is_integer()
            assert (2 * across).is_integer()
            assert (round(down / 100 * (height - 1)), round(across / 100 * (width - 1))) == cell


@pytest.mark.parametrize(("key", "stage"), [("lenet", "pool2"), ("lenet_bn", "conv2"), ("resnet18", "stage1"),
                                            ("densenet", "transition1"), ("googlenet", "stage2")])  # fmt: skip
def test_the_window_is_no_larger_than_what_reaches_the_cell(key, stage):
    """NaN travels along every path: a row or column at the window's rim reaches the cell, one beyond does not."""
    spec, model, report = network(key)
    row = next(row for row in inside.map_stages(report) if row.path == stage)
    picture = inside.prepared(garment(1), spec)
    found = inside.sight(model, picture, row, 50, 50)
    top, left, bottom, right = found.window
    tried = 0
    for axis, inner, outer in ((2, top, top - 1), (2, bottom - 1, bottom), (3, left, left - 1), (3, right - 1, right)):
        for place, reaches in ((inner, True), (outer, False)):
            if not 0 <= place < spec.image_size:
                continue
            tried += 1
            marked = picture.copy()
            marked[(slice(None), slice(None), *((place,) if axis == 2 else (slice(None), place)))] = np.nan
            values = inside.maps(model, marked, stage)[:, found.row, found.column]
            assert np.isnan(values).any() == reaches, (axis, place)
    assert tried >= 4


def test_lenets_last_maps_see_16_pixels():
    """By the formula: 5, 6, 6 + 4·2 = 14, 14 + 2 = 16; the lab's question."""
    spec, model, report = network("lenet")
    (stage,) = [row for row in inside.map_stages(report) if row.path == "pool2"]
    found = inside.sight(model, inside.prepared(garment(0), spec), stage, 50, 50)
    top, left, bottom, right = found.window
    assert (bottom - top, right - left) == (16, 16)
    assert (top, left) == (2 * 4 - 2, 2 * 4 - 2)  # third of five cells, 4 px apart, 2 px of padding


@pytest.mark.parametrize("key", ["resnet18", "googlenet"])
@pytest.mark.parametrize("target", [0, 7])
def test_grad_cam_of_a_network_with_global_pooling_is_its_cam(key, target):
    """Selvaraju et al., section 3.1: with global pooling the weights are those of the last layer (Zhou 2015)."""
    spec, model, report = network(key)
    picture = inside.prepared(garment(2), spec)
    stage = inside.map_stages(report)[-1]
    found = inside.grad_cam(model, picture, stage.path, target)
    features = inside.maps(model, picture, stage.path)
    (dense,) = [module for module in model.modules() if isinstance(module, torch.nn.Linear)]
    weights = dense.weight.detach().numpy()[target] / features[0].size
    by_hand = np.maximum((weights[:, None, None] * features).sum(0), 0)
    assert np.allclose(found.map, by_hand, atol=1e-6)
    assert found.probability == pytest.approx(inside.probabilities(model, picture)[target], rel=1e-4)


def test_grad_cam_by_small_steps():
    """LeNet: the weight of a map is the mean slope of the score by its values, measured by differences."""
    spec, model, _report = network("lenet")
    model.double()
    picture = inside.prepared(garment(5), spec).astype(np.float64)
    features = torch.from_numpy(inside.maps(model, picture, "pool2"))
    rest = torch.nn.Sequential(*list(model.children())[4:])
    weights = []
    for channel in range(len(features)):
        step = torch.zeros_like(features)
        step[channel] = 1e-4
        scores = [rest((features + sign * step)[None])[0, 3] for sign in (1, -1)]
        weights.append(float(scores[0] - scores[1]) / 2e-4 / features[0].numel())
    by_hand = np.maximum((np.array(weights)[:, None, None] * features.numpy()).sum(0), 0)
    assert np.allclose(inside.grad_cam(model, picture, "pool2", 3).map, by_hand, rtol=1e-3, atol=1e-8)


@EVERY
def test_an_untrained_network_draws_maps_for_many_classes(key):
    """The lab's question; counted one map at a time."""
    spec, model, report = network(key)
    stage = inside.map_stages(report)[-1].path
    counts = []
    for number in range(2):
        picture = inside.prepared(garment(number), spec)
        maps = [inside.grad_cam(model, picture, stage, target).map for target in range(10)]
        counts.append(sum(bool(found.max() > 0) for found in maps))
        assert inside.drawn(model, picture, stage, 10) == counts[-1]
    assert 2 <= np.mean(counts) <= 10


@EVERY
def test_probabilities_add_up_to_one(key):
    spec, model, _report = network(key)
    assert inside.probabilities(model, inside.prepared(cat(), spec)).sum() == pytest.approx(1, abs=1e-5)


def test_a_checkpoint_gives_back_the_networks_answers(tmp_path):
    from cnnviz.training.checkpoints import Position, Saved, write

    spec, model, _report = network("lenet_bn")
    path = tmp_path / "best.safetensors"
    write(path, Saved(Position({}, 1, 0.0, 0.1), model={k: v.clone() for k, v in model.state_dict().items()}))
    picture = inside.prepared(garment(8), spec)
    read = inside.trained(spec, path)
    assert all(torch.equal(value, read.state_dict()[name]) for name, value in model.state_dict().items())
    # Mapped from the file they lie elsewhere in a cache line, and sums are taken in another order.
    assert np.allclose(inside.probabilities(read, picture), inside.probabilities(model, picture), rtol=1e-6)
    assert not read.training


def test_colour_networks_take_colour_and_grey_pictures():
    spec = architecture("resnet18").spec(in_channels=3, image_size=32)
    for picture in (cat(), garment(0)):
        assert inside.prepared(picture, spec).shape == (1, 3, 32, 32)


def test_from_the_first_maps_to_the_last_they_become_more_and_smaller_except_in_nin():
    """The lab's answer, for every network that it offers; NiN's last maps are its ten classes."""
    from cnnviz.insight import published

    found = {key: report(key) for key in UNTRAINED}
    found |= {f"imagenet {name}": published.report(name) for name in published.CHAINS}
    for key, made in found.items():
        stages = inside.map_stages(made)
        first, last = stages[0].output_shape, stages[-1].output_shape
        assert first[2] > last[2]
        assert (last[1] > first[1]) == (key != "nin")
        assert key != "nin" or last[1] == 10


def test_lenets_receptive_field_grows_as_the_answer_says():
    _spec, _model, report = network("lenet")
    fields = {row.path: row.receptive_field for row in inside.map_stages(report)}
    assert [fields[name] for name in ("conv1", "pool1", "conv2", "pool2")] == [(5, 5), (6, 6), (14, 14), (16, 16)]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_middle_of_lenets_window_counts_more_than_its_rim(seed):
    spec, _model, report = network("lenet")
    model = inside.untrained(spec, seed)
    stage = next(row for row in inside.map_stages(report) if row.path == "pool2")
    found = inside.sight(model, inside.prepared(garment(1), spec), stage, 50, 50)
    top, left, bottom, right = found.window
    window = found.influence[top:bottom, left:right]
    middle = window[4:-4, 4:-4]
    rim = (window.sum() - middle.sum()) / (window.size - middle.size)
    assert middle.mean() > 1.2 * rim
