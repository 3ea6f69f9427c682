"""`python -m cnnviz table`, as a person at a terminal sees it."""

import json
import re
import subprocess
import sys

import pytest

from cnnviz.architectures import catalog
from cnnviz.cli import main
from cnnviz.cli.table import parse_input
from cnnviz.errors import CnnvizError


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "cnnviz", "table", *arguments], capture_output=True, text=True, check=False
    )


def test_the_table_of_lenet():
    done = run("lenet")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert re.split(r"\s{2,}", lines[0]) == ["Layer", "Type", "Output", "Parameters", "MACs"]
    cells = {line.split()[0]: re.split(r"\s{2,}", line.strip()) for line in lines[2:]}
    assert cells["conv1"] == ["conv1", "Sequential", "6×28×28", "156", "117,600"]
    assert cells["output"] == ["output", "Linear", "10", "850", "840"]
    assert next(line for line in lines if "Conv2d" in line).startswith("    conv ")  # two levels deep
    assert "61,706" in done.stdout and "416,520" in done.stdout and "1 MAC = 2 FLOPs" in done.stdout


def test_an_input_that_is_too_small():
    done = run("vgg11", "--input", "1x1x28x28")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "VGG-11 needs at least 32 px: at 28 px, layer block5.pool receives 512×1×1 and cannot work.\n"
    )


def test_json_is_the_report(capsys):
    assert main(["table", "lenet", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["key"], data["parameters"], data["macs"]) == ("lenet", 61_706, 416_520)
    assert data["input_shape"] == [1, 1, 28, 28] and data["output_shape"] == [1, 10]
    layers = {row["path"]: row for row in data["layers"]}
    assert layers["conv2.conv"]["output_shape"] == [1, 16, 10, 10]
    assert layers["conv2.conv"]["receptive_field"] == [14, 14]


def test_the_input_sizes_the_dense_head_and_the_batch(capsys):
    assert main(["table", "lenet", "--input", "8x3x32x32", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    layers = {row["path"]: row for row in data["layers"]}
    assert layers["conv1.conv"]["input_shape"] == [8, 3, 32, 32]
    assert layers["conv1.conv"]["parameters"] == (25 * 3 + 1) * 6
    assert layers["dense1.dense"]["parameters"] == (16 * 6 * 6 + 1) * 120


@pytest.mark.parametrize("key", [entry.key for entry in catalog() if entry.card])
def test_every_network_of_the_timeline(key, capsys):
    assert main(["table", key]) == 0
    entry = next(entry for entry in catalog() if entry.key == key)
    text = capsys.readouterr().out
    assert f"{entry.parameters:,}" in text and f"{entry.macs:,}" in text


def test_in_spanish(capsys):
    assert main(["table", "lenet", "--language", "es"]) == 0
    assert "61.706" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["lenet9"], ["lenet9", "resnet18"]),
        (["lenet", "--input", "28x28"], ["28x28", "1x1x224x224"]),
        (["lenet", "--input", "1x1x28x-28"], ["1x1x28x-28"]),
        (["lenet", "--input", "1x1x28x30"], ["1x1x28x30", "1x1x28x28"]),
        (["lenet", "--input", "1x99x28x28"], ["99", "16"]),
        (["lenet", "--input", "1x1x0x0"], ["0", "1"]),
        (["lenet", "--input", "1x1x9999x9999"], ["9999", "1024"]),
        (["lenet", "--input", "0x1x28x28"], ["0×1×28×28"]),
        (["alexnet", "--input", "1x1x32x32"], ["AlexNet", "32 px", "pool"]),
        (["lenet", "--input", "x" * 5000], ["not an input shape"]),
    ],
    ids=lambda value: " ".join(value)[:40],
)
def test_what_cannot_work_is_one_sentence(arguments, words, capsys):
    assert main(["table", *arguments]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1 and len(output.err) < 600
    assert all(word in output.err for word in words)


@pytest.mark.parametrize("text", ["2x3x64x64", "2×3×64×64", "2,3,64,64", "2*3*64*64", " 2X3X64X64 "])
def test_ways_to_write_an_input(text):
    assert parse_input(text) == (2, 3, 64)


@pytest.mark.parametrize("text", ["", "1x1x28x28x1", "axbxcxd", "1x1x28.5x28.5", "1 1 28 28", "1x1x٢٨x٢٨"])
def test_what_is_no_input(text):
    with pytest.raises(CnnvizError, match="not an input shape"):
        parse_input(text)
