"""Events are the same in process, on the wire and in the store."""

import json
import math
import subprocess
import sys
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.events import Event, parse_event

KINDS = {kind.model_fields["kind"].default: kind for kind in get_args(get_args(Event)[0])}


def same(one, other):
    """Equality under which NaN equals NaN."""
    return json.dumps(one.model_dump(), default=str) == json.dumps(other.model_dump(), default=str)


FACTORIES = {  # fields whose default is made by a factory, which hypothesis cannot see through
    "started": {name: st.dictionaries(st.text(), st.text()) for name in ("versions", "data_md5")},
    "failed": {"parameters": st.dictionaries(st.text(), st.integers() | st.text() | st.booleans())},
}


@given(st.data(), st.sampled_from(sorted(KINDS)))
def test_every_event_survives_json(data, kind):
    event = data.draw(st.builds(KINDS[kind], **FACTORIES.get(kind, {})))
    line = event.model_dump_json()
    assert "\n" not in line
    json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert same(parse_event(line), event)
    assert same(parse_event(json.loads(line)), event)


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_survives_too(loss):
    event = KINDS["evaluated"](
        test_loss=loss, test_accuracy=0.1, train_loss=1, train_accuracy=0.1, learning_rate=1, images_per_second=1,
        test_images=1,
    )  # fmt: skip
    assert str(parse_event(event.model_dump_json()).test_loss) == str(loss)


def test_a_newer_event_is_still_understood():
    event = parse_event({"kind": "checkpoint", "file": "a", "bytes": 1, "version": 99, "new_field": True})
    assert event.version == 99 and event.file == "a"


@pytest.mark.parametrize("line", ["", "{}", "null", '{"kind": "party"}', '{"kind": "steps"}', "not json"])
def test_what_is_no_event_is_refused(line):
    with pytest.raises(ValueError):
        parse_event(line)


def test_importing_training_needs_no_torch():
    code = "import sys, cnnviz.training, cnnviz.specs.presets; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
