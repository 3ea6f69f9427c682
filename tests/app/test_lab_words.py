"""Every picture and chart of every view of every lab is said in words too, and the words follow the knobs."""

import json

import pytest

from cnnviz.ui.steps import LAB_STEPS, LAB_VIEWS, STEPS

RACE = None  # before it is run there is nothing to see
# One knob of each view and another setting of it.
TURNED = {
    "batch-norm.axes": ("channel", 3),
    "batch-norm.modes": ("batches", 12),
    "batch-norm.noise": ("batch_size", 64),
    "batch-norm.race": RACE,
    "activations.curves": ("at", 2.0),
    "activations.gradient": ("depth", 20),
    "activations.signal": ("depth", 20),
    "kernel.hand": ("stride", 2),
    "kernel.trained": ("filter", 2),
    "residual.classes": ("nested", False),
    "residual.identity": ("scale", 0.0),
    "residual.gradients": ("depth", 32),
    "residual.race": RACE,
    "inception.branches": ("c1", 16),
    "inception.pixel": ("red", 0.0),
    "resnext.matrix": ("groups", 16),
    "resnext.budget": ("block_channels", 256),
    "dense.staircase": ("growth_rate", 16),
    "dense.terms": ("terms", 3),
    "dense.memory": ("batch", 32),
    "inside.maps": ("garment", 7),
    "inside.field": ("stage", "conv2"),
    "inside.cam": ("garment", 7),
    "inside.filters": ("channel", 2),
    "by-hand.points": ("angle", 60),
    "by-hand.bag": RACE,
}
QUERY = {"inside": {"network": "untrained:lenet"}}


def elements(block):
    for child in block.children.values():
        if hasattr(child, "children"):
            yield from elements(child)
        else:
            yield child


def words(app):
    """The alternatives of all pictures and charts; a component without one counts as ""."""
    said = []
    for element in elements(app._tree):
        proto = element.proto
        if element.type == "bidi_component" and proto.component_name != "cnnviz_sheet":
            data = json.loads(proto.json)
            labels = data.get("labels", {})
            said += [data[name] for name in ("alt", "description") if name in data] or [
                labels[name] for name in ("picture", "help", "seen") if name in labels
            ]
        elif hasattr(proto, "imgs"):
            said += [image.alt for image in proto.imgs]
        elif hasattr(proto, "alt"):
            said.append(proto.alt)
    return said


def test_every_view_is_asked():
    assert set(TURNED) == set(LAB_STEPS)


@pytest.mark.parametrize("name", LAB_STEPS)
def test_what_is_seen_is_said_and_follows_the_knobs(open_page, name):
    step = STEPS[name]
    url = step.place.url_path
    app = open_page(step.place, "en", view=step.parameters["view"], **QUERY.get(url, {}))
    assert not app.exception and not app.warning
    before = words(app)
    if TURNED[name] is RACE:
        assert all(before)
        return
    assert before and all(before), "each has words"
    assert any(character.isdigit() for text in before for character in text), "with its numbers"
    assert not any(mark in text for text in before for mark in ("nan", "_", "**", "{n")), before
    knob, value = TURNED[name]
    assert knob in LAB_VIEWS[step.place][step.parameters["view"]].knobs
    assert app.session_state[f"{url}.{knob}"] != value
    app.session_state[f"{url}.{knob}"] = value
    app.run()
    assert not app.exception and not app.warning and not app.error
    after = words(app)
    assert len(after) == len(before) and after != before
