"""What curves say: each fault its own alarm, and none on the healthy ones."""

from pathlib import Path

import numpy as np
import pytest

from cnnviz.events import Evaluated, Steps
from cnnviz.language import LANGUAGES, Language
from cnnviz.specs.catalog import architecture
from cnnviz.training.diagnosis import SENTENCES, Curves, Finding, diagnose, has_batch_norm, nearby_rate
from cnnviz.training.recorded import recordings

RANDOM = np.random.default_rng(5)
STEPS = np.arange(1, 401)


def curves(loss, *, accuracy=None, tests=None, noise=0.08, **settings):
    """Curves of 400 steps, four epochs, from a smooth loss; `tests` are (step, loss, accuracy)."""
    loss = np.asarray(loss, float) * np.exp(noise * np.random.default_rng(3).normal(size=len(loss)))
    accuracy = np.clip(np.exp(-loss), 0.1, 1) if accuracy is None else accuracy
    step, test_loss, test_accuracy = zip(*tests, strict=True) if tests else ((), (), ())
    return Curves(
        step=np.arange(1, len(loss) + 1), loss=loss, accuracy=accuracy, test_step=step, test_loss=test_loss,
        test_accuracy=test_accuracy, **{"steps_per_epoch": 100, **settings},
    )  # fmt: skip


def kinds(found, level="alarm"):
    return [finding.kind for finding in found if finding.level == level]


FALLS = 0.3 + 2.0 * np.exp(-STEPS / 60)


def test_nothing_is_said_too_early():
    assert diagnose(curves(FALLS[:30])) == ()


def test_stuck_at_ln_10():
    flat = np.full(400, np.log(10))
    found = diagnose(curves(flat, accuracy=np.full(400, 0.1), noise=0.003))
    assert kinds(found) == ["stuck"]
    young = diagnose(curves(flat[:60], accuracy=np.full(60, 0.1), noise=0.003, ended=False))
    assert kinds(young) == [] and kinds(young, "note") == ["stuck"], "in its first epoch it may still begin"


def test_exploded_and_not_a_number():
    grows = np.concatenate([FALLS[:200], 1 + 0.2 * np.arange(200)])
    found = diagnose(curves(grows))
    assert kinds(found) == ["diverged"] and 190 <= found[0].step <= 260
    failed = diagnose(curves(FALLS[:20], failure="loss_not_finite", failed_at=21, learning_rate=0.4))
    assert kinds(failed) == ["diverged"] and failed[0].step == 21
    assert failed[0].suggested_rate == pytest.approx(0.04)


def test_learnt_and_lost():
    lost = np.concatenate([FALLS[:250], np.full(150, np.log(10))])
    found = diagnose(curves(lost, noise=0.01))
    assert kinds(found) == ["collapsed"] and 240 <= found[0].step <= 265


def test_overfitting_since_the_epoch_of_the_lowest_test_loss():
    steps = np.arange(40, 401, 40)
    tests = [(s, 0.5 + 0.0015 * abs(s - 160), 0.8) for s in steps]
    found = diagnose(curves(0.02 + 2.2 * np.exp(-STEPS / 60), tests=tests))
    assert kinds(found) == ["overfitting"]
    assert found[0].step == 160 and found[0].numbers["epoch"] == pytest.approx(1.6)
    flat = [(s, 0.5 + 0.01 * (i % 2), 0.8) for i, s in enumerate(steps)]
    assert kinds(diagnose(curves(FALLS, tests=flat))) == [], "a test loss that hovers is no overfitting"


def test_a_rate_too_high_shows_in_batches_that_stand_out():
    loss = curves(FALLS).loss.copy()
    loss[[150, 200, 260, 310, 390]] += 2.5
    found = diagnose(curves(loss, noise=0, learning_rate=0.3))
    assert kinds(found) == ["rate_high"] and found[0].numbers["count"] == 5 and found[0].step == 151
    assert found[0].suggested_rate == pytest.approx(0.1)


def test_a_rate_too_low_falls_as_evenly_at_the_end_as_at_the_beginning():
    found = diagnose(curves(2.3 - 0.0015 * STEPS, noise=0.01, learning_rate=0.001))
    assert kinds(found) == ["rate_low"] and found[0].suggested_rate == pytest.approx(0.01)
    assert kinds(diagnose(curves(FALLS))) == []


def test_batch_norm_whose_averages_lag_behind():
    tests = [(100, 0.6, 0.8), (200, 0.5, 0.84), (300, 1.9, 0.55), (400, 0.4, 0.86)]
    found = diagnose(curves(FALLS, tests=tests, batch_norm=True))
    assert kinds(found) == ["batch_norm"] and found[0].step == 300
    assert found[0].numbers["accuracy"] == pytest.approx(0.55)
    assert kinds(diagnose(curves(FALLS, tests=tests, batch_norm=False))) == [], "without batch norm there is no average"


def test_a_late_start_is_worth_a_note():
    late = np.concatenate([np.full(150, np.log(10)), FALLS[:250]])
    found = diagnose(curves(late, accuracy=np.where(np.arange(400) < 150, 0.1, 0.7), noise=0.004))
    assert kinds(found) == [] and kinds(found, "note") == ["late"]
    assert 130 <= found[0].numbers["count"] <= 170


def test_a_healthy_run_is_called_so():
    slower = 0.3 + 2.0 * np.exp(-STEPS / 150)
    better = [(s, float(slower[s - 1]) + 0.05, 0.8) for s in range(40, 401, 40)]
    assert kinds(diagnose(curves(slower, tests=better)), "good") == ["improving"]
    levelled = [(s, 0.4, 0.8) for s in range(40, 401, 40)]
    assert kinds(diagnose(curves(FALLS, tests=levelled)), "good") == ["level"]


def recorded(recording):
    """A recording's curves, as a diagnosis takes them."""
    events = list(recording.events())
    blocks = [event for event in events if isinstance(event, Steps)]
    tests = [event for event in events if isinstance(event, Evaluated)]
    loss = np.concatenate([block.losses for block in blocks])
    config = recording.config
    return Curves(
        step=np.arange(1, len(loss) + 1), loss=loss, accuracy=np.concatenate([block.accuracies for block in blocks]),
        test_step=[event.step for event in tests], test_loss=[event.test_loss for event in tests],
        test_accuracy=[event.test_accuracy for event in tests], steps_per_epoch=config.steps_per_epoch,
        batch_size=config.batch_size, learning_rate=config.learning_rate,
        batch_norm=has_batch_norm(config.architecture),
    )  # fmt: skip


@pytest.mark.parametrize("recording", recordings(), ids=lambda one: one.config.architecture.key)
def test_no_false_alarm_on_the_chapters_networks_at_any_moment(recording):
    whole = recorded(recording)
    count = len(whole.loss)
    for share in (0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 1):
        until = round(share * count)
        seen = [number for number, step in enumerate(whole.test_step) if step <= until]
        part = Curves(
            step=whole.step[:until], loss=whole.loss[:until], accuracy=whole.accuracy[:until],
            test_step=[whole.test_step[i] for i in seen], test_loss=[whole.test_loss[i] for i in seen],
            test_accuracy=[whole.test_accuracy[i] for i in seen], steps_per_epoch=whole.steps_per_epoch,
            batch_size=whole.batch_size, learning_rate=whole.learning_rate, batch_norm=whole.batch_norm,
            ended=share == 1,
        )  # fmt: skip
        assert kinds(diagnose(part)) == [], f"after {share:.0%}"


def test_the_ten_networks_are_recorded():
    keys = {recording.config.architecture.key for recording in recordings()}
    assert len(keys) == 10 and {"lenet", "lenet_bn", "alexnet", "densenet"} <= keys


def test_every_sentence_can_be_said_in_both_languages():
    numbers = {"step": 120, "loss": 2.3, "suggested": 0.03, "epoch": 1.5, "lowest": 0.4, "count": 4, "rate": 0.1,
               "before": 0.8, "accuracy": 0.6}  # fmt: skip
    for kind in SENTENCES:
        finding = Finding(kind, "alarm", 1, numbers)
        for code in LANGUAGES:
            _ = Language(code)
            assert finding.says(_) and "{" not in finding.says(_) + finding.advice(_) + finding.label(_)


def test_which_networks_have_batch_norm():
    having = {key: has_batch_norm(architecture(key).spec()) for key in ("lenet", "lenet_bn", "vgg11", "resnet18",
              "torchvision/resnet18", "torchvision/vgg11", "torchvision/vgg11_bn", "torchvision/vit_b_16")}  # fmt: skip
    assert [key for key, has in having.items() if has] == ["lenet_bn", "resnet18", "torchvision/resnet18",
                                                           "torchvision/vgg11_bn"]  # fmt: skip


def test_a_rate_that_is_suggested_can_be_used():
    assert nearby_rate(0.0333) == pytest.approx(0.03)
    assert nearby_rate(1e-9) == pytest.approx(1e-6) and nearby_rate(500) == 10


FAULTS = recordings(Path(__file__).parent / "faults")


@pytest.mark.parametrize("recording", FAULTS, ids=lambda one: one.path.name.partition(".")[0])
def test_a_fault_recorded_with_the_engine_gets_its_own_name(recording):
    """Made on purpose: sigmoids at a rate of 0.1, ReLU at 5, 500 pictures 80 times, batch norm at 0.002 and at 2."""
    assert kinds(diagnose(recorded(recording))) == [recording.path.name.partition(".")[0]]


def test_five_faults_are_recorded():
    assert len(FAULTS) == 5
