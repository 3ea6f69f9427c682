"""The layer table as CSV, read back by Python's own reader."""

import csv
from io import StringIO

import pytest

from cnnviz.inspection.table import COLUMNS, report_csv


@pytest.mark.parametrize("key", ["lenet", "resnet50", "torchvision/inception_v3", "torchvision/vit_b_16"])
def test_every_row_with_its_shares(key, report_by_key):
    report = report_by_key(key)
    lines = list(csv.DictReader(StringIO(report_csv(report))))
    assert tuple(lines[0]) == COLUMNS
    assert [line["path"] for line in lines] == [row.path for row in report.layers]
    for line, row in zip(lines, report.layers, strict=True):
        assert int(line["parameters"]) == row.parameters and int(line["macs"]) == row.macs
        assert int(line["saved_bytes"]) == row.saved_bytes
        assert tuple(int(n) for n in line["output_shape"].split("x") if n) == row.output_shape
        for name in ("kernel", "stride", "padding", "receptive_field", "jump"):
            assert tuple(int(n) for n in line[name].split("x") if n) == (getattr(row, name) or ())
        assert line["groups"] == ("" if row.groups is None else str(row.groups))
    for name in ("parameters", "macs", "saved_bytes"):
        assert float(lines[0][f"{name}_share"]) == 1
        stages = [float(line[f"{name}_share"]) for line in lines if line["depth"] == "1"]
        # what a network holds itself, outside any stage, is missing from theirs (the class token of ViT)
        assert 0.99 < sum(stages) < 1 + 1e-6 * len(stages)


def test_a_line_by_hand(report_by_key):
    lines = csv.DictReader(StringIO(report_csv(report_by_key("lenet"))))
    line = next(line for line in lines if line["path"] == "conv1.conv")
    assert line["kernel"] == "5x5" and line["stride"] == "1x1" and line["padding"] == "2x2" and line["groups"] == "1"
    assert (line["input_shape"], line["output_shape"]) == ("1x1x28x28", "1x6x28x28")
    assert (line["parameters"], line["macs"], line["receptive_field"], line["jump"]) == ("156", "117600", "5x5", "1x1")
    assert line["parameters_share"] == f"{156 / 61_706:.6f}" and line["macs_share"] == f"{117_600 / 416_520:.6f}"
