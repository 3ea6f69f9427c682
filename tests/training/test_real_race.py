"""A race with the engine itself: real steps, real turns, real seconds."""

import time

import pytest

from cnnviz.specs.presets import preset_named
from cnnviz.training import LocalExecutor, RunStore
from cnnviz.training.race import RaceSpec
from cnnviz.training.race_runner import Races

pytestmark = pytest.mark.soak
SECONDS = 12.0


@pytest.mark.parametrize("stopped", [False, True], ids=["to the end", "one is stopped"])
def test_each_gets_its_seconds_within_two_percent(tmp_path, stopped):
    executor = LocalExecutor(RunStore(tmp_path), slots=1)
    try:
        contestants = tuple(
            preset_named(key, "class").config.replace(test_images=1000) for key in ("lenet", "lenet_bn")
        )
        races = Races(executor)
        spec = RaceSpec(contestants=contestants, names=("a", "b"), budget="seconds", amount=SECONDS)
        race_id = races.start(spec, owner="me", macs=(416_520, 281_640))
        limit = time.monotonic() + 240
        while races.going(race_id):
            assert time.monotonic() < limit
            lanes = races.lanes(races.record(race_id))
            if stopped and not lanes[1].out and lanes[1].share > 0.3:
                races.take_out(race_id, 1)
            time.sleep(0.1)
        first, second = races.lanes(races.record(race_id))
        assert first.seconds == pytest.approx(SECONDS, rel=0.02)
        assert second.out if stopped else second.seconds == pytest.approx(SECONDS, rel=0.02)
        print([lane.seconds for lane in (first, second)])
    finally:
        executor.close()
        executor.store.close()
