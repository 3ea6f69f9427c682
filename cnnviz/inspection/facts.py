"""What a report says in a sentence; no torch."""

from typing import Final

from cnnviz.language import Language
from cnnviz.rows import Report

_DENSE: Final = "dense"
_MOST: Final = 0.5


def headline(report: Report, _: Language) -> str:
    """The one sentence about where a network's weights and its work are; it changes with the network.

    Args:
        report: the network taken apart.
        _: the reader's language.
    """
    if not report.parameters or not report.macs:
        return _("This network has nothing to learn.")
    weights, work = _dense_shares(report)
    if weights < _MOST:
        return _by_stage(report, _)
    return _(
        "The dense layers hold {weights} of the weights and do {work} of the work.",
        weights=_.percent(weights),
        work=_.percent(work),
    )


def _dense_shares(report: Report) -> tuple[float, float]:
    """The dense layers' shares of the network's parameters and MACs, each of one."""
    dense = [row for row in report.leaves if row.formula.get("kind") == _DENSE]
    weights = min(report.parameters, sum(row.parameters for row in dense))
    return weights / report.parameters, sum(row.macs for row in dense) / report.macs


def _by_stage(report: Report, _: Language) -> str:
    """For networks of convolutions: which stage holds most weights and which does most work."""
    stages = report.stages or (report.root,)
    heavy = max(stages, key=lambda row: row.parameters)
    busy = max(stages, key=lambda row: row.macs)
    weights, work = heavy.parameters / report.parameters, busy.macs / report.macs
    if heavy.path == busy.path:
        return _(
            "{stage} holds {weights} of the weights and does {work} of the work, more than any other stage.",
            stage=heavy.name or heavy.type,
            weights=_.percent(weights),
            work=_.percent(work),
        )
    return _(
        "{heavy} holds the most weights, {weights}, but {busy} does the most work, {work}.",
        heavy=heavy.name or heavy.type,
        weights=_.percent(weights),
        busy=busy.name or busy.type,
        work=_.percent(work),
    )
