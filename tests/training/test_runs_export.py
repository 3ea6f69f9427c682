"""A run as JSON and CSV: complete, with units, readable by programs that know nothing of the app."""

import csv
import io
import json
import math

import pytest

from cnnviz.errors import CnnvizError
from cnnviz.events import Controlled, Evaluated, Finished, Started, Steps
from cnnviz.training import RunStore, TrainingConfig
from cnnviz.training.runs_export import export_csv, export_json, images_at

CONFIG = TrainingConfig(architecture="lenet_bn", seed=7)


@pytest.fixture
def run(tmp_path):
    store = RunStore(tmp_path)
    run_id = store.create(CONFIG, owner="the owner's key", name='=cmd|"<b>')
    store.update(run_id, tags=["uno"], notes="línea 1\nline 2")
    figures = {"train_loss": 1.4, "train_accuracy": 0.5, "learning_rate": 0.1, "images_per_second": 900.0}
    store.append(run_id, [
        Started(
            total_steps=469, steps_per_epoch=469, parameters=1, train_images=60_000, test_images=10_000, device="cpu",
            device_name="one", precision="float32", threads=2,
        ),
        Steps(step=3, seconds=0.3, first_step=1, losses=(2.3, 2.2, 2.1), accuracies=(0.1, 0.2, 0.3),
              memory_bytes=700_000_000, load=0.25, **figures),
        Evaluated(step=3, seconds=0.4, test_loss=math.inf, test_accuracy=0.7, test_images=10_000, **figures),
        Controlled(step=3, action="learning_rate", learning_rate=0.01),
        Finished(step=3, seconds=0.4, reason="stopped"),
    ])  # fmt: skip
    yield store, run_id
    store.close()


def test_json_has_everything_but_whose_it_is(run):
    store, run_id = run
    text = export_json(store, run_id)
    data = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert "owner" not in text
    assert TrainingConfig.parse(data["config"]) == CONFIG
    assert (data["id"], data["state"], data["name"]) == (run_id, "stopped", '=cmd|"<b>')
    assert (data["tags"], data["notes"]) == (["uno"], "línea 1\nline 2")
    assert data["choices"]["threads"] == 2
    assert [event["kind"] for event in data["events"]] == ["started", "evaluated", "controlled", "finished"]
    assert data["events"][1]["test_loss"] == "Infinity"
    assert data["steps"]["step"] == [1, 2, 3] and data["steps"]["train_loss"] == [2.3, 2.2, 2.1]
    assert data["steps"]["learning_rate"] == [0.1] * 3


def test_csv_has_a_line_a_step_and_units_in_its_header(run):
    store, run_id = run
    rows = list(csv.DictReader(io.StringIO(export_csv(store, run_id))))
    assert [row["step"] for row in rows] == ["1", "2", "3"]
    assert [row["train loss [nats]"] for row in rows] == ["2.3", "2.2", "2.1"]
    assert [row["test accuracy [share of 1]"] for row in rows] == ["", "", "0.7"]
    assert float(rows[-1]["test loss [nats]"]) == math.inf
    assert float(rows[0]["seconds [s]"]) == pytest.approx(0.1) and rows[0]["speed [images/s]"] == "900.0"
    assert float(rows[2]["epoch [passes over the training images]"]) == pytest.approx(3 / 469)


def test_what_the_axes_and_lines_of_the_curves_show_is_in_both_files(run):
    store, run_id = run
    rows = list(csv.DictReader(io.StringIO(export_csv(store, run_id, macs=281_640))))
    data = json.loads(export_json(store, run_id, macs=281_640))["steps"]
    for step, row in enumerate(rows, 1):
        images = step * CONFIG.batch_size
        assert row["training images so far"] == str(images) == str(data["images"][step - 1])
        macs = 281_640 * images * (1 + 2)  # forward, and two products backward
        assert row["training work so far [MACs]"] == str(macs) == str(data["training_macs"][step - 1])
        assert float(row["memory [bytes]"]) == data["memory_bytes"][step - 1] == 700_000_000
        assert float(row["load of the device [share of 1]"]) == data["load"][step - 1] == 0.25
        assert float(row["learning rate"]) == 0.1
    assert {len(column) for column in data.values()} == {3}, "one entry a step in each"
    nobody_knows = list(csv.DictReader(io.StringIO(export_csv(store, run_id))))
    assert nobody_knows[0]["training work so far [MACs]"] == ""


@pytest.mark.parametrize(("images", "batch_size"), [(1000, 128), (1025, 128), (256, 128), (1000, 999)])
def test_images_are_counted_as_a_loader_takes_them(images, batch_size):
    config = CONFIG.replace(train_images=images, batch_size=batch_size, epochs=3)
    seen, counted = 0, []
    for _epoch in range(3):
        for begin in range(0, images, batch_size):
            size = min(batch_size, images - begin)
            if size > 1:  # a single one is no batch
                seen += size
                counted.append(seen)
    assert len(counted) == config.total_steps
    assert [images_at(config, step) for step in range(1, len(counted) + 1)] == counted


@pytest.mark.parametrize("export", [export_json, export_csv])
def test_a_run_that_is_not_there_is_said(run, export):
    with pytest.raises(CnnvizError, match="There is no run"):
        export(run[0], "aaaaaaaaaa")
