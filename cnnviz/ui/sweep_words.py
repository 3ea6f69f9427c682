"""A sweep in words: its cells, the sentence above its map, its table."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

import pandas as pd

from cnnviz.figures.sweep_map import MapCell
from cnnviz.language import N_, Language
from cnnviz.training.sweep import GUESSING, Cell, CellState, best_of, level_with
from cnnviz.ui.places import RUNS, TRAINING, Place
from cnnviz.ui.reader import link_parameters

MEASURES: Final[Mapping[str, str]] = {
    "accuracy": N_("Accuracy"),
    "speed": N_("Speed"),
    "memory": N_("Memory"),
}
"""What the cells of the map can show."""
_IN_A_CELL: Final[Mapping[str, str]] = {
    "accuracy": N_("In each cell: the best test accuracy, and how long the run took."),
    "speed": N_("In each cell: images trained per second."),
    "memory": N_("In each cell: the memory that its run is expected to need."),
}
_SPAN: Final = 0.1
"""Of an accuracy; what differs by less hardly differs."""
STATES: Final[Mapping[CellState, str]] = {
    "open": "–",
    "waits": N_("waits"),
    "runs": N_("trains"),
    "paused": N_("paused"),
    "diverged": N_("diverged"),
    "failed": N_("failed"),
    "stopped": N_("stopped"),
    "done": N_("done"),
}
_MEASURED: Final = ("done", "runs", "paused")


def destination(cell: Cell) -> tuple[Place, dict[str, str]] | None:
    """Where a cell's runs are looked at: one on the training page, several over one another."""
    ids = [run.id for run in cell.runs if run is not None]
    if len(ids) == 1:
        return TRAINING, {"run": ids[0]}
    return (RUNS, {"runs": ",".join(ids)}) if ids else None


def map_cells(cells: Sequence[Cell], memory: Sequence[int], measure: str, _: Language) -> tuple[MapCell, ...]:
    """The cells as the map draws them.

    Args:
        cells: of the sweep.
        memory: bytes that the runs of each cell are expected to need.
        measure: what is shown.
        _: the reader's language.
    """
    best = best_of(cells) if measure == "accuracy" else None
    return tuple(_map_cell(cell, need, measure, cell is best, _) for cell, need in zip(cells, memory, strict=True))


def colour_scale(cells: Sequence[MapCell], measure: str) -> tuple[float, float] | None:
    """The values of the palest and the strongest colour: what differs little looks alike, and what guesses is pale."""
    known = [cell.value for cell in cells if cell.value is not None]
    if measure != "accuracy" or not known:
        return None
    high = max(*known, GUESSING + _SPAN)
    return min(*known, high - _SPAN), high


def _map_cell(cell: Cell, memory: int, measure: str, best: bool, _: Language) -> MapCell:
    state = _(STATES[cell.state])
    value, text, note = None, state, ""
    if measure == "memory":
        value, text = float(memory), _.bytes(memory)
    elif cell.state in _MEASURED:
        value = cell.accuracy if measure == "accuracy" else cell.images_per_second
        if value is not None:
            text = _.percent(value, 1) if measure == "accuracy" else _.compact(value)
            if cell.state != "done":
                note = state
            elif cell.done < len(cell.runs):
                note = _("{done} of {all} seeds", done=cell.done, all=len(cell.runs))
            elif measure == "accuracy" and cell.seconds is not None:
                note = _.seconds(cell.seconds)
    pair = _("{rate} with batches of {size}", rate=_.significant(cell.learning_rate), size=_.number(cell.batch_size))
    said = f"{pair}: {' · '.join(filter(None, (text, note)))}"
    name = f"{cell.learning_rate:g} {cell.batch_size}" if destination(cell) else ""
    return MapCell(cell.learning_rate, cell.batch_size, value, text, note, said, name, best)


def legend(measure: str, seeds: int, opens: bool, _: Language) -> str:
    """What stands in the cells, and what a click does once there are runs."""
    words = [_(_IN_A_CELL[measure])]
    if seeds > 1 and measure != "memory":
        words.append(_("They are means over the seeds."))
    if opens:
        words.append(_("A click shows the curve."))
    return " ".join(words)


def sentence(cells: Sequence[Cell], memory: Sequence[int], measure: str, _: Language) -> str:
    """What the map shows, in words that change with it."""
    if measure == "accuracy":
        return _which_is_best(cells, _)
    if measure == "memory":
        need = {cell.batch_size: bytes_ for cell, bytes_ in zip(cells, memory, strict=True)}
        least, most = min(need), max(need)
        if _.bytes(need[least]) == _.bytes(need[most]):
            return _("A run is expected to need {memory}, whatever its batches.", memory=_.bytes(need[most]))
        return _(
            "A run with batches of {size} is expected to need {memory}, one with batches of {other} {less}.",
            size=_.number(most), memory=_.bytes(need[most]), other=_.number(least), less=_.bytes(need[least]),
        )  # fmt: skip
    return _how_fast(cells, _)


def _how_fast(cells: Sequence[Cell], _: Language) -> str:
    """The batch sizes against each other; the learning rate costs no time."""
    by_size: dict[int, list[float]] = {}
    for cell in cells:
        if cell.state == "done" and cell.images_per_second:
            by_size.setdefault(cell.batch_size, []).append(cell.images_per_second)
    speeds = {size: statistics.fmean(found) for size, found in by_size.items()}
    if not speeds:
        return _("Nothing is measured yet.")
    first, last = max(speeds, key=speeds.__getitem__), min(speeds, key=speeds.__getitem__)
    if first == last:
        return _("Batches of {size}: {speed} images per second.", size=_.number(first), speed=_.compact(speeds[first]))
    return _(
        "Batches of {size} go fastest: {speed} images per second, {factor} times as many as with batches of {other}.",
        size=_.number(first), speed=_.compact(speeds[first]), other=_.number(last),
        factor=_.significant(speeds[first] / speeds[last], 2),
    )  # fmt: skip


def _which_is_best(cells: Sequence[Cell], _: Language) -> str:
    best, diverged = best_of(cells), sum(cell.state == "diverged" for cell in cells)
    words = []
    if best is None and any(cell.state == "done" for cell in cells):
        words.append(_("No cell is certainly better than guessing, which gets {share} right.",
                       share=_.percent(GUESSING)))  # fmt: skip
    elif best is None:
        words.append(_("Nothing is measured yet."))
    else:
        going = any(cell.state in ("runs", "paused", "waits") for cell in cells)
        values = {
            "rate": _.significant(best.learning_rate), "size": _.number(best.batch_size),
            "accuracy": _.percent(best.accuracy or 0, 1), "seconds": _.seconds(best.seconds or 0),
        }  # fmt: skip
        words.append(
            _("So far {rate} with batches of {size} is best: {accuracy} in {seconds}.", **values)
            if going
            else _("{rate} with batches of {size} is best: {accuracy} in {seconds}.", **values)
        )
        level = level_with(best, cells)
        if level:
            words.append(
                _.plural("One other cell is level with it: so little lies within chance.",
                         "{count} other cells are level with it: so little lies within chance.", len(level))
            )  # fmt: skip
    if diverged:
        words.append(_.plural("In one cell the loss was no longer a number.",
                              "In {count} cells the loss was no longer a number.", diverged))  # fmt: skip
    failed = sum(cell.failed for cell in cells)
    if failed:
        words.append(
            _.plural("In one cell a run failed: open it to read why, or start it again.",
                     "In {count} cells a run failed: open it to read why, or start it again.", failed)
        )  # fmt: skip
    return " ".join(words)


def cells_table(cells: Sequence[Cell], memory: Sequence[int], _: Language) -> pd.DataFrame:
    """One line for each cell, with a link to its runs: for the keyboard and the screen reader, and for every figure."""
    rows = []
    for cell, need in zip(cells, memory, strict=True):
        speed = cell.images_per_second
        known = cell.accuracy is not None and cell.state in _MEASURED
        shown = _.percent(cell.accuracy or 0, 1) if known else _(STATES[cell.state])
        place = destination(cell)
        rows.append(
            {
                _("Learning rate"): _.significant(cell.learning_rate),
                _("Batch size"): _.number(cell.batch_size),
                _("Best test accuracy"): _link(shown, place) if place else shown,
                _("Time"): "–" if cell.seconds is None else _.seconds(cell.seconds),
                _("Images per second"): "–" if speed is None else _.compact(speed),
                _("Memory"): _.bytes(need),
            }
        )
    return pd.DataFrame(rows)


def _link(text: str, place: tuple[Place, dict[str, str]]) -> str:
    """A link of Markdown to a page beside this one."""
    where, parameters = place
    return f"[{text}]({where.url_path}?{urlencode(link_parameters(**parameters))})"
