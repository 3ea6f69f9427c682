"""What a run's curves say, in words, each finding with what to try. Pure functions of recorded figures; no torch.

The loss is looked at in at most forty stretches of equal length, by their medians, so that single batches do not
matter. Thresholds were set on recorded runs (the tests hold them): the chapter's networks at their class presets give
no alarm, and each fault, produced on purpose, gives its own.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnviz.language import N_, Language
from cnnviz.specs.architectures import ArchitectureSpec

if TYPE_CHECKING:
    from cnnviz.events import Evaluated
    from cnnviz.training.records import RunRecord, StepArrays

LN_10: Final = math.log(10)
"""The loss of ten equal probabilities, in nats: that of a network that knows nothing yet."""
FEWEST: Final = 40
"""Steps before anything is said."""

Kind = Literal[
    "diverged", "collapsed", "stuck", "overfitting", "rate_high", "rate_low", "batch_norm", "late", "improving",
    "level", "young",
]  # fmt: skip
Level = Literal["alarm", "note", "good"]

_STRETCHES: Final = 40
_AT_CHANCE: Final = 0.06  # nats around ln 10
_LEARNS: Final = 2.2  # nats: below this it has begun to learn
_EXPLODED: Final = 1.5  # × ln 10
_HUGE: Final = 10 * LN_10  # nats: whoever has been there and is at chance now was thrown there by one step
_SPIKES: Final = 3
_RISE: Final = 1.08  # × the smallest test loss
_DROP: Final = 0.1  # of test accuracy between two measurements, which training does not share
_SHARED: Final = 0.04


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """What a diagnosis looks at.

    Attributes:
        step, loss, accuracy: one entry per training step: its number, nats, share of one.
        test_step, test_loss, test_accuracy: one entry per measurement of the test set.
        steps_per_epoch: to name epochs.
        batch_size: smaller ones make louder losses.
        learning_rate: of the settings.
        batch_norm: whether the network has any.
        failure: the error's code if the run failed.
        failed_at: the step at which it failed.
        ended: whether nothing more will come.
    """

    step: ArrayLike
    loss: ArrayLike
    accuracy: ArrayLike
    test_step: ArrayLike = ()
    test_loss: ArrayLike = ()
    test_accuracy: ArrayLike = ()
    steps_per_epoch: int = 1
    batch_size: int = 128
    learning_rate: float = 0.1
    batch_norm: bool = False
    failure: str | None = None
    failed_at: int = 0
    ended: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the curves say.

    Attributes:
        kind: what it is.
        level: "alarm" asks for a change, "note" is worth knowing, "good" is as it should be.
        step: where on the curve it shows.
        numbers: what its sentences name: step, epoch, loss, accuracy (share of one), rate, count.
    """

    kind: Kind
    level: Level
    step: int
    numbers: Mapping[str, float] = field(default_factory=dict)

    @property
    def suggested_rate(self) -> float | None:
        """A learning rate to try next, or None."""
        return self.numbers.get("suggested")

    def says(self, _: Language) -> str:
        """What is seen, in the reader's language."""
        return _(SENTENCES[self.kind][0], **self._words(_))

    def advice(self, _: Language) -> str:
        """What to try, in the reader's language; "" where nothing needs doing."""
        return _(SENTENCES[self.kind][1], **self._words(_)) if SENTENCES[self.kind][1] else ""

    def label(self, _: Language) -> str:
        """A few words for the mark on the curve."""
        return _(SENTENCES[self.kind][2])

    def _words(self, _: Language) -> dict[str, str]:
        ways: dict[str, Callable[[float], str]] = {
            "accuracy": lambda share: _.percent(share, 1),
            "before": lambda share: _.percent(share, 1),
            "step": _.number,
            "count": _.number,
            "epoch": lambda epoch: _.number(epoch, 1),
        }
        return {name: ways.get(name, _.significant)(value) for name, value in self.numbers.items()}


# kind → (what is seen, what to try, a few words for the curve)
SENTENCES: Final[Mapping[Kind, tuple[str, str, str]]] = {
    "diverged": (
        N_("The loss exploded at step {step}: every update overshot and the next one corrected it too far."),
        N_("Start again with a learning rate of {suggested}, or let it rise with a warm-up or clip the gradients."),
        N_("exploded"),
    ),
    "collapsed": (
        N_(
            "The network had learnt (loss {loss}) and lost it at step {step}: it is back at ln 10 and says the same of "
            "every picture."
        ),
        N_("One step too many was too long. Try a learning rate of {suggested}, or gradient clipping."),
        N_("learning lost"),
    ),
    "stuck": (
        N_(
            "The loss stands at {loss}, which is ln 10: all ten classes are equally likely to the network, it predicts "
            "nothing yet."
        ),
        N_(
            "Sigmoids need a higher rate or batch norm, deep networks without batch norm a lower one; Adam and another "
            "initialisation help both."
        ),
        N_("predicts nothing"),
    ),
    "overfitting": (
        N_(
            "Overfitting since epoch {epoch}: the training loss goes on falling while the test loss has grown from "
            "{lowest} to {loss}."
        ),
        N_("Stop there, or give it more pictures: augmentation, more training images, dropout or weight decay."),
        N_("overfitting begins"),
    ),
    "rate_high": (
        N_(
            "The loss jumps: {count} batches stand far above their neighbours. The learning rate {rate} is at the edge "
            "of what works."
        ),
        N_("Try {suggested}, a schedule that lets it fall, or larger batches."),
        N_("unsteady"),
    ),
    "rate_low": (
        N_(
            "The loss falls as evenly at the end ({loss}) as at the beginning: the learning rate {rate} is too low for "
            "this length."
        ),
        N_("Try {suggested}, or look for the right one with a range test."),
        N_("slow"),
    ),
    "batch_norm": (
        N_(
            "The test accuracy fell from {before} to {accuracy} at step {step} though training went on well: batch "
            "norm tests with moving averages, and these lag behind weights that move fast."
        ),
        N_("A lower learning rate towards the end (a schedule) or larger batches calm it; the training is fine."),
        N_("averages lag behind"),
    ),
    "late": (
        N_("It stood at ln 10 for {count} steps before it began to learn."),
        N_("Batch norm, another initialisation or ReLU in place of sigmoids shorten the wait."),
        N_("begins to learn"),
    ),
    "improving": (
        N_("Training and test improve together and have not finished: the test loss is at {loss} and still falls."),
        N_("Train longer."),
        N_("improving"),
    ),
    "level": (
        N_("Healthy: training and test go together and have levelled off at a test accuracy of {accuracy}."),
        "",
        N_("levelled off"),
    ),
    "young": (
        N_("Healthy so far: the loss is at {loss}."),
        "",
        N_("healthy"),
    ),
}


def curves_of_run(record: "RunRecord", steps: "StepArrays", tests: Sequence["Evaluated"]) -> Curves:
    """What the store knows of a run, as a diagnosis takes it."""
    config = record.config
    failure = record.failure.code if record.failure else None
    if failure is None and record.reason == "diverged":
        failure = "loss_not_finite"
    at = int(record.failure.parameters.get("step", record.step)) if record.failure else record.step
    return Curves(
        step=steps.step,
        loss=steps.loss,
        accuracy=steps.accuracy,
        test_step=[event.step for event in tests],
        test_loss=[event.test_loss for event in tests],
        test_accuracy=[event.test_accuracy for event in tests],
        steps_per_epoch=config.steps_per_epoch,
        batch_size=config.batch_size,
        learning_rate=record.learning_rate or config.learning_rate,
        batch_norm=has_batch_norm(config.architecture),
        failure=failure,
        failed_at=at,
        ended=record.ended,
    )


_WITHOUT_NORM: Final = ("alexnet", "squeezenet", "vit", "swin", "convnext")


def has_batch_norm(spec: ArchitectureSpec) -> bool:
    """Whether a network normalises by batches; torchvision's own by their names."""
    norm = getattr(spec, "norm", None)
    if norm is not None:
        return bool(norm != "none")
    name = spec.key.rpartition("/")[2]
    return not name.startswith(_WITHOUT_NORM) and (not name.startswith("vgg") or name.endswith("_bn"))


def diagnose(curves: Curves) -> tuple[Finding, ...]:
    """What the curves say, the most important first; nothing before forty steps unless the run has failed.

    A run with an alarm is not called healthy; without one the last finding says how it stands.
    """
    steps, loss, right = (np.asarray(values) for values in (curves.step, curves.loss, curves.accuracy))
    if curves.failure == "loss_not_finite":
        at = curves.failed_at
        return (Finding("diverged", "alarm", at, {"step": at, "suggested": nearby_rate(curves.learning_rate / 10)}),)
    if len(steps) < FEWEST:
        return ()
    view = _View.of(steps, loss.astype(np.float64), right.astype(np.float64), curves)
    broken = _lost(view) or _stuck(view)
    found = [broken] if broken else []
    if not any(finding.level == "alarm" for finding in found):
        found += [
            finding
            for finding in (_overfitting(view), _rate_high(view), _rate_low(view), _lagging(view), _late(view))
            if finding
        ]
    if not any(finding.level == "alarm" or finding.kind == "stuck" for finding in found):
        found.append(_healthy(view))
    order = ("alarm", "note", "good")
    return tuple(sorted(found, key=lambda finding: order.index(finding.level)))


def nearby_rate(rate: float) -> float:
    """A learning rate in one significant digit within what a run can take, 1e-6 to 10."""
    return float(f"{min(10.0, max(1e-6, rate)):.0e}")


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """The curves in stretches: `ends` the last step of each, `levels` the median losses, `shares` the accuracies."""

    steps: NDArray[Any]
    loss: NDArray[np.float64]
    right: NDArray[np.float64]
    ends: NDArray[Any]
    levels: NDArray[np.float64]
    shares: NDArray[np.float64]
    tests: NDArray[np.float64]  # (3, measurements): step, loss, accuracy
    curves: Curves

    @classmethod
    def of(cls, steps: NDArray[Any], loss: NDArray[np.float64], right: NDArray[np.float64], curves: Curves) -> "_View":
        stretches = min(_STRETCHES, len(steps) // 8)
        loss = np.where(np.isfinite(loss), loss, 1e3)
        parts = np.array_split(np.arange(len(steps)), stretches)
        return cls(
            steps,
            loss,
            right,
            ends=np.array([steps[part[-1]] for part in parts]),
            levels=np.array([np.median(loss[part]) for part in parts]),
            shares=np.array([right[part].mean() for part in parts]),
            tests=np.array([curves.test_step, curves.test_loss, curves.test_accuracy], np.float64),
            curves=curves,
        )

    def epoch(self, step: float) -> float:
        return float(step) / max(1, self.curves.steps_per_epoch)

    def near(self, values: NDArray[np.float64], step: float) -> float:
        """A stretch's value at a step."""
        return float(values[min(len(values) - 1, int(np.searchsorted(self.ends, step)))])


def _at_chance(view: _View) -> NDArray[np.bool_]:
    return (np.abs(view.levels - LN_10) < _AT_CHANCE) & (view.shares < 0.25)


def _lost(view: _View) -> Finding | None:
    """The loss far above where it was: exploded without becoming infinite, or back at chance after it had learnt."""
    last, best = float(view.levels[-2:].mean()), float(view.levels.min())
    suggested = nearby_rate(view.curves.learning_rate / 10)
    if view.loss.max() > _HUGE and abs(last - LN_10) < 2 * _AT_CHANCE:
        at = int(view.steps[view.loss.argmax()])
        return Finding("diverged", "alarm", at, {"step": at, "suggested": suggested})
    if last > _EXPLODED * LN_10 and last > best + 0.5:
        above = view.levels > (LN_10 if best < LN_10 - 0.3 else (best + last) / 2)
        at = int(view.ends[np.flatnonzero(~above)[-1]]) if not above.all() else int(view.ends[0])
        return Finding("diverged", "alarm", at, {"step": at, "suggested": suggested})
    if best < _LEARNS - 0.4 and last > LN_10 - 2 * _AT_CHANCE:
        lowest = int(view.levels.argmin())
        at = int(view.ends[lowest:][view.levels[lowest:] > (best + last) / 2][0])
        return Finding("collapsed", "alarm", at, {"step": at, "loss": best, "suggested": suggested})
    return None


def _stuck(view: _View) -> Finding | None:
    """At ln 10 from the beginning until now."""
    chance = _at_chance(view)
    if not chance[-1] or view.levels.min() < _LEARNS - 0.2:
        return None
    early = not view.curves.ended and view.epoch(view.steps[-1]) < 1
    return Finding("stuck", "note" if early else "alarm", int(view.steps[-1]), {"loss": float(view.levels[-1])})


def _overfitting(view: _View) -> Finding | None:
    """The test loss has risen for at least two measurements from its lowest while the training loss fell on.

    By more than it jumps anyway: with batch norm it jumps a lot.
    """
    steps, loss, _accuracy = view.tests
    if len(steps) < 5:
        return None
    calm = np.array([np.median(loss[max(0, i - 1) : i + 2]) for i in range(len(loss))])
    around = int(calm.argmin())
    best = max(0, around - 1) + int(loss[max(0, around - 1) : around + 2].argmin())
    if best > len(loss) - 3:
        return None
    now = float(loss[-3:].mean())
    trained = view.near(view.levels, steps[best]), float(view.levels[-2:].mean())
    jitter = float(np.median(np.abs(loss[2:-2] - 2 * loss[3:-1] + loss[4:]))) if len(loss) > 4 else 0.0
    rise = now - float(calm[best])
    if now < _RISE * calm[best] or rise < max(0.02, jitter) or trained[1] > 0.9 * trained[0]:
        return None
    numbers = {"epoch": view.epoch(steps[best]), "lowest": float(calm[best]), "loss": float(loss[-1])}
    return Finding("overfitting", "alarm", int(steps[best]), numbers)


def _rate_high(view: _View) -> Finding | None:
    """Single batches far above their stretch, after the first tenth; small batches are allowed more."""
    allowed = math.sqrt(max(1.0, 128 / view.curves.batch_size))
    skipped = max(1, len(view.levels) // 10)
    count, first = 0, 0
    for part, level in list(zip(np.array_split(np.arange(len(view.steps)), len(view.levels)), view.levels,
                                strict=True))[skipped:]:  # fmt: skip
        far = view.loss[part] > max(level + 0.8 * allowed, (1 + 0.9 * allowed) * level)
        if far.any() and not count:
            first = int(view.steps[part[int(far.argmax())]])
        count += int(far.sum())
    if count < max(_SPIKES, len(view.steps) // 1000):
        return None
    rate = view.curves.learning_rate
    return Finding("rate_high", "alarm", first, {"count": count, "rate": rate, "suggested": nearby_rate(rate / 3)})


def _rate_low(view: _View) -> Finding | None:
    """A loss that falls by as much in its last third as in its first, and is still high."""
    if len(view.levels) < 12 or view.levels[-1] < 1.0 or _at_chance(view)[: len(view.levels) // 3].all():
        return None
    third = len(view.levels) // 3
    means = [view.levels[i * third : (i + 1) * third].mean() for i in range(2)] + [view.levels[-third:].mean()]
    first, last = float(view.levels[:2].mean() - means[1]), float(means[1] - view.levels[-2:].mean())
    if last < 0.02 or last < 0.5 * first or view.levels[0] - view.levels[-1] > 1.0:
        return None
    rate = view.curves.learning_rate
    numbers = {"loss": float(view.levels[-1]), "rate": rate, "suggested": nearby_rate(10 * rate)}
    return Finding("rate_low", "alarm", int(view.steps[-1]), numbers)


def _lagging(view: _View) -> Finding | None:
    """With batch norm: a fall of the test accuracy that training does not share, once the averages have settled."""
    steps, _loss, accuracy = view.tests
    if not view.curves.batch_norm or len(steps) < 3:
        return None
    drops = accuracy[:-1] - accuracy[1:]
    for i in np.argsort(-drops):
        before, after = view.near(view.shares, steps[i]), view.near(view.shares, steps[i + 1])
        if drops[i] >= _DROP and before - after < _SHARED:
            numbers = {"before": accuracy[i], "accuracy": accuracy[i + 1], "step": steps[i + 1]}
            return Finding("batch_norm", "alarm", int(steps[i + 1]), {name: float(n) for name, n in numbers.items()})
    return None


def _late(view: _View) -> Finding | None:
    """At chance for a tenth of the run and at least sixty steps, then it learnt."""
    chance = _at_chance(view)
    if chance[-1]:
        return None
    first = int(np.argmin(chance)) if not chance.all() else len(chance)
    if not first:
        return None
    waited = int(view.ends[first - 1])
    if waited < max(60, 0.1 * len(view.steps)):
        return None
    return Finding("late", "note", waited, {"count": waited})


def _healthy(view: _View) -> Finding:
    """How a run without an alarm stands."""
    steps, loss, accuracy = view.tests
    at = int(view.steps[-1])
    if len(steps) < 3:
        return Finding("young", "good", at, {"loss": float(view.levels[-1])})
    if loss[-1] <= loss.min() + 1e-9 and loss[-1] < 0.985 * loss[:-1].min():
        return Finding("improving", "good", at, {"loss": float(loss[-1])})
    return Finding("level", "good", at, {"accuracy": float(accuracy[-1])})
