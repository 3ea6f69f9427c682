"""The sentence about a network, and stages aligned across networks."""

import re

import pytest
from torch import nn

from cnnviz.architectures import architecture, catalog
from cnnviz.inspection import inspect, report_of
from cnnviz.inspection.alignment import align_stages
from cnnviz.inspection.facts import headline
from cnnviz.language import Language

_ = Language("en")


def plain(text: str) -> str:
    return text.replace("\u202f", " ")


def test_alexnets_dense_layers_hold_the_weights_and_do_little_of_the_work(report_by_key):
    report = report_by_key("alexnet")
    assert plain(headline(report, _)) == "The dense layers hold 92 % of the weights and do 5 % of the work."
    # by hand: 6400·4096, 4096·4096 and 4096·10, with a bias for each unit
    weights = [(6400, 4096), (4096, 4096), (4096, 10)]
    assert round(100 * sum((i + 1) * o for i, o in weights) / report.parameters) == 92
    assert round(100 * sum(i * o for i, o in weights) / report.macs) == 5


@pytest.mark.parametrize("entry", catalog(), ids=lambda entry: entry.key)
def test_every_network_gets_a_true_sentence(entry, report_by_key):
    report = report_by_key(entry.key)
    text = plain(headline(report, _))
    shares = [int(number) for number in re.findall(r"(\d+) %", text)]
    assert len(shares) == 2
    if "dense layers" in text:
        rows = [row for row in report.leaves if row.type == "Linear"]
        expected = [sum(row.parameters for row in rows), sum(row.macs for row in rows)]
    else:
        named = [report.row(name) for name in re.findall(r"\w*\d\b|stem|head", text) if report.row(name)]
        assert named
        expected = [max(row.parameters for row in report.stages), max(row.macs for row in report.stages)]
        assert (named[0].parameters, named[-1].macs) == tuple(expected)
    assert shares == [round(100 * expected[0] / report.parameters), round(100 * expected[1] / report.macs)]


def test_a_network_without_weights_gets_a_sentence_too():
    assert headline(inspect(lambda: nn.Sequential(nn.ReLU()), (1, 1, 8, 8)), _)


def test_the_sentence_changes_with_the_network():
    spec = architecture("alexnet").spec(head="global")
    assert "dense layers" not in headline(report_of(spec), _)


def test_stages_of_the_same_resolution_share_a_line(report_by_key):
    keys = ("alexnet", "vgg11", "resnet18")
    lines = align_stages([report_by_key(key) for key in keys])
    assert [line.halvings for line in lines] == [1, 2, 3, 4, 5, None]
    names = {line.halvings: [[row.name for row in cell] for cell in line.cells] for line in lines}
    assert names[1] == [[], ["block1"], []]
    assert names[2] == [["conv1"], ["block2"], ["stem", "stage1"]]
    assert names[3] == [["pool1", "conv2"], ["block3"], ["stage2"]]
    assert names[5] == [["pool3"], ["block5"], ["stage4"]]
    assert names[None] == [
        ["flatten", "dense1", "dense2", "output"], ["flatten", "dense1", "dense2", "output"], ["head"],
    ]  # fmt: skip
    quarter = lines[1]
    assert [quarter.sizes(column) for column in range(3)] == [((54, 54),), ((56, 56),), ((24, 24),)]
    assert lines[-1].sizes(0) == ()


def test_no_stage_is_lost_and_order_is_kept(report_by_key):
    reports = [report_by_key(entry.key) for entry in catalog()]
    lines = align_stages(reports)
    for column, report in enumerate(reports):
        assert tuple(row for line in lines for row in line.cells[column]) == report.stages
    assert all(any(line.cells) for line in lines)
    assert align_stages([]) == ()
