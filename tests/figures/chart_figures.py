"""Figures of every kind that pages draw, from plain numbers: for the tests of the plan and of the browser's side."""

from types import SimpleNamespace

import numpy as np

from cnnviz.figures.branches import branch_bars
from cnnviz.figures.channel_histogram import BINS, channel_histograms
from cnnviz.figures.confusion import class_bars, confusion_matrix, norms_map
from cnnviz.figures.draw_histogram import draw_histogram
from cnnviz.figures.grouping import budget_bars
from cnnviz.figures.kept import kept_bars
from cnnviz.figures.lab_batch_norm import distributions, framed_tensor, noise_strips
from cnnviz.figures.lab_residual import class_drawing, distance_bars, pictures_in_a_row
from cnnviz.figures.lines import Axis, Series, line_chart
from cnnviz.figures.rates import rate_curve
from cnnviz.figures.sweep import sweep_lines
from cnnviz.figures.sweep_map import MapCell, sweep_map
from cnnviz.language import Language

NAMES = [f"class {number}" for number in range(10)]


def figures(_=None):
    """Every figure by name."""
    _ = _ or Language("en")
    random = np.random.default_rng(1)
    x = np.linspace(0.0, 10, 41)
    lanes = [
        SimpleNamespace(name=name, widths=(8, 16), macs_reduction=reduction, macs=macs, channels=channels)
        for name, reduction, macs, channels in (("1×1", 0, 300, 64), ("3×3", 200, 2000, 128), ("pool", 0, 150, 32))
    ]
    holdings = [
        SimpleNamespace(key="a", title="DenseNet", image_size=96, saved_bytes=3 << 20, copied_bytes=1 << 20),
        SimpleNamespace(key="b", title="ResNet-18", image_size=224, saved_bytes=9 << 20, copied_bytes=0),
    ]
    points = [SimpleNamespace(value=v, parameters=100 * v * v, macs=5000 * v) for v in (1, 2, 4, 8)]
    circles = [SimpleNamespace(x=0.0, y=0.0, radius=radius) for radius in (0.6, 1.2)]
    counts = random.integers(0, 30, (10, 10)) + np.diag([200] * 10)
    values = random.normal(size=(8, 4, 9, 9))
    costs = {(1, 64): 69_632, (2, 40): 69_760, (4, 24): 69_888, (8, 14): 71_456, (16, 8): 74_752, (32, 4): 70_144}
    splits = [
        SimpleNamespace(groups=groups, width=width, middle=groups * width, weights=weights)
        for (groups, width), weights in costs.items()
    ]
    return {
        "budget": budget_bars(splits, _, colour="#3d3d3d"),
        "lines": line_chart(
            [Series("tanh", x, np.tanh(x), 0), Series("its slope", x, 1 - np.tanh(x) ** 2, 1, points=True)],
            Axis("Input"), Axis("Value"), _, dark=False, at=2.5,
        ),
        "logarithms": line_chart(
            [Series("falls", x, 10.0**-x, 0), Series("stays", x, np.full(41, 0.5), None)],
            Axis("Layers"), Axis("What is left", log=True), _, dark=False,
        ),
        "branches": branch_bars(lanes, _, colour="#1e65ab"),
        "memory": kept_bars(holdings, _, colours={"a": "#1e65ab", "b": "#de7c00"}),
        "sweep": sweep_lines(points, 4, "Groups", _, colour="#1e65ab"),
        "map": sweep_map(
            [MapCell(rate, size, None if size == 512 else rate + size / 100, "79.2 %" if size < 512 else _("diverged"),
                     "2.5 s", f"{rate} {size}", f"{rate} {size}", best=rate == 0.3 and size == 128)
             for rate in (0.03, 0.3, 3.0) for size in (8, 32, 64, 128, 512)], _,
        ),
        "distances": distance_bars([1.2, 0.4, 0.9], _, dark=False),
        "classes": class_drawing(circles, (2.0, 1.0), (1.0, 0.5), _, dark=False),
        "distributions": distributions([("Before", values), ("After", values / 2)], _, dark=False),
        "noise": noise_strips({1: values[:, 0, 0, 0], 8: values[:, 0, 0, 1]}, 8, 0.1, _, dark=False),
        "tensor": framed_tensor(values, 1, _, dark=False),
        "pictures": pictures_in_a_row([("A", random.random((9, 9))), ("B", random.random((9, 9)))], _, dark=False),
        "confusion": confusion_matrix(counts, NAMES, _),
        "recognised": class_bars([0.98 - number / 20 for number in range(10)], NAMES, _, colour="#1e65ab"),
        "norms": norms_map(10.0 ** -random.random((4, 3)), ["conv1", "conv2", "dense1", "dense2"], [0, 5, 9], _),
        "draws": draw_histogram(np.exp(random.normal(size=400)), "Ratio", _, log=True),
        "kinds": draw_histogram(np.array([True, False, True, True]), "Mirrored", _),
        "channels": channel_histograms([random.random(BINS)] * 3, [random.random(BINS)] * 3, _),
        "rates": rate_curve(10.0 ** (x / 5 - 2), 2 + random.random(41), np.full(41, 2.4), 0.1, _, colour="#1e65ab"),
    }  # fmt: skip
