"""Branches against the paper's arithmetic, and 1×1 convolutions against a dense layer and a loop over pixels."""

import numpy as np
import pytest

from cnnviz.insight.inception import branches, pixelwise, small_cat
from cnnviz.specs.labs.inception import COLUMNS, ROWS, InceptionLabSpec

SPECS = [
    InceptionLabSpec(),
    InceptionLabSpec(c2a=0, c3a=0),
    InceptionLabSpec(c1=0, c3b=0, c4=0),
    InceptionLabSpec(c1=256, c2a=8, c2b=256, c3a=256, c3b=8, c4=256),
]


def by_hand(spec):
    """Branch → (widths, MACs of the reduction, MACs, parameters), 28×28 places."""
    places, found = 28 * 28, {}

    def conv(kernel, received, made):
        return places * kernel**2 * received * made, (kernel**2 * received + 1) * made

    for name, kernel, reduction, made in (
        ("1×1", 1, 0, spec.c1), ("3×3", 3, spec.c2a, spec.c2b), ("5×5", 5, spec.c3a, spec.c3b), ("pool", 1, 0, spec.c4),
    ):  # fmt: skip
        if not made:
            continue
        first = conv(1, 192, reduction) if reduction else (0, 0)
        second = conv(kernel, reduction or 192, made)
        widths = (192, reduction, made) if reduction else (192, made)
        found[name] = widths, first[0], first[0] + second[0], first[1] + second[1]
    return found


@pytest.mark.parametrize("spec", SPECS)
def test_every_branch_costs_what_its_kernels_cost(spec):
    found = {lane.name: (lane.widths, lane.macs_reduction, lane.macs, lane.parameters) for lane in branches(spec)}
    assert found == by_hand(spec)


def test_the_questions_answer():
    """3a: the 5×5 branch does 9.7 % of the work, without its 1×1 half of it."""
    for spec, share in ((InceptionLabSpec(), 0.097), (InceptionLabSpec(c3a=0), 0.51)):
        lanes = {lane.name: lane.macs for lane in branches(spec)}
        assert lanes["5×5"] / sum(lanes.values()) == pytest.approx(share, abs=0.001)


def test_3a_has_the_chapters_totals():
    lanes = branches(InceptionLabSpec())
    assert sum(lane.parameters for lane in lanes) == 163_696
    assert sum(lane.macs for lane in lanes) == 128_049_152
    assert sum(lane.channels for lane in lanes) == 256


def in_plain_numpy(spec, picture):
    """The convolution with zeros around the picture, pixel by pixel."""
    weights = np.array([spec.red, spec.green, spec.blue]) / spec.kernel_size**2
    grey = (picture / 255) @ weights
    reach = spec.kernel_size // 2
    padded = np.pad(grey, reach)
    return np.array(
        [
            [
                padded[row : row + spec.kernel_size, column : column + spec.kernel_size].sum()
                for column in range(COLUMNS)
            ]
            for row in range(ROWS)
        ]
    )


@pytest.mark.parametrize("kernel_size", [1, 3, 5])
@pytest.mark.parametrize("colours", [(0.3, 0.6, 0.1), (-1.0, 0.0, 1.0), (0.0, 0.0, 0.0)])
def test_a_convolution_is_a_dense_layer_per_pixel_exactly_if_it_is_1x1(kernel_size, colours):
    spec = InceptionLabSpec(kernel_size=kernel_size, red=colours[0], green=colours[1], blue=colours[2])
    picture = small_cat()
    found = pixelwise(spec, picture)
    assert np.allclose(found.output, in_plain_numpy(spec, picture), atol=1e-5)
    dense = (picture / 255) @ np.array(colours)
    assert found.difference == pytest.approx(np.abs(found.output - dense).max(), abs=1e-5)
    assert (found.difference < 1e-5) == (kernel_size == 1 or not any(colours))
    assert found.result == pytest.approx(found.output[15, 15])
    assert found.weights == 3 * kernel_size**2 and found.weights_dense == 3 * (ROWS * COLUMNS) ** 2


@pytest.mark.parametrize(
    ("kernel_size", "row", "column", "count"),
    [(1, 16, 16, 1), (3, 16, 16, 9), (5, 16, 16, 25), (3, 1, 1, 4), (5, ROWS, 1, 9), (1, 1, COLUMNS, 1)],
)
def test_a_pixel_reaches_the_outputs_whose_window_covers_it(kernel_size, row, column, count):
    found = pixelwise(InceptionLabSpec(kernel_size=kernel_size, row=row, column=column), small_cat())
    assert found.changed.sum() == count
    assert found.changed[row - 1, column - 1]


def test_the_small_cat_can_be_recognised():
    """It is the cat: its brightness follows that of the large picture."""
    from cnnviz.data import cat

    small = small_cat()
    assert small.shape == (ROWS, COLUMNS, 3) and small.dtype == np.uint8
    large = np.asarray(cat().convert("L").resize((COLUMNS, ROWS)), dtype=float)
    assert np.corrcoef(small.mean(2).ravel(), large.ravel())[0, 1] > 0.98
