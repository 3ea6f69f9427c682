"""What is sent to the live curves, read by a decoder of its own and merged as a browser merges it."""

import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.figures.curves import Mark, RunCurves
from cnnviz.ui.components.curve_wire import HISTORY, TAIL, encode, message

FRAME = {"height": 480}


def run_at(done, *, run="a", after=0, **keywords):
    steps = np.arange(after + 1, done + 1)
    tests = np.arange(10, done + 1, 10)
    return RunCurves(
        run,
        "LeNet",
        "#1e65ab",
        train_steps=steps,
        train_loss=np.sin(steps) + 2,
        train_accuracy=(steps % 100) / 100,
        test_steps=tests,
        test_loss=np.cos(tests) + 2,
        test_accuracy=(tests % 100) / 100,
        previous_step=after,
        **keywords,
    )


def decode(data):
    """The header and, per run and part, {step: (loss, accuracy)}; written from the format's description alone."""
    (length,) = struct.unpack_from("<I", data)
    header = json.loads(data[4 : 4 + length])
    offset = 4 + length
    assert offset % 4 == 0

    def take(kind, count):
        nonlocal offset
        array = np.frombuffer(data, kind, count, offset)
        offset += -(-array.nbytes // 4) * 4
        return array

    for run in header["runs"]:
        for part in ("train", "test"):
            if part not in run:  # it stands still
                run[part] = {"before": 0, "last": 0, "points": {}}
                continue
            before, count, first, last = run[part]
            steps = np.arange(first, last + 1)
            if count and last - first != count - 1:
                steps = take("<u2", count).astype(int) + first if last - first < 65536 else take("<i4", count)
            points = {}
            if count:
                loss, share = take("<f4", count), take("<u2", count)
                points = {int(s): (float(x), int(y) / 65534) for s, x, y in zip(steps, loss, share, strict=True)}
            run[part] = {"before": before, "last": last, "points": points}
    assert offset == len(data), "nothing is left over"
    return header


class Reader:
    """A browser: merges by step number and says whether something is missing."""

    def __init__(self):
        self.points = {"train": {}, "test": {}}
        self.covered = {"train": 0, "test": 0}

    def read(self, data):
        """Returns whether everything joins on."""
        whole = True
        for part in ("train", "test"):
            new = decode(data)["runs"][0][part]
            self.points[part] |= new["points"]
            if new["before"] > self.covered[part]:
                whole = False
            else:
                self.covered[part] = max(self.covered[part], new["last"])
        return whole


@given(ticks=st.lists(st.tuples(st.integers(0, 45), st.booleans()), min_size=1, max_size=30))
def test_with_lost_messages_every_point_arrives_in_the_end(ticks):
    """Each tick brings some steps and its message may be lost; a reader with a gap asks for everything."""
    memory, reader, done, whole = {}, Reader(), 0, True
    for new, lost in [*ticks, (1, False), (1, False)]:
        done += new
        if not whole:
            memory.clear()
        data = message(FRAME, "", [run_at(done)], memory)
        if not lost:
            whole = reader.read(data)
    assert whole
    assert sorted(reader.points["train"]) == list(range(1, done + 1)), "no step is missing"
    assert sorted(reader.points["test"]) == list(range(10, done + 1, 10))
    expected = run_at(done)
    got = np.array([reader.points["train"][step] for step in range(1, done + 1)])
    assert np.allclose(got[:, 0], expected.train_loss, atol=1e-6)
    assert np.allclose(got[:, 1], expected.train_accuracy, atol=1e-5)


def test_one_lost_message_leaves_no_gap():
    memory, reader = {}, Reader()
    for done, lost in [(50, False), (80, False), (110, True), (140, False)]:
        data = message(FRAME, "", [run_at(done)], memory)
        assert lost or reader.read(data), f"at step {done}"
    assert len(reader.points["train"]) == 140


def test_a_long_run_is_sent_once_and_reduced_with_its_spikes():
    run = run_at(100_000)
    run.train_loss[54_321] = 99.0
    memory = {}
    train = decode(message(FRAME, "", [run], memory))["runs"][0]["train"]
    assert len(train["points"]) <= HISTORY
    assert train["last"] == 100_000
    assert train["points"][54_322][0] == 99.0
    again = decode(message(FRAME, "", [run], memory))["runs"][0]
    assert again["train"]["points"] == {}
    assert "look" not in again


@pytest.mark.parametrize("runs", [1, 2, 4, 8])
@pytest.mark.parametrize("speed", [5, 50, 5_000])
def test_an_update_is_small_however_many_run_and_however_fast(runs, speed):
    memory = {}
    for tick in range(1, 6):
        series = [run_at(tick * speed, run=f"0123456789ab-{run}") for run in range(runs)]
        data = message(FRAME, "LeNet: step 1,234, test accuracy 85.3 %", series, memory)
    points = sum(len(run["train"]["points"]) for run in decode(data)["runs"])
    assert points >= min(speed, 8) * runs
    assert points <= max(TAIL, 16 * runs)
    assert len(data) < (1_700 if runs <= 4 else 2_600)


def test_frame_name_and_marks_are_sent_when_they_change():
    memory = {}
    first = decode(message(FRAME, "", [run_at(10)], memory))
    assert first["frame"] == FRAME
    assert first["runs"][0]["look"]["name"] == "LeNet"
    second = decode(message(FRAME, "", [run_at(20)], memory))
    assert "frame" not in second
    assert "look" not in second["runs"][0]
    third = decode(message({"height": 300}, "", [run_at(20, marks=(Mark(15, "Stop"),))], memory))
    assert third["frame"] == {"height": 300}
    assert third["runs"][0]["look"]["marks"] == [[15, "Stop"]]


def test_another_revision_is_sent_whole():
    memory = {}
    message(FRAME, "", [run_at(500)], memory)
    again = decode(message(FRAME, "", [run_at(30, revision=1)], memory))["runs"][0]
    assert again["rev"] == 1
    assert sorted(again["train"]["points"]) == list(range(1, 31))
    assert again["train"]["before"] == 0


def test_a_run_that_is_taken_off_and_put_on_again_is_sent_whole():
    memory = {}
    message(FRAME, "", [run_at(50)], memory)
    message(FRAME, "", [], memory)
    assert len(decode(message(FRAME, "", [run_at(60)], memory))["runs"][0]["train"]["points"]) == 60


def test_the_end_of_a_run_joins_on_and_says_where_it_begins():
    memory = {}
    message(FRAME, "", [run_at(300)], memory)
    update = decode(message(FRAME, "", [run_at(330, after=290)], memory))["runs"][0]["train"]
    assert update["before"] == 300
    unknown = decode(message(FRAME, "", [run_at(330, after=290)], {}))["runs"][0]["train"]
    assert unknown["before"] == 290, "a browser that knows nothing sees the gap and asks"


def test_values_that_are_not_numbers_survive():
    run = RunCurves("a", "A", "red", train_steps=[1, 2], train_loss=[np.nan, np.inf], train_accuracy=[np.nan, 1.0])
    data = message(FRAME, "", [run], {})
    points = decode(data)["runs"][0]["train"]["points"]
    assert np.isnan(points[1][0])
    assert points[2] == (np.inf, 1.0)
    assert points[1][1] > 1, "65,535 stands for no number"


def test_steps_far_apart_need_more_bits():
    run = RunCurves("a", "A", "red", train_steps=[1, 90_000], train_loss=[1, 2], train_accuracy=[0, 1])
    assert sorted(decode(message(FRAME, "", [run], {}))["runs"][0]["train"]["points"]) == [1, 90_000]


def test_a_header_that_json_cannot_express_is_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode({"value": float("nan")}, [])


def test_a_run_that_stands_still_costs_next_to_nothing_and_reminds_now_and_then():
    memory, sizes = {}, []
    for _tick in range(24):
        sizes.append(len(message(FRAME, "alt", [run_at(900, run=str(number)) for number in range(20)], memory)))
    assert sorted(sizes[3:])[10] < 20 * 40, "twenty ended runs: an id each"
    kept = [decode(message(FRAME, "alt", [run_at(900)], memory))["runs"][0]["train"]["last"] for _tick in range(12)]
    assert 900 in kept[3:], "a browser that lost the end hears of it"


def test_the_sentence_travels_only_when_it_has_changed():
    memory = {}
    alts = [decode(message(FRAME, text, [run_at(30)], memory)).get("alt") for text in ("a", "a", "b", "b")]
    assert alts == ["a", None, "b", None]


def test_a_place_on_an_axis_travels_when_it_moves():
    memory = {}
    first = message(FRAME, "", [run_at(30, positions=((0, 0.0), (30, 4.25)))], memory)
    same = message(FRAME, "", [run_at(30, positions=((0, 0.0), (30, 4.25)))], memory)
    moved = message(FRAME, "", [run_at(40, positions=((0, 0.0), (40, 6.0)))], memory)
    assert decode(first)["runs"][0]["at"] == [[0, 0.0], [30, 4.25]]
    assert "at" not in decode(same)["runs"][0] and decode(moved)["runs"][0]["at"][-1] == [40, 6.0]
