"""Which checkpoints a run keeps along its curve: evenly spread, few, within their cost, and readable again."""

from itertools import pairwise

import pytest
import torch

from cnnviz.training import TrainingConfig, checkpoints, train
from cnnviz.training.checkpoints import Position, Saved
from cnnviz.training.history import HISTORY_BYTES, HISTORY_LENGTH, capacity, dispensable, history, step_of
from cnnviz.training.keeper import Keeper

CONFIG = TrainingConfig(
    architecture="lenet_bn", train_images=640, batch_size=16, epochs=3, test_images=100, evaluations=20, threads=1
)


@pytest.mark.parametrize("total", [30, 100, 469, 4690])
def test_what_is_left_is_spread_evenly_however_long_the_run(total):
    kept = []
    for step in range(0, total + 1, 3):
        kept = sorted({*kept, step} - set(dispensable(sorted({*kept, step}), HISTORY_LENGTH)))
    assert len(kept) <= HISTORY_LENGTH and kept[0] == 0 and kept[-1] == total // 3 * 3
    gaps = [after - before for before, after in pairwise(kept)]
    assert max(gaps) <= max(3, 3 * total / HISTORY_LENGTH), gaps


def test_few_and_none():
    assert dispensable((), 24) == dispensable((1, 2), 2) == ()
    assert dispensable((0, 5, 9), 2) == (5,)
    assert dispensable((0, 5, 9), 1) == (0, 5) and dispensable((0, 5), 0) == (0, 5)
    assert capacity(250_000) == 24 and capacity(HISTORY_BYTES) == 1 and capacity(HISTORY_BYTES + 1) == 0


def saved(step):
    return Saved(
        Position(CONFIG.model_dump(mode="json"), step, 1.0, 0.1), model={"weight": torch.full((10,), 1.0 * step)}
    )


def test_the_history_shares_its_files_and_ends_with_the_latest(tmp_path):
    keeper = Keeper(tmp_path)
    for step in range(100):
        assert keeper.write(step, lambda: saved(step), best=step == 50)  # noqa: B023
    kept = history(tmp_path)
    assert len(kept) == HISTORY_LENGTH and kept[0][0] == 0 and kept[-1][0] == 99
    assert kept[-1][1].samefile(tmp_path / "last.safetensors")
    for step, path in kept:
        assert step_of(path) == checkpoints.read(path).position.step == step
        assert checkpoints.read(path).model["weight"][0] == step
    assert checkpoints.read(tmp_path / "best.safetensors").position.step == 50
    assert not keeper.write(99, lambda: saved(99)), "once is enough"
    assert {path.suffix for path in tmp_path.iterdir()} == {".safetensors"}


def test_a_later_attempt_forgets_what_lay_beyond_its_start(tmp_path):
    first = Keeper(tmp_path)
    for step in (0, 10, 20, 30):
        first.write(step, lambda: saved(step))  # noqa: B023
    Keeper(tmp_path).write(20, lambda: saved(20))
    assert [step for step, _ in history(tmp_path)] == [0, 10, 20]


def test_large_networks_keep_fewer_and_a_disk_without_second_names_none(tmp_path, monkeypatch):
    monkeypatch.setattr("cnnviz.training.history.HISTORY_BYTES", 10_000)
    big = Saved(Position({}, 1, 1.0, 0.1), model={"weight": torch.zeros(1000)})  # 4 kB: two fit
    keeper = Keeper(tmp_path / "big")
    for step in range(5):
        keeper.write(step, lambda: big)
    assert [step for step, _ in history(tmp_path / "big")] == [0, 4]

    def refuse(*_names):
        raise OSError("no links here")

    monkeypatch.setattr("cnnviz.training.checkpoints.os.link", refuse)
    keeper = Keeper(tmp_path / "plain")
    keeper.write(1, lambda: saved(1), best=True)
    assert {path.name for path in (tmp_path / "plain").iterdir()} == {"last.safetensors", "best.safetensors"}


def test_checkpoints_cost_at_most_their_share(tmp_path, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("cnnviz.training.keeper.time.monotonic", lambda: clock[0])

    def slow_write(path, saved):
        clock[0] += 0.05
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
        return 1

    monkeypatch.setattr("cnnviz.training.keeper.write", slow_write)
    keeper, written = Keeper(tmp_path), 1
    keeper.write(0, lambda: None)
    for step in range(1, 20_001):
        clock[0] += 0.005
        if keeper.due:
            keeper.write(step, lambda: None)
            written += 1
    assert 20 < written <= 1 + 0.02 * clock[0] / 0.05
    assert len(history(tmp_path)) == HISTORY_LENGTH


def test_what_is_loaded_only_once_does_not_keep_a_stopped_run_from_being_kept(tmp_path, monkeypatch):
    clock, seconds = [0.0], [0.9]  # a busy machine: the first one takes long, whatever it is

    def write(path, _saved):
        clock[0] += seconds[0]
        path.write_bytes(bytes(200_000))
        return 200_000

    monkeypatch.setattr("cnnviz.training.keeper.time.monotonic", lambda: clock[0])
    monkeypatch.setattr("cnnviz.training.keeper.write", write)
    keeper = Keeper(tmp_path)
    keeper.write(0, lambda: None)
    clock[0] += 1
    assert keeper.quick and keeper.due, "0.2 MB are written in no time"
    keeper.write(10, lambda: None)
    assert not keeper.quick and not keeper.due, "unless they are not"
    seconds[0] = 0.01
    keeper.write(20, lambda: None)
    assert keeper.quick


def test_a_short_run_leaves_a_curve_that_can_be_replayed(tmp_path):
    events = list(train(CONFIG, folder=tmp_path))
    steps = [step for step, _ in history(tmp_path)]
    assert steps[0] == 0 and steps[-1] == CONFIG.total_steps == 120
    assert 3 <= len(steps) <= HISTORY_LENGTH, steps
    middle = dict(history(tmp_path))[steps[len(steps) // 2]]
    rest = [loss for event in train(CONFIG, resume=middle) if event.kind == "steps" for loss in event.losses]
    whole = [loss for event in events if event.kind == "steps" for loss in event.losses]
    assert rest == whole[step_of(middle) :], "any of them is a place to go on from"
