"""Any number of runs over one another: their curves, the settings in which they differ, and what they reached."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
import streamlit as st

from cnnviz.architectures import architecture
from cnnviz.data.published import published_results, published_spreads
from cnnviz.figures.curves import Reference
from cnnviz.language import Language
from cnnviz.specs.augmentation import PipelineSpec
from cnnviz.training import RunRecord
from cnnviz.training.card import STATES, words_of
from cnnviz.training.comparing import (
    SeedBand,
    Setting,
    band_key,
    difference_is_real,
    differing,
    measuring_error,
    seed_bands,
)
from cnnviz.training.diagnosis import LN_10
from cnnviz.ui.components.live_curves import Axis, curve_labels, live_curves
from cnnviz.ui.diagnosis import findings_of
from cnnviz.ui.fields import choice_label
from cnnviz.ui.measures import MEASURES, Measure
from cnnviz.ui.run_list import plain
from cnnviz.ui.runs import AXES, Positions, curves_of, distinct_names

_MOST_REFERENCES: Final = 4
_OPTIONS: Final = "texts of runs to choose"


def render_overlay(
    records: Sequence[RunRecord],
    _: Language,
    *,
    key: str,
    axis: Axis = "steps",
    log_loss: bool = False,
    published: bool = False,
    bands: bool = True,
    references: Sequence[Reference] = (),
    names: Sequence[str] = (),
    places: Mapping[str, Positions] | None = None,
    race: bool = False,
    racing: bool = False,
    measure: Measure = "accuracy",
    height: int = 440,
) -> None:
    """One live chart of some runs; the seeds of one are drawn as their mean and spread.

    Args:
        records: the runs, in the order of the legend.
        _: the reader's language.
        key: of the chart; zoom and hidden curves are kept under it.
        axis: what the horizontal axis counts.
        log_loss: whether the loss has a logarithmic axis.
        published: whether the chapter's published results are marked.
        bands: whether three and more seeds of one run are drawn together.
        references: further lines.
        names: of the runs; their own unless given.
        places: where the steps of each run lie on the axis, if not as `runs.positions` says.
        race: whether the runs go on again and again by themselves, which needs no marks, and have their end in sight.
        racing: whether that race still goes on.
        measure: what the upper chart shows; marks of published accuracies stand in that of the accuracy alone.
        height: px.
    """
    names = names or distinct_names(records, _)
    colours = tell_apart(records)
    together = _bands_by_run(records, _) if bands else {}
    live_curves(
        [
            curves_of(
                record,
                name,
                _,
                key=key,
                axis=axis,
                band=together.get(record.id),
                places=(places or {}).get(record.id),
                colour=colours[record.id],
                race=race,
                racing=racing,
                measure=measure,
            )
            for record, name in zip(records, names, strict=True)
        ],
        key=key,
        height=height,
        x=axis,
        x_title=_(AXES[axis]),
        y_titles=(_(MEASURES[measure]), _("Loss (nats)")),
        labels=curve_labels(_),
        alt=_said(records, names, _),
        references=[
            Reference("loss", LN_10, _("ln 10: knows nothing yet")),
            *(published_references(records, _, colours) if published and measure == "accuracy" else ()),
            *(line for line in references if measure == "accuracy" or line.panel == "loss"),
        ],
        log_loss=log_loss,
        legend=True,
        measure=measure,
    )


def _said(records: Sequence[RunRecord], names: Sequence[str], _: Language) -> str:
    """The chart in a sentence that changes only with a measurement: it travels with the points."""
    parts = [f"{name} {_percent(record.test_accuracy, _)}" for record, name in zip(records, names, strict=True)]
    return _("Accuracy and loss of {count} runs; test accuracy: {runs}", count=len(parts), runs=", ".join(parts))


def _bands_by_run(records: Sequence[RunRecord], _: Language) -> dict[str, tuple[str, str]]:
    by_id = {record.id: record for record in records}
    found: dict[str, tuple[str, str]] = {}
    for band in seed_bands(records):
        name = distinct_names([by_id[band.runs[0]]], _)[0]
        title = _("{name}, {count} seeds", name=name, count=len(band.runs))
        found |= dict.fromkeys(band.runs, (band.key, title))
    return found


def published_references(
    records: Sequence[RunRecord], _: Language, colours: Mapping[str, tuple[str, str]] | None = None
) -> tuple[Reference, ...]:
    """The median of repeated builds of the chapter's notebook for each network shown, with the range they cover.

    Args:
        records: the runs shown.
        _: the reader's language.
        colours: of the runs as they are drawn; a network's mark has that of its first one.
    """
    spreads = published_spreads()
    keys = dict.fromkeys(record.config.architecture.key for record in records)
    drawn = {record.config.architecture.key: colours[record.id] for record in reversed(records) if colours is not None}
    found = []
    for key in [key for key in keys if key in spreads][:_MOST_REFERENCES]:
        spread, entry = spreads[key], architecture(key)
        own = entry.colour, entry.colour_dark
        label = _("{network}, published: {median}", network=_(entry.title), median=_.percent(spread.median, 1))
        found.append(Reference("accuracy", spread.median, label, drawn.get(key, own), (spread.lowest, spread.highest)))
    return tuple(found)


# Okabe & Ito's other colours, for runs of one family beside each other; (light theme, dark theme).
_MORE_COLOURS: Final = (
    ("#d55e00", "#ee7030"), ("#008a64", "#1fb88a"), ("#b85c93", "#cc79a7"), ("#7a6a00", "#f0e442"),
    ("#3d3d3d", "#d0d0d0"), ("#0072b2", "#4a90d9"), ("#b87a00", "#e69f00"), ("#2a9fd6", "#56b4e9"),
)  # fmt: skip


def tell_apart(records: Sequence[RunRecord]) -> dict[str, tuple[str, str]]:
    """A colour for each run: its network's own for the first one, for the next ones of its family another one.

    Seeds of one run share theirs.
    """
    found: dict[str, tuple[str, str]] = {}
    by_settings: dict[str, tuple[str, str]] = {}
    owned = {_own_colour(record) for record in records}
    for record in records:
        key = band_key(record.config)
        if key not in by_settings:
            taken = set(by_settings.values())
            own = _own_colour(record)
            free = [colour for colour in _MORE_COLOURS if colour not in taken | owned]
            by_settings[key] = own if own not in taken else free[0] if free else own
        found[record.id] = by_settings[key]
    return found


def _own_colour(record: RunRecord) -> tuple[str, str]:
    entry = architecture(record.config.architecture.key)
    return entry.colour, entry.colour_dark


def verdict(records: Sequence[RunRecord], _: Language) -> str:
    """Who is ahead, by how much, and whether that much means anything."""
    bands = [band for band in seed_bands(records) if len(band.accuracies) >= 2]
    if len(bands) >= 2:
        return _verdict_of_bands(bands, {record.id: record for record in records}, _)
    measured = sorted(
        (record for record in records if record.test_accuracy is not None), key=lambda one: -(one.test_accuracy or 0)
    )
    if len(measured) < 2:
        return ""
    names = dict(zip((record.id for record in measured), distinct_names(measured, _), strict=True))
    first, second = measured[:2]
    ahead, behind = float(first.test_accuracy or 0), float(second.test_accuracy or 0)
    error = (measuring_error(ahead, first.config.test_images) ** 2
             + measuring_error(behind, second.config.test_images) ** 2) ** 0.5  # fmt: skip
    words = {
        "first": names[first.id], "second": names[second.id], "accuracy": _.percent(ahead, 1),
        "points": _.significant(100 * (ahead - behind), 2), "error": _.significant(100 * error, 2),
    }  # fmt: skip
    if ahead - behind > 2 * error:
        return _("{first} is ahead with {accuracy} on the test set, {points} points before {second}.", **words)
    return _(
        "{first} and {second} are level: {points} points lie within what measuring on so few pictures leaves open "
        "(± {error} points). Another seed can turn them around.",
        **words,
    )


def _verdict_of_bands(bands: Sequence[SeedBand], by_id: Mapping[str, RunRecord], _: Language) -> str:
    first, second = sorted(bands, key=lambda band: -(band.mean or 0))[:2]
    named = distinct_names([by_id[first.runs[0]], by_id[second.runs[0]]], _)
    words = {
        "first": named[0], "second": named[1],
        "mean": _.percent(first.mean or 0, 1), "other": _.percent(second.mean or 0, 1),
        "deviation": _.significant(100 * (first.deviation or 0), 2),
        "spread": _.significant(100 * (second.deviation or 0), 2),
    }  # fmt: skip
    if difference_is_real(first, second):
        return _(
            "{first} is ahead over all its seeds: {mean} ± {deviation} against {other} ± {spread} of {second}.", **words
        )
    return _(
        "Between {first} ({mean} ± {deviation}) and {second} ({other} ± {spread}) the seeds decide: the difference is "
        "not real.",
        **words,
    )


def runs_table(records: Sequence[RunRecord], _: Language) -> pd.DataFrame:
    """One line per run: what it reached, then the settings in which the runs differ, tinted.

    Three columns of words that wrap, however many settings differ: on a phone too nothing has to be moved sideways.
    """
    rows = []
    settings = differing([record.config for record in records])
    finished = all(record.state == "finished" for record in records)
    for place, record in enumerate(records):
        findings = findings_of(record)
        reached = [
            f"**{_percent(record.test_accuracy, _)}** / {_percent(record.train_accuracy, _)}",
            *([_.seconds(record.seconds)] if record.step else []),
            *([] if finished else [_(STATES[record.state])]),
            *([findings[0].label(_)] if findings else []),
        ]
        tinted = [
            f":blue-background[{plain(_(setting.label))}: **{plain(setting_text(setting, place, _))}**]"
            for setting in settings
        ]
        rows.append([" · ".join(reached), " ".join(tinted) or "–"])
    names = [plain(name) for name in distinct_names(records, _)]
    columns = [_("Test / training accuracy"), _("Settings that differ")]
    return pd.DataFrame(rows, index=pd.Index(names, name=_("Run")), columns=columns)


def settings_table(settings: Sequence[Setting], names: Sequence[str], _: Language) -> pd.DataFrame:
    """One line per setting, one column per run; where the runs differ the line is tinted."""
    lines = []
    for setting in settings:
        texts = [plain(setting_text(setting, place, _)) for place in range(len(setting.values))]
        lines.append([f":blue-background[**{text}**]" for text in texts] if setting.differs else texts)
    index = pd.Index([_(setting.label) for setting in settings], name=_("Setting"))
    return pd.DataFrame(lines, index=index, columns=[plain(name) for name in names])


def setting_text(setting: Setting, place: int, _: Language) -> str:
    """A setting of one of the runs in words."""
    value = setting.values[place]
    return _(architecture(value).title) if setting.name == "architecture.key" else value_text(value, _)


def value_text(value: Any, _: Language) -> str:
    """A setting's value in words."""
    if isinstance(value, PipelineSpec):
        return ", ".join(_(step.title) for step in value.operations if step.enabled) or _("None")
    return words_of(value, _, lambda choice: choice_label(choice, _))


def published_table(records: Sequence[RunRecord], _: Language) -> pd.DataFrame:
    """What was published for the networks shown, with the settings it was measured with."""
    keys = {record.config.architecture.key for record in records}
    rows = [
        {
            _("Network"): _(architecture(row.network).title),
            _("Source"): row.source,
            _("Optimiser"): choice_label(row.optimizer, _),
            _("Learning rate"): _.significant(row.learning_rate),
            _("Batch size"): _.number(row.batch_size),
            _("Epochs"): _.number(row.epochs),
            _("Test accuracy"): _.percent(row.test_accuracy, 1),
        }
        for row in published_results()
        if row.network in keys
    ]
    return pd.DataFrame(rows).set_index(_("Network")) if rows else pd.DataFrame()


def _percent(share: float | None, _: Language) -> str:
    return "–" if share is None else _.percent(share, 1)


def option_text(record: RunRecord, _: Language) -> str:
    """A run in the list of those that can be chosen, the same for as long as the session lasts.

    Streamlit knows a chosen option by its text: if the text followed a run that trains, every click elsewhere on the
    page would take the run out of the choice. For the same reason no two runs share theirs.
    """
    kept: dict[str, dict[str, str]] = st.session_state.setdefault(_OPTIONS, {})
    texts = kept.setdefault(_.code, {})
    if record.id not in texts:
        best = [_percent(record.best_test_accuracy, _)] if record.ended else []
        text = " · ".join(
            [distinct_names([record], _)[0], *best, _("seed {seed}", seed=record.config.seed), *map(_, record.tags)]
        )
        texts[record.id] = f"{text} · {record.id[:4]}" if text in texts.values() else text
    return texts[record.id]


def any_going(records: Sequence[RunRecord]) -> bool:
    """Whether one of the runs still moves."""
    return any(not record.ended for record in records)


def ask_for_runs(_: Language) -> None:
    """What stands in the place of the chart while nothing is chosen."""
    st.info(
        _("Choose runs to lay their curves over one another. Three seeds of one run become a band."),
        icon=":material/stacked_line_chart:",
    )
