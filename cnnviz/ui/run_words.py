"""The words that move with a run: where it stands in a sentence, and the four figures that a room looks at.

The page's script says them once, beside the curves. While the run trains they come with its points (`ui.curve_feed`),
twice a second and without a rerun; what else the page says of the run is only named there by a mark, and when that
changes the browser asks for a rerun.
"""

import zlib
from typing import Any, Final

from cnnviz.architectures import architecture
from cnnviz.language import Language
from cnnviz.training import RunRecord, time_left
from cnnviz.training.card import STATES
from cnnviz.ui.diagnosis import findings_of
from cnnviz.ui.engine import engine

_MISSING: Final = "–"


def run_name(record: RunRecord, _: Language) -> str:
    """What a run is called: the name that a person gave it, or its network's title."""
    return record.name or _(architecture(record.config.architecture.key).title)


def describe_run(record: RunRecord, _: Language) -> str:
    """A run in a sentence, for a screen reader and for the line above the curves."""
    if record.test_accuracy is None:
        return _("{name}: {state}, step {step} of {total}.", name=run_name(record, _), state=_(STATES[record.state]),
                 step=_.number(record.step), total=_.number(record.total_steps))  # fmt: skip
    return _(
        "{name}: {state}, step {step} of {total}, test accuracy {accuracy}.",
        name=run_name(record, _),
        state=_(STATES[record.state]),
        step=_.number(record.step),
        total=_.number(record.total_steps),
        accuracy=_.percent(record.test_accuracy, 1),
    )


def run_figures(record: RunRecord, _: Language) -> tuple[tuple[str, str], ...]:
    """The four numbers of a run that a room looks at, each with its label."""
    left = time_left(record)
    test = _MISSING if record.test_accuracy is None else _.percent(record.test_accuracy, 1)
    train = _MISSING if record.train_accuracy is None else _.percent(record.train_accuracy, 1)
    speed = _MISSING if record.images_per_second is None else _.compact(record.images_per_second)
    if record.ended:
        time = (_("Time"), _.seconds(record.seconds))
    else:
        time = (_("Time left"), _MISSING if left is None else _.seconds(left))
    return (_("Test accuracy"), test), (_("Train accuracy"), train), time, (_("Images per second"), speed)


def moving_words(record: RunRecord, _: Language, *, labels: bool = False) -> dict[str, Any]:
    """What the browser writes above the curves, as plain data.

    `said` is the sentence, "" for a run that failed, since the page says why; `share` how much of it is done, 0 to 1;
    `figures` the values of `run_figures`; `told` the mark of what else the page says.

    Args:
        record: the run.
        _: the reader's language.
        labels: whether the figures' labels and the language come along; the browser keeps them.
    """
    figures = run_figures(record, _)
    words: dict[str, Any] = {
        "said": "" if record.failure is not None else describe_run(record, _),
        "share": round(record.share_done, 4),
        "figures": [value for _label, value in figures],
        "told": _told(record),
    }
    return words | ({"labels": [label for label, _value in figures], "lang": _.code} if labels else {})


def _told(record: RunRecord) -> str:
    """Changes when the curves say something else, or the place in the queue does: 8 hexadecimal digits.

    The figures within a finding's sentence may change at every look; they are not worth a rerun.
    """
    place = engine().queue_position(record.id) if record.state == "queued" else None
    said = [(finding.kind, finding.level) for finding in findings_of(record)]
    return f"{zlib.crc32(repr((place, said)).encode()):08x}"
