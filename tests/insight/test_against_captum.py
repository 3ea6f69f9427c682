"""Look inside against Captum, a library of attributions that others wrote: Grad-CAM and what reaches a cell."""

import numpy as np
import pytest
import torch
from captum.attr import LayerGradCam, NeuronGradient

from cnnviz.data import garment
from cnnviz.insight import inside
from cnnviz.inspection import report_of
from cnnviz.specs.catalog import architecture
from cnnviz.specs.labs.inside import UNTRAINED

SMALL = {"vgg11_small": 64, "nin": 96, "googlenet": 64, "resnet18": 48, "densenet": 48}
EVERY = pytest.mark.parametrize("key", UNTRAINED)


def network(key):
    spec = architecture(key).spec(**({"image_size": SMALL[key]} if key in SMALL else {}))
    return spec, inside.untrained(spec), inside.map_stages(report_of(spec))


def largest_one(values):
    """Scaled so that the largest is 1: what is compared must not pass for being tiny."""
    return values / max(float(np.abs(values).max()), 1e-30)


@EVERY
def test_grad_cam_is_captums(key):
    spec, model, stages = network(key)
    picture = inside.prepared(garment(2), spec)
    drawn = 0
    for stage in (stages[0], stages[-1]):
        captums = LayerGradCam(model, dict(model.named_children())[stage.path])
        for target in (0, 3, 6, 9):
            found = inside.grad_cam(model, picture, stage.path, target).map
            theirs = captums.attribute(
                torch.from_numpy(picture).requires_grad_(), target, relu_attributions=True
            )  # (1, 1, h, w)
            theirs = theirs[0, 0].detach().numpy()
            np.testing.assert_allclose(largest_one(found), largest_one(theirs), atol=1e-4)
            assert found.max() == pytest.approx(theirs.max(), rel=1e-4, abs=1e-12)
            drawn += bool(theirs.max() > 0)
    assert drawn >= 2, "equal only because both are black would prove nothing"


@EVERY
@pytest.mark.parametrize(("down", "across"), [(0, 100), (50, 50), (100, 20)])
def test_what_reaches_a_cell_is_captums_gradient_of_it(key, down, across):
    """The effective field is the cell's gradient by the picture; the theoretical one holds all of it."""
    spec, model, stages = network(key)
    picture = inside.prepared(garment(1), spec)
    for stage in stages:
        found = inside.sight(model, picture, stage, down, across)
        layer = NeuronGradient(model, dict(model.named_children())[stage.path])
        theirs = layer.attribute(
            torch.from_numpy(picture).requires_grad_(),
            neuron_selector=lambda output, cell=found: output[:, :, cell.row, cell.column].sum(1),
        )
        theirs = theirs[0].abs().sum(0).detach().numpy()
        np.testing.assert_allclose(found.influence, largest_one(theirs), atol=1e-4)
        top, left, bottom, right = found.window
        inner = theirs[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
        assert inner.sum() == pytest.approx(theirs.sum()), "nothing reaches the cell from outside its window"
        order = np.sort(theirs.ravel())[::-1].astype(np.float64)
        if order.sum() > 0:
            assert order[: found.half].sum() >= order.sum() / 2 * (1 - 1e-6)
            assert order[: found.half - 1].sum() <= order.sum() / 2 * (1 + 1e-6)
