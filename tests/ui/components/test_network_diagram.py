"""What the diagram's component sends: every layer, little enough for thirty phones, and one selection per group."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnnviz.architectures import architecture
from cnnviz.figures.diagram import network_diagram as svg_of
from cnnviz.inspection import report_of
from cnnviz.language import Language
from cnnviz.ui.components.network_diagram import drawing_of

HARNESS = Path(__file__).parents[2] / "browser" / "components" / "harness"
ENGLISH, SPANISH = Language("en"), Language("es")


def drawing(key):
    report = report_of(architecture(key).spec())
    return report, drawing_of(report, SPANISH)


def layers(parts, templates, prefix=""):
    """The path of every single layer that a browser would draw."""
    for part in parts:
        path = None if "id" in part else prefix + part["n"]
        if "k" in part:
            _height, nodes, _edges = templates[part["k"]]
            assert len(nodes) == len(part["l"]) == len(part["m"])
            yield from (f"{path}.{node[0]}" for node in nodes)
        elif "p" in part:
            yield from layers(part["p"], templates, prefix if path is None else f"{path}.")
        else:
            yield path


@pytest.mark.parametrize("key", ["lenet", "googlenet", "resnet152", "densenet201", "torchvision/resnet50"])
def test_every_layer_travels_and_the_largest_network_needs_less_than_60_kb(key):
    report, sent = drawing(key)
    assert sorted(layers(sent["parts"], sent["templates"])) == sorted(row.path for row in report.leaves)
    assert len(json.dumps(sent, ensure_ascii=False, separators=(",", ":")).encode()) < 60_000


def test_blocks_that_are_drawn_alike_share_a_template():
    report, sent = drawing("densenet201")
    assert len([row for row in report.layers if row.type == "DenseLayer"]) == 98
    assert len(sent["templates"]) == 2, "which differ in where the shape is written: 64×64 does not change"


def test_shapes_on_the_lines_are_those_of_the_svg():
    report, sent = drawing("googlenet")
    opened = frozenset({"stage3", "stage3.inception3a"})
    svg = svg_of(report, ENGLISH, ink="#000000", paper="#ffffff", colour="#000000", open=opened)
    stage = sent["parts"][2]
    block = stage["p"][0]
    assert stage["e"] == "192×12×12"
    for shape in (stage["e"], *filter(None, block["r"])):
        assert f">{shape}</text>" in svg


def test_python_selects_for_a_group_and_the_choice_survives_a_changed_knob():
    app = AppTest.from_file(str(HARNESS / "explorer_page.py"), default_timeout=60).run()
    assert app.text[0].value == "resnet18: None"
    app.button[0].click().run()
    assert app.text[0].value == "resnet18: 'stage3.block2.body.conv2'"
    app.button[1].click().run()
    assert app.text[0].value == "resnet18: 'stage3.block2.body.conv2'"
    assert not app.exception
