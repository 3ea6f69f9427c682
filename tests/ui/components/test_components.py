"""The components' Python side: they run under AppTest, refuse what cannot be drawn, and their words are complete."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnnviz.figures.curves import RunCurves
from cnnviz.language import Language
from cnnviz.ui.components import layer_tree as tree_module
from cnnviz.ui.components import live_curves as curves_module
from cnnviz.ui.components.layer_tree import TreeColumn, layer_tree, tree_labels
from cnnviz.ui.components.live_curves import curve_labels, live_curves
from cnnviz.ui.components.network_diagram import diagram_labels

FOLDER = Path(tree_module.__file__).parent
HARNESS = Path(__file__).parents[2] / "browser" / "components" / "harness"


@pytest.mark.parametrize("page", ["tree_page.py", "curves_page.py", "explorer_page.py"])
def test_a_page_with_the_component_runs_twice_in_apptest(page):
    """AppTest has a runtime of its own each time; a component registered at import must be known to each."""
    for _ in range(2):
        app = AppTest.from_file(str(HARNESS / page), default_timeout=20).run()
        assert not app.exception
        app.button[-1].click().run()
        assert not app.exception


def test_the_page_learns_what_is_selected_elsewhere():
    app = AppTest.from_file(str(HARNESS / "tree_page.py"), default_timeout=20).run()
    app.button[0].click().run()
    assert app.session_state["selected_layer"] == "head.2"
    assert not app.exception


def test_a_row_needs_a_cell_per_column():
    rows = [{"path": "conv", "depth": 0, "leaf": True, "cells": ["1", "2"]}]
    with pytest.raises(ValueError, match="row 'conv': 2 cells, expected 1"):
        layer_tree(rows, columns=[TreeColumn("Parameters")], labels=tree_labels(Language("en")), key="tree")


@pytest.mark.parametrize(
    ("series", "smoothing", "words"),
    [
        ([RunCurves("a", "A", "red")] * 2, 0.9, "share an id"),
        ([], 1.0, "smoothing"),
        ([], -0.1, "smoothing"),
    ],
)
def test_curves_that_cannot_be_drawn_are_refused(series, smoothing, words):
    with pytest.raises(ValueError, match=words):
        live_curves(
            series,
            key="curves",
            x_title="Steps",
            y_titles=("Accuracy", "Loss"),
            labels=curve_labels(Language("en")),
            alt="",
            smoothing=smoothing,
        )


def words_used(*files):
    source = "\n".join((FOLDER / file).read_text(encoding="utf-8") for file in files)
    return set(re.findall(r"\blabels\.([a-z_]+)", source))


def test_every_word_that_the_browser_asks_for_is_there_and_none_is_left_over():
    tree = set(tree_labels(Language("en")))
    assert words_used("layer_tree.js") == tree
    assert words_used("network_diagram.js") == set(diagram_labels(Language("en")))
    curves = set(curve_labels(Language("en")))
    used = words_used("curves/main.js", "curves/figure.js")
    assert used <= curves
    columns = re.search(r"const columns = \[(.*?)\]", (FOLDER / "curves" / "main.js").read_text("utf-8"))
    assert columns
    assert curves - used <= {*re.findall(r'"(\w+)"', columns[1]), "train", "test"}


@pytest.mark.parametrize("file", sorted(FOLDER.rglob("*.js")), ids=lambda file: file.name)
def test_nothing_from_outside_becomes_markup(file):
    source = file.read_text(encoding="utf-8")
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert way not in source


def test_little_javascript_travels_with_every_message():
    assert len(curves_module._SCRIPTS.loader(PLOTLY="plotly-1.2.3.min.js").encode()) < 600
