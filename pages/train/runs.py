"""Compare runs: any number of them over one another, what differs in their settings, and what a difference is worth."""

import streamlit as st

from cnnviz.errors import CnnvizError
from cnnviz.language import N_, Language
from cnnviz.training import RunRecord
from cnnviz.training.comparing import settings_of
from cnnviz.ui.axes import USUAL, choose_axes, choose_switch
from cnnviz.ui.choosing_runs import choose_runs, render_more_seeds, still_there
from cnnviz.ui.engine import engine
from cnnviz.ui.fields import error_text
from cnnviz.ui.foretelling import Prediction, ahead, ask, kept_prediction, predicted_line, render_outcome
from cnnviz.ui.frame import heading
from cnnviz.ui.links import PageLink
from cnnviz.ui.network import render_refusals
from cnnviz.ui.overlay import (
    any_going,
    ask_for_runs,
    published_table,
    render_overlay,
    runs_table,
    settings_table,
    verdict,
)
from cnnviz.ui.places import TRAINING, page_link
from cnnviz.ui.runs import distinct_names
from cnnviz.ui.settings_file import settings_csv
from cnnviz.ui.watching import watch

TICK = 6.0  # seconds between two looks at the frame of the chart, whose points come by themselves
SLOW_TICK = 8.0  # seconds between two looks at their table, which weighs more
KEY = "overlay"
GUESS = "runs_predicted"

page = heading(N_("Compare runs"), N_("Curves over one another: what differs, and whether the difference is real."))
_ = page.language
link = PageLink("runs")
try:
    engine()
except CnnvizError as error:
    st.error(_.error(error), icon=":material/error:")
    st.stop()


def note(records: list[RunRecord], said: Prediction | None) -> None:
    """Keep what was said of the runs, for their end."""
    if said is not None:
        st.session_state[GUESS] = f"{records[said[0]].id}.{round(100 * said[1])}"


screen, settings = st.columns([3, 1], gap="medium")
with settings:
    chosen = choose_runs(link, _)
    axes = choose_axes(link, _)
    switches = {
        "bands": choose_switch(link, "bands", _("Seeds as a band"), True),
        "published": choose_switch(link, "published", _("Published results"), True),
    }
    render_more_seeds(chosen, link, _)
    if "guess" in link.asked:
        st.session_state[GUESS] = link.asked["guess"]
    prediction = kept_prediction(st.session_state.get(GUESS, ""), chosen)
    if prediction is None and len(chosen) > 1 and any_going(chosen):
        with st.container(border=True, key="prediction"):
            said = ask(distinct_names(chosen, _), "runs", _)
            st.button(_("Note the prediction"), icon=":material/edit_note:", disabled=said is None, on_click=note,
                      args=(chosen, said), key="note_prediction")  # fmt: skip
link.write(
    {
        "runs": tuple(record.id for record in chosen),
        **axes.values,
        "guess": st.session_state[GUESS] if prediction else "",
        **switches,
    },
    {"runs": (), "guess": "", "bands": True, "published": True} | USUAL,
)


def render_live(run_ids: list[str], were_going: bool, _: Language) -> None:
    """The part that moves: the chart alone, so that little travels."""
    records = still_there(run_ids) or st.rerun()
    guess = kept_prediction(st.session_state.get(GUESS, ""), records)
    over = not any_going(records)
    names = distinct_names(records, _)
    render_overlay(
        records,
        _,
        key=KEY,
        axis=axes.x,
        measure=axes.measure,
        log_loss=axes.log_loss,
        published=switches["published"],
        bands=switches["bands"],
        references=[predicted_line(names[guess[0]], guess[1], _)] if guess and over else (),
    )
    if were_going and over:
        st.rerun()


def render_words(run_ids: list[str], _: Language) -> None:
    """Who is ahead, and what each run reached."""
    records = still_there(run_ids) or st.rerun()
    st.markdown(f"**{verdict(records, _)}**" if verdict(records, _) else "")
    guess, first = kept_prediction(st.session_state.get(GUESS, ""), records), ahead(records)
    names = distinct_names(records, _)
    if guess and first is not None:
        render_outcome(names[guess[0]], names[first], guess[0] == first, _)
    elif guess and any_going(records):
        st.caption(predicted_line(names[guess[0]], guess[1], _).label)
    st.table(runs_table(records, _), alt=_("What each run reached and in which settings they differ"))


with screen:
    render_refusals(link, lambda error: error_text(error, _), _)
    if not chosen:
        ask_for_runs(_)
        page_link(TRAINING, _("Train a network first"))
        st.stop()
    going = any_going(chosen)
    ids = [record.id for record in chosen]
    watch(render_live, ids, going, _, going=going, shortest=TICK)
    watch(render_words, ids, _, going=going, shortest=SLOW_TICK)
    with st.expander(_("All settings"), icon=":material/table_rows:", on_change="rerun", key="all_settings") as drawer:
        if drawer.open:
            configs = [record.config for record in chosen]
            st.table(settings_table(settings_of(configs), distinct_names(chosen, _), _))
    with st.expander(
        _("Published results"), icon=":material/menu_book:", on_change="rerun", key="published_results"
    ) as shelf:
        if shelf.open:
            st.caption(
                _(
                    "Ten epochs on all images, from the notebooks of d2l.ai and of the class. The strip in the chart "
                    "is the range of 33 to 39 builds of one notebook: that far apart lie runs with equal settings."
                )
            )
            st.table(published_table(chosen, _))
with page.take_away():
    st.download_button(
        _("Settings as CSV"),
        lambda: settings_csv(settings_of([record.config for record in chosen]), distinct_names(chosen, _), _),
        file_name="runs.csv",
        mime="text/csv",
        icon=":material/table:",
        on_click="ignore",
    )
