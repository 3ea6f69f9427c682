"""Choosing runs to lay over one another: one's own first, then everybody's, led by the link."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import streamlit as st

from cnnviz.errors import CnnvizError
from cnnviz.language import Language
from cnnviz.specs.sweep import MOST_RUNS
from cnnviz.training import RunRecord, RunStore
from cnnviz.training.comparing import FEWEST_SEEDS, band_key, seed_bands
from cnnviz.training.records import RECORDED
from cnnviz.ui.engine import engine, my_runs, owner, works_alone
from cnnviz.ui.fields import error_text
from cnnviz.ui.links import PageLink
from cnnviz.ui.overlay import option_text
from cnnviz.ui.sight import in_sight, seen_run

MOST: Final = MOST_RUNS
"""A whole sweep."""
FIRST: Final = ("lenet", "lenet_bn")
"""Networks whose recorded runs a fresh server shows at once."""
_LISTED: Final = 200


def choose_runs(link: PageLink, _: Language, *, name: str = "runs", most: int = MOST) -> list[RunRecord]:
    """The list of runs to choose from; returns those chosen, in order.

    Args:
        link: the page's link; it may ask for runs.
        _: the reader's language.
        name: of the parameter in the link.
        most: how many at most.
    """
    store, key = engine().store, link.key(name)
    if name in link.asked:
        found = []
        for run_id in link.asked[name].split(",")[:most]:
            try:
                found.append(seen_run(run_id).id)
            except CnnvizError as error:
                link.refused.append(error)
        st.session_state[key] = found
    elif key not in st.session_state:
        st.session_state[key] = recorded_runs(store, FIRST)
    listed = {record.id: record for record in store.records(owner=owner(), limit=_LISTED)}
    listed |= {record.id: record for record in in_sight(store.records(limit=_LISTED)) if record.id not in listed}
    wanted = list(dict.fromkeys(st.session_state.get(key, [])))[:most]  # a forged list may be as long as a message
    for run_id in wanted:
        if run_id not in listed:
            with suppress(CnnvizError):  # deleted meanwhile, or hidden
                listed[run_id] = seen_run(run_id)
    found = [run_id for run_id in wanted if run_id in listed]
    if found != st.session_state.get(key):
        st.session_state[key] = found
    texts = {run_id: option_text(record, _) for run_id, record in listed.items()}
    chosen = st.multiselect(
        _("Runs"), list(texts), format_func=texts.__getitem__, key=key,
        max_selections=most, persist_state="session", placeholder=_("Choose runs"),
    )  # fmt: skip
    return [listed[run_id] for run_id in chosen]


def recorded_runs(store: RunStore, keys: Sequence[str]) -> list[str]:
    """The ids of the recorded runs of some networks, as far as there are any, in that order."""
    found = {record.config.architecture.key: record.id for record in store.records(owner=RECORDED)}
    return [found[key] for key in keys if key in found]


def trained_runs(limit: int = _LISTED, also: str = "") -> dict[str, RunRecord]:
    """Runs that left weights behind, by id: one's own first, then everybody's, the recorded ones, and one asked for."""
    store = engine().store
    mine, newest = store.records(owner=owner(), limit=limit), store.records(limit=limit)
    asked = still_there([also]) if also else []
    found = {run.id: run for run in (*mine, *in_sight(newest), *store.records(owner=RECORDED), *asked)}
    return {run_id: run for run_id, run in found.items() if store.checkpoints_of(run_id)}


def still_there(run_ids: Sequence[str]) -> list[RunRecord]:
    """The runs as they are now; one that was deleted or hidden meanwhile is left out."""
    found = []
    for run_id in run_ids:
        with suppress(CnnvizError):
            found.append(seen_run(run_id))
    return found


def render_more_seeds(chosen: Sequence[RunRecord], link: PageLink, _: Language, *, name: str = "runs") -> None:
    """For one run that has no band yet: a button that trains the seeds which are missing and adds them."""
    if not chosen or any(chosen[0].id in band.runs for band in seed_bands(chosen)):
        return
    first = chosen[0]
    alike = [record for record in chosen if band_key(record.config) == band_key(first.config)]
    missing = FEWEST_SEEDS - len({record.config.seed for record in alike})
    if first.config_hash is None or missing < 1:
        return
    st.button(
        _.plural("Train {count} more seed of the first run", "Train {count} more seeds of the first run", missing),
        icon=":material/casino:",
        on_click=_add_seeds,
        args=(first, missing, link.key(name), _),
        help=_("The same settings from other weights: how much does chance alone change?"),
        key="more_seeds",
    )


def _add_seeds(first: RunRecord, count: int, key: str, _: Language) -> None:
    used = max((record.config.seed for record in still_there(st.session_state[key])), default=first.config.seed)
    whose = owner() if works_alone() else None
    try:
        configs = [first.config.replace(seed=used + number) for number in range(1, count + 1)]
        there = [engine().store.find_same(config, owner=whose) for config in configs]
        wanted = [config for config, same in zip(configs, there, strict=True) if same is None]
        started = iter(my_runs().submit_all(wanted, group=f"seeds of {first.id}") if wanted else ())
    except CnnvizError as error:
        st.toast(error_text(error, _), icon=":material/error:")
        return
    found = [next(started) if same is None else same.id for same in there]
    st.session_state[key] = [*st.session_state[key], *found]
