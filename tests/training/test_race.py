"""The rules of a race: turns, exact budgets, who is ahead. The course of one is simulated, with a clock of its own."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.errors import CnnvizError
from cnnviz.specs.presets import preset_named
from cnnviz.specs.training import TrainingConfig
from cnnviz.training.classics import classics
from cnnviz.training.race import Lane, Measured, RaceSpec, next_turn, training_seconds, winner, within_budget

LENET = preset_named("lenet", "class").config


def simulate(budget, amount, steps_seconds, total_steps, *, gives_up=(), seed=0, measuring=0.3):
    """A race on a made-up device: each contestant's step takes its own time, with noise.

    Returns, for each, the seconds it trained, its steps, and the order of the turns.
    """
    chance = random.Random(seed)
    count = len(steps_seconds)
    trained, steps, out, order = [0.0] * count, [0] * count, [False] * count, []
    clocks, starts, done = [0.0] * count, [[] for _ in range(count)], [[] for _ in range(count)]
    while True:
        lanes = []
        for number in range(count):
            seconds = training_seconds(starts[number], done[number])
            assert seconds == pytest.approx(trained[number], abs=1e-6), "what is stored says what was trained"
            share = seconds / amount if budget == "seconds" else steps[number] / total_steps[number]
            lanes.append(Lane(share, seconds, out[number]))
        turn = next_turn(lanes, budget, amount, expected=[0.0] * count)
        if turn is None:
            return trained, steps, order
        one = turn.contestant
        order.append(one)
        begun = clocks[one]
        starts[one].append(begun)
        while clocks[one] - begun < turn.seconds and (budget == "seconds" or steps[one] < total_steps[one]):
            took = steps_seconds[one] * chance.uniform(0.7, 1.3)
            clocks[one] += took
            trained[one] += took
            steps[one] += 1
            done[one].append(clocks[one])
            if (one, steps[one]) in gives_up:
                out[one] = True
                break
        clocks[one] += measuring  # the test set, a checkpoint: nobody's
        assert len(order) < 500


def test_each_contestant_gets_its_seconds_within_two_percent():
    trained, _steps, order = simulate("seconds", 10.0, (0.01, 0.05), (math.inf, math.inf))
    assert all(abs(seconds - 10) <= 0.2 for seconds in trained), trained
    assert all(order[i : i + 2] in ([0, 1], [1, 0]) for i in range(0, 20, 2)), "in turn"


@given(
    amount=st.floats(10, 120),
    steps=st.lists(st.floats(0.001, 0.15), min_size=2, max_size=4),
    measuring=st.floats(0, 5),
    seed=st.integers(0, 1000),
)
def test_however_fast_they_are_and_however_long_measuring_takes(amount, steps, measuring, seed):
    trained, _steps, _order = simulate(
        "seconds", amount, steps, [math.inf] * len(steps), seed=seed, measuring=measuring
    )
    assert all(abs(seconds - amount) <= 0.02 * amount + 0.2 * max(steps) for seconds in trained)


@pytest.mark.parametrize("budget", ["seconds", "images"])
def test_one_that_is_stopped_or_fails_leaves_the_others_theirs(budget):
    trained, steps, order = simulate(budget, 12.0, (0.02, 0.03, 0.01), (400, 300, 500), gives_up={(1, 40)})
    assert steps[1] == 40, "out for good"
    if budget == "seconds":
        assert trained[0] == pytest.approx(12, rel=0.02) and trained[2] == pytest.approx(12, rel=0.02)
    else:
        assert (steps[0], steps[2]) == (400, 500)
    assert order.index(2) < 4, "nobody trains to the end before another begins"


def test_with_images_or_macs_they_go_side_by_side():
    """At no turn is one further ahead than two turns' worth, though one is ten times as fast."""
    lanes = [Lane(), Lane()]
    ahead = 0.0
    for _turn in range(200):
        turn = next_turn(lanes, "images", 1.0, expected=(10.0, 100.0))
        if turn is None:
            break
        whole = (10.0, 100.0)[turn.contestant]
        lane = lanes[turn.contestant]
        share = min(1.0, lane.share + turn.seconds / whole)
        lanes[turn.contestant] = Lane(share, share * whole)
        ahead = max(ahead, abs(lanes[0].share - lanes[1].share))
    assert all(lane.share == 1 for lane in lanes)
    assert ahead < 0.2


@pytest.mark.parametrize("key", ["lenet", "lenet_bn", "vgg11_small"])
@pytest.mark.parametrize("images", [500, 12_345, 60_000, 150_000, 1_000_000])
def test_a_budget_of_images_is_met_within_two_percent(key, images):
    config = within_budget(preset_named(key, "class").config, "images", images, macs=1)
    assert abs(config.epochs * config.train_images - images) <= 0.02 * images
    assert config.evaluations == 1 and config.time_budget == 0


@pytest.mark.parametrize("macs", [50_000, 7_000_000, 90_000_000])
def test_a_budget_of_macs_is_met_within_two_percent(macs):
    amount = 2e11
    config = within_budget(LENET, "macs", amount, macs)
    assert 3 * macs * config.epochs * config.train_images == pytest.approx(amount, rel=0.02)


def test_a_budget_too_small_or_too_large_is_refused_in_words():
    with pytest.raises(CnnvizError, match="100 images"):
        within_budget(LENET, "images", 100, 1)
    with pytest.raises(CnnvizError, match="200"):
        within_budget(LENET, "images", 1e9, 1)
    with pytest.raises(CnnvizError, match="two to four"):
        RaceSpec.parse({"contestants": (LENET,)})


def test_seconds_between_the_turns_are_nobodys():
    # first turn 0–2, measuring until 3, second turn 3–4.5, measuring until 9, third turn without a step
    assert training_seconds([0, 3, 9], [0.5, 1, 2, 3.5, 4.5]) == pytest.approx(2 + 1.5)
    assert training_seconds([], []) == 0


def test_the_winner_is_found_where_all_have_been():
    fast = Measured("fast", ((1, 0.5), (2, 0.7), (10, 0.9)))
    slow = Measured("slow", ((2, 0.6), (4, 0.85)))
    found = winner("seconds", [fast, slow])
    assert found.at == 4
    assert found.accuracies == pytest.approx((0.7 + 2 / 8 * 0.2, 0.85)) and found.first == 1
    assert winner("seconds", [fast, Measured("none", ())]) is None
    assert winner("seconds", [slow, slow]).first is None, "two that are level have no winner"


@pytest.mark.parametrize("race", classics(), ids=lambda race: race.key)
def test_a_classic_race_has_one_difference_and_a_budget(race):
    spec = RaceSpec(contestants=race.contestants, names=race.names, budget=race.budget, amount=race.amount)
    assert RaceSpec.parse(spec.model_dump(mode="json")) == spec, "it can be kept"
    first, second = race.contestants
    differing = {name for name in TrainingConfig.model_fields if getattr(first, name) != getattr(second, name)}
    if race.key == "macs":
        assert differing >= {"architecture"}
    else:
        assert len(differing) == 1
