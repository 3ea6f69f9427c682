"""The diagram shows what the papers say each network is, every layer once, and nothing on top of anything else."""

import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

import pytest

from cnnviz.architectures import catalog
from cnnviz.figures.diagram import GLYPHS, describe_diagram, network_diagram
from cnnviz.figures.diagram_layout import default_open, every_id, layout, layout_of
from cnnviz.figures.diagram_structure import (
    Branches,
    ancestors,
    blocks_of,
    lanes_of,
    layers_of,
    stages_of,
    structure,
    walk,
)
from cnnviz.language import Language
from tests.heavy import heavy_in_soak

KEYS = [entry.key for entry in catalog()]
# Networks whose connections are not known from their rows, and variants of the project's with other joins.
TORCHVISION = ["torchvision/resnet18", "torchvision/googlenet", "torchvision/vit_b_16", "torchvision/mobilenet_v2"]
PRESETS = [
    ("googlenet", "residual"), ("googlenet", "naive_3a"), ("resnet18", "plain"), ("resnet18", "preactivation"),
    ("resnet18", "identity"), ("resnet18", "resnet56"), ("densenet", "bottleneck"), ("nin", "three"), ("lenet", "deep"),
]  # fmt: skip
EVERY = [(key, "") for key in [*KEYS, *TORCHVISION]] + PRESETS
ENGLISH = Language("en")
COLOURS = {"ink": "#000000", "paper": "#ffffff", "colour": "#d55e00"}


def forms(report):
    return [block.form for block in blocks_of(structure(report))]


# He et al. 2015 (arXiv 1512.03385), table 1: blocks per stage; the first block of stages 2 to 4 changes the shape, and
# in bottleneck networks that of stage 1 too, since it has four times the channels.
@pytest.mark.parametrize(
    ("key", "blocks", "projections"),
    [
        ("resnet18", (2, 2, 2, 2), 3),
        ("resnet34", (3, 4, 6, 3), 3),
        ("resnet50", (3, 4, 6, 3), 4),
        ("resnet101", (3, 4, 23, 3), 4),
        ("resnet152", (3, 8, 36, 3), 4),
        ("resnext50_32x4d", (3, 4, 6, 3), 4),
        ("resnext101_32x8d", (3, 4, 23, 3), 4),
    ],
)
def test_residual_networks_have_the_papers_blocks(report_by_key, key, blocks, projections):
    root = structure(report_by_key(key))
    per_stage = [len(list(blocks_of(stage))) for stage in root.parts if stage.id.startswith("stage")]
    assert tuple(per_stage) == blocks
    found = forms(report_by_key(key))
    assert (found.count("projection"), len(found)) == (projections, sum(blocks))
    for block in blocks_of(root):
        body, shortcut = lanes_of(block)
        assert len(list(layers_of(body))) > len(list(layers_of(shortcut))), "the shortcut stands at the side"
        kernels = [row.kernel for row in layers_of(shortcut) if row.kernel]
        assert kernels == ([(1, 1)] if block.form == "projection" else [])


def test_googlenet_has_nine_inception_blocks_with_four_branches(report_by_key):
    root = structure(report_by_key("googlenet"))
    blocks = list(blocks_of(root))
    assert [block.form for block in blocks] == ["inception"] * 9
    for block in blocks:
        kernels = [[row.kernel for row in layers_of(lane) if row.kernel] for lane in lanes_of(block)]
        assert kernels == [[(1, 1)], [(1, 1), (3, 3)], [(1, 1), (5, 5)], [(3, 3), (1, 1)]]  # arXiv 1409.4842, figure 2b
    assert [len(list(blocks_of(stage))) for stage in root.parts] == [0, 0, 2, 5, 2, 0]


@pytest.mark.parametrize(
    ("key", "layers"),
    [  # Huang et al. 2016 (arXiv 1608.06993), table 1; the chapter's has four blocks of four
        ("densenet121", (6, 12, 24, 16)),
        ("densenet161", (6, 12, 36, 24)),
        ("densenet169", (6, 12, 32, 32)),
        ("densenet201", (6, 12, 48, 32)),
        ("densenet", (4, 4, 4, 4)),
    ],
)
def test_dense_blocks_have_the_papers_layers_and_show_them_as_one(report_by_key, key, layers):
    root = structure(report_by_key(key))
    stages = [stage for stage in root.parts if stage.id.startswith("block")]
    assert tuple(len(list(blocks_of(stage))) for stage in stages) == layers
    assert [[part.kind for part in stage.parts] for stage in stages] == [["repeat"]] * 4
    assert [stage.parts[0].id for stage in stages] == [
        f"block{number}.layer1*{count}" for number, count in enumerate(layers, start=1)
    ]
    for block in blocks_of(root):
        first, body = lanes_of(block)
        assert first == () and body, "the input itself, and what is put behind it"


def test_a_residual_inception_block_joins_twice(report_by_key):
    for block in blocks_of(structure(report_by_key("googlenet", "residual"))):
        inner, shortcut = lanes_of(block)
        assert isinstance(inner[0], Branches) and inner[0].join.type == "Concatenate"
        assert len(inner[0].lanes) == 4
        assert len(list(layers_of(shortcut))) == 1


def test_plain_networks_have_no_joins(report_by_key):
    for key, preset in [("lenet", ""), ("alexnet", ""), ("vgg19", ""), ("nin", ""), ("resnet18", "plain")]:
        assert forms(report_by_key(key, preset)) == []


def test_repeats_of_vgg19_and_of_a_stage_with_a_first_block_of_its_own(report_by_key):
    vgg = structure(report_by_key("vgg19"))
    repeats = [part.id for part in walk(vgg) if part.kind == "repeat"]
    assert repeats == ["block3.conv1*4", "block4.conv1*4", "block5.conv1*4"]  # two are written out
    resnet = structure(report_by_key("resnet152"))
    repeats = [part.id for part in walk(resnet) if part.kind == "repeat"]
    assert repeats == ["stage1.block2*2", "stage2.block2*7", "stage3.block2*35", "stage4.block2*2"]


@pytest.mark.parametrize(("key", "preset"), heavy_in_soak(EVERY))
def test_fully_open_every_layer_stands_once_and_nothing_overlaps(report_by_key, key, preset):
    report = report_by_key(key, preset)
    root = structure(report)
    diagram = layout_of(root, every_id(root))
    shown = [node.row.path for node in diagram.nodes if node.kind in ("layer", "inner", "join")]
    assert sorted(shown) == sorted(row.path for row in report.leaves)
    assert len({node.id for node in diagram.nodes}) == len(diagram.nodes)
    check_places(diagram)
    check_edges(diagram, report)


@pytest.mark.parametrize(("key", "preset"), heavy_in_soak(EVERY))
def test_folded_it_shows_the_stages(report_by_key, key, preset):
    report = report_by_key(key, preset)
    diagram = layout(report, frozenset())
    assert [node.part for node in diagram.nodes] == list(stages_of(structure(report)))
    check_places(diagram)
    check_edges(diagram, report)


def check_places(diagram):
    width, height = diagram.size
    for node in diagram.nodes:
        assert node.x >= 0 and node.x + node.width <= width and node.y >= 0 and node.y + node.height <= height
    ordered = sorted(diagram.nodes, key=lambda node: node.y)
    for index, first in enumerate(ordered):
        for second in ordered[index + 1 :]:
            if second.y >= first.y + first.height:
                break
            apart = first.x + first.width <= second.x or second.x + second.width <= first.x
            assert apart, f"{first.id} and {second.id} overlap"
    for frame in diagram.frames:  # frames hold each other or stand apart
        inside = [n for n in diagram.nodes if n.id != frame.id and frame.y < n.y < frame.y + frame.height]
        for node in inside:
            assert frame.x <= node.x and node.x + node.width <= frame.x + frame.width
            assert node.y + node.height <= frame.y + frame.height


def check_edges(diagram, report):
    """Every line carries what leaves its source, begins and ends at boxes, and every label is beside no box."""
    nodes = {node.id: node for node in diagram.nodes}
    for edge in diagram.edges:
        source, target = nodes.get(edge.source), nodes.get(edge.target)
        if source is None:
            assert edge.source == "" and edge.shape == report.input_shape
        elif source.open and target is not None and target.level > source.level:
            assert edge.shape == source.part.row.input_shape, "what goes into an open part goes to what is inside"
        elif source.row is not None:
            assert edge.shape == source.row.output_shape
        else:
            assert edge.shape == source.part.parts[-1].row.output_shape
        if edge.known and target is not None and target.kind == "inner":
            assert edge.shape == target.row.input_shape
        if edge.arrow and target is not None:
            x, y = edge.points[-1]
            assert y == target.y and target.x <= x <= target.x + target.width
        for first, second in zip(edge.points, edge.points[1:], strict=False):
            assert first[0] == second[0] or first[1] == second[1], "lines are straight and square"
        if edge.label is not None:
            x, y = edge.label
            assert not any(n.x < x < n.x + n.width and n.y < y < n.y + n.height for n in diagram.nodes)


@pytest.mark.parametrize("key", KEYS)
def test_in_our_networks_every_join_gets_as_many_lines_as_it_joins(report_by_key, key):
    report = report_by_key(key)
    root = structure(report)
    diagram = layout_of(root, every_id(root))
    for row in report.leaves:
        arriving = [edge for edge in diagram.edges if edge.target == row.path]
        kind = row.formula.get("kind")
        if kind == "concatenation":
            assert " + ".join(str(edge.shape[1]) for edge in arriving) == row.formula["parts"], "in their order"
        elif kind == "addition":
            assert [edge.shape for edge in arriving] == [row.output_shape] * row.formula["terms"]
        else:
            assert len(arriving) == 1
            assert arriving[0].shape == row.input_shape


def test_of_a_network_of_torchvision_no_line_claims_more_than_is_known(report_by_key):
    report = report_by_key("torchvision/resnet18")
    root = structure(report)
    diagram = layout_of(root, every_id(root))
    inside = [
        edge
        for edge in diagram.edges
        if edge.source.startswith("layer2.0.") and "downsample." not in f"{edge.source} {edge.target}"
    ]
    assert inside and not any(edge.known or edge.arrow for edge in inside)
    assert "order of execution" in network_diagram(report, ENGLISH, **COLOURS)
    assert "order of execution" not in network_diagram(report_by_key("resnet18"), ENGLISH, **COLOURS)


@pytest.mark.parametrize(("key", "preset"), heavy_in_soak(EVERY))
def test_whatever_is_selected_can_be_opened_up_to(report_by_key, key, preset):
    report = report_by_key(key, preset)
    root = structure(report)
    for row in report.layers[1::7]:
        diagram = layout_of(root, frozenset(ancestors(root, row.path)))
        paths = [node.row.path for node in diagram.nodes if node.row is not None]
        assert row.path in paths or any(path.startswith(f"{row.path}.") for path in paths), row.path


def test_lenet_opens_by_itself_and_large_networks_do_not(report_by_key):
    for key in KEYS:
        root = structure(report_by_key(key))
        opened = layout_of(root, default_open(root))
        if key.startswith("lenet"):
            assert len([n for n in opened.nodes if n.kind == "layer"]) == len(report_by_key(key).leaves)
        assert opened.size[1] < 1200, "a screen or two"
        assert opened.size[0] <= 344, "fits a phone"


@pytest.mark.parametrize("key", ["lenet", "googlenet", "densenet201", "torchvision/vit_b_16"])
@pytest.mark.parametrize("code", ["en", "es"])
def test_the_svg_is_complete_and_readable(report_by_key, key, code):
    report, _ = report_by_key(key), Language(code)
    root = structure(report)
    for opened in (frozenset(), every_id(root)):
        svg = network_diagram(report, _, open=opened, selected=report.leaves[3].path, failed=None, **COLOURS)
        tree = ElementTree.fromstring(svg)
        space = "{http://www.w3.org/2000/svg}"
        assert tree.find(f"{space}title").text and tree.find(f"{space}desc").text == describe_diagram(report, _)
        sizes = [float(text.get("font-size")) for text in tree.iter(f"{space}text")]
        assert min(sizes) >= 12
        texts = ["".join(text.itertext()) for text in tree.iter(f"{space}text")]
        assert _.shape(report.input_shape[1:]) in texts and _.shape(report.output_shape[1:]) in texts
        width = float(tree.get("viewBox").split()[2])
        for rectangle in tree.iter(f"{space}rect"):
            assert float(rectangle.get("x")) + float(rectangle.get("width")) <= width


def test_text_from_a_network_is_never_markup(report_by_key):
    from dataclasses import replace

    report = report_by_key("lenet")
    rows = (*report.layers[:-1], replace(report.layers[-1], path="<b>'&\"", type="<i>"))
    svg = network_diagram(replace(report, layers=rows), ENGLISH, **COLOURS)
    ElementTree.fromstring(svg)
    assert "<b>" not in svg


def test_what_is_selected_and_what_cannot_work_is_marked(report_by_key):
    report = report_by_key("resnet18")
    path = "stage2.block1.body.conv2"
    opened = frozenset(ancestors(structure(report), path))

    def mark(svg, name):
        return re.search(rf"<g data-path='{re.escape(name)}'>.*?</g>", svg).group()

    chosen = network_diagram(report, ENGLISH, open=opened, selected=path, **COLOURS)
    assert "stroke-width='3'" in mark(chosen, path)
    assert "stroke-width='3'" not in mark(chosen, "stage2.block1.body.conv1")
    body = network_diagram(report, ENGLISH, open=opened, selected="stage2.block1.body", **COLOURS)
    assert "stroke-width='3'" in mark(body, path), "a branch is marked by what is in it"
    folded = network_diagram(report, ENGLISH, failed=path, **COLOURS)
    assert "✕" in mark(folded, "stage2") and "✕" not in mark(folded, "stage1")
    broken = network_diagram(report, ENGLISH, open=opened, failed=path, **COLOURS)
    assert "✕" in mark(broken, path) and "✕" not in mark(broken, "stage2")


def test_branches_shortcuts_and_concatenations_are_seen_while_folded(report_by_key):
    drawn = {"resnet18": ("residual", "projection"), "googlenet": ("inception",), "densenet121": ("dense",)}
    for key, forms in drawn.items():
        svg = network_diagram(report_by_key(key), ENGLISH, **COLOURS)
        assert sum(svg.count(GLYPHS[form]) for form in forms) >= 3
    for key in ("lenet", "vgg19"):
        svg = network_diagram(report_by_key(key), ENGLISH, **COLOURS)
        assert not any(glyph in svg for glyph in GLYPHS.values())


def test_densenet201_is_drawn_quickly(report_by_key):
    """50 ms folded and 300 ms open were asked for; three times that here, since tests share their machine."""
    report = report_by_key("densenet201")
    opened = every_id(structure(report))

    def best(which):
        times = []
        for _round in range(3):
            start = time.perf_counter()
            network_diagram(report, ENGLISH, open=which, **COLOURS)
            times.append(time.perf_counter() - start)
        return min(times)

    assert best(frozenset()) < 0.15
    assert best(opened) < 0.9


def test_the_description_is_one_sentence_from_input_to_output(report_by_key):
    text = describe_diagram(report_by_key("resnet18"), ENGLISH)
    assert text.startswith("From 1×96×96 through stem") and "2 residual blocks" in text and text.endswith("to 10.")


def test_drawing_needs_no_torch():
    code = (
        "import sys, cnnviz.figures.diagram, cnnviz.figures.treemap, cnnviz.figures.depth, cnnviz.figures.kernel; "
        "sys.exit('torch' in sys.modules or 'streamlit' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
