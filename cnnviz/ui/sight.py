"""Whose runs a person is shown: everybody's, or, while the teacher keeps the board closed, hardly any but their own."""

from collections.abc import Callable, Iterable

from cnnviz.errors import CnnvizError
from cnnviz.training import RunRecord
from cnnviz.training.reading import RUN_ID
from cnnviz.training.records import RECORDED
from cnnviz.ui.engine import classroom, engine, owner, works_alone


def in_sight(records: Iterable[RunRecord]) -> list[RunRecord]:
    """Those of some runs that this person is shown, in their order."""
    is_shown = _rule()
    return [record for record in records if is_shown(record)]


def seen_run(run_id: str) -> RunRecord:
    """A run as it is now, for somebody who wants to look at it.

    Raises:
        CnnvizError: if there is none, or the teacher has closed the board and it is somebody else's.
    """
    record = engine().store.record(run_id)
    if not _rule()(record):
        raise CnnvizError("run_hidden", value=run_id)
    return record


def _rule() -> Callable[[RunRecord], bool]:
    """Besides one's own runs there are the recorded ones, and what the teacher shows to every screen all the same."""
    if not works_alone():
        return lambda _record: True
    mine, shown = owner(), RUN_ID.findall(" ".join(classroom().rules().shown_query.values()))
    return lambda record: record.owner in (mine, RECORDED) or record.id in shown
