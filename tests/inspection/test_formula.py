"""Every formula is evaluated as it is written and held against the row that PyTorch filled."""

import math
import re

import pytest
from torch import nn
from torchvision.models import get_model

from cnnviz.architectures import build, catalog
from cnnviz.inspection import inspect
from cnnviz.inspection.formula import (
    CHANNELS,
    JUMP,
    JUMPS,
    MACS,
    PARAMETERS,
    RECEPTIVE_FIELD,
    RECEPTIVE_FIELDS,
    SIZE,
    SIZES,
    UNITS,
    VALUES,
    formulas,
)


def evaluated(expression: str) -> int:
    """The value of an expression, computed by Python from its text alone."""
    for left, right, name in (("⌊", "⌋", "floor"), ("⌈", "⌉", "ceil")):
        expression = expression.replace(left, f"math.{name}(").replace(right, ")")
    source = expression.replace("·", "*").replace("−", "-")
    assert re.fullmatch(r"[0-9mathfloorceil.()+*/ -]+", source), source
    value = eval(source, {"math": math, "__builtins__": {}})
    assert value == int(value)
    return int(value)


def truths(row) -> dict[str, int]:
    """What PyTorch, the tree and the trace say about the quantities that formulas compute."""
    found = {PARAMETERS: row.parameters, MACS: row.macs, UNITS: row.output_shape[-1]}
    if len(row.output_shape) == 4:
        _, channels, *sizes = row.output_shape
        found |= {CHANNELS: channels, SIZE: sizes[0], SIZES[0]: sizes[0], SIZES[1]: sizes[1]}
    if row.receptive_field and row.jump:
        for names, values in ((RECEPTIVE_FIELDS, row.receptive_field), (JUMPS, row.jump)):
            found |= dict(zip(names, values, strict=True))
        found |= {RECEPTIVE_FIELD: row.receptive_field[0], JUMP: row.jump[0]}
    return found


def check(report) -> int:
    """Checks all formulas of a report, and that none is missing; how many there were."""
    count = 0
    for row in report.leaves:
        made = {formula.name: formula for formula in formulas(row)}
        if not row.calls:
            assert not made
            continue
        known = truths(row)
        for name, formula in made.items():
            assert evaluated(formula.expression) == formula.value, (row.path, formula)
            assert formula.text.startswith(f"{formula.expression} = {formula.value}")
            if name != VALUES:
                assert formula.value == known[name], (row.path, name)
        if row.type in ("Conv2d", "Linear"):
            assert {PARAMETERS, MACS} <= set(made), row.path
        elif row.parameters:
            assert PARAMETERS in made, (row.path, row.type)
        if row.kernel:
            assert SIZE in made or set(SIZES) <= set(made), row.path
            if row.receptive_field:
                assert {RECEPTIVE_FIELD, JUMP} <= set(made) or {*RECEPTIVE_FIELDS, *JUMPS} <= set(made), row.path
        count += len(made)
    return count


@pytest.mark.parametrize("entry", catalog(), ids=lambda entry: entry.key)
def test_formulas_of_every_network(entry, report_by_key):
    assert check(report_by_key(entry.key)) >= 20


@pytest.mark.parametrize(
    "name", ["googlenet", "squeezenet1_0", "inception_v3", "mobilenet_v2", "convnext_tiny", "shufflenet_v2_x0_5"]
)
def test_formulas_of_torchvision_networks(name):
    options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    assert check(inspect(lambda: get_model(name, **options), (2, 3, 299, 227))) > 50


@pytest.mark.filterwarnings("ignore:Using padding=.same. with even kernel lengths")
def test_formulas_of_unusual_windows():
    layers = [
        nn.Conv2d(4, 8, (3, 5), (2, 1), (0, 3), (1, 2), groups=2, bias=False),
        nn.Conv2d(8, 4, 4, padding="same"),
        nn.Conv2d(4, 4, 3, padding="valid"),
        nn.MaxPool2d(3, 2, 1, dilation=2, ceil_mode=True),
        nn.AvgPool2d((2, 3), ceil_mode=True, padding=(1, 1)),
        nn.MaxPool2d(2, 2, 1, ceil_mode=True),
    ]
    report = inspect(lambda: nn.Sequential(*layers), (2, 4, 33, 40))
    assert check(report) >= 15


def test_the_sentence_of_lenets_first_layer(report_by_key):
    report = report_by_key("lenet")
    made = {formula.name: formula for formula in formulas(report.row("conv1.conv"))}
    assert made[PARAMETERS].text == "(5·5·1 + 1)·6 = 156"
    assert made[PARAMETERS].symbols == "(k_h·k_w·c_in + 1)·c_out"
    assert made[MACS].text == "28·28·5·5·1·6 = 117600"
    assert made[SIZE].text == "⌊(28 + 2·2 − (5 − 1) − 1)/1⌋ + 1 = 28 px"
    assert made[RECEPTIVE_FIELD].text == "1 + (5 − 1)·1 = 5 px"
    assert made[JUMP].text == "1·1 = 1 px"
    assert formulas(report.row("flatten"))[0].text == "16·5·5 = 400"
    assert formulas(report.row("dense1.dense"))[0].text == "(400 + 1)·120 = 48120"
    assert formulas(report.row("conv1.activation")) == ()


def test_groups_stand_in_the_formula():
    report = inspect(lambda: nn.Sequential(nn.Conv2d(128, 128, 3, groups=32, bias=False)), (1, 128, 10, 10))
    parameters, macs, *_ = formulas(report.row("0"))
    assert parameters.text == "3·3·128/32·128 = 4608"
    assert macs.text == "8·8·3·3·(128/32)·128 = 294912"


def test_a_concatenation_adds_its_channels():
    report = inspect(lambda: build("googlenet"), (1, 1, 96, 96))
    row = next(row for row in report.leaves if row.type == "Concatenate")
    assert [formula.text for formula in formulas(row)] == ["64 + 128 + 32 + 32 = 256"]


def test_a_layer_that_runs_twice_says_so_or_stays_silent():
    class Twice(nn.Module):
        def __init__(self, stride):
            super().__init__()
            self.conv = nn.Conv2d(1, 1, 3, stride, 1)

        def forward(self, x):
            return self.conv(self.conv(x))

    same = inspect(lambda: Twice(1), (1, 1, 8, 8)).row("conv")
    assert next(f for f in formulas(same) if f.name == MACS).text == "8·8·3·3·1·1·2 = 1152"
    shrinking = inspect(lambda: Twice(2), (1, 1, 8, 8)).row("conv")
    assert shrinking.macs == 9 * (16 + 4)
    assert MACS not in {formula.name for formula in formulas(shrinking)}
