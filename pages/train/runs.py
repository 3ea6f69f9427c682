"""Compare runs: any number of them over one another, what differs in their settings, and what a difference is worth."""

import streamlit as st

from cnnviz.errors import CnnvizError
from cnnviz.language import N_, Language
from cnnviz.training.comparing import settings_of
from cnnviz.ui.choosing_runs import choose_runs, render_more_seeds, still_there
from cnnviz.ui.engine import engine
from cnnviz.ui.fields import error_text
from cnnviz.ui.frame import heading
from cnnviz.ui.links import PageLink
from cnnviz.ui.network import choose_option, render_refusals
from cnnviz.ui.overlay import (
    AXES,
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
from cnnviz.ui.watching import watch

TICK = 6.0  # seconds between two looks at the frame of the chart, whose points come by themselves
SLOW_TICK = 8.0  # seconds between two looks at their table, which weighs more
KEY = "overlay"

page = heading(N_("Compare runs"), N_("Curves over one another: what differs, and whether the difference is real."))
_ = page.language
link = PageLink("runs")
try:
    engine()
except CnnvizError as error:
    st.error(_.error(error), icon=":material/error:")
    st.stop()
screen, settings = st.columns([3, 1], gap="medium")
with settings:
    chosen = choose_runs(link, _)
    axis, _new = choose_option(link, "x", AXES, _("Horizontal axis"), _, many=True)
    switches = {}
    for name, label, default in (
        ("log", _("Logarithmic loss"), False),
        ("bands", _("Seeds as a band"), True),
        ("published", _("Published results"), True),
    ):
        key = link.key(name)
        if name in link.asked:
            st.session_state[key] = link.asked[name] == "1"
        st.session_state.setdefault(key, default)
        switches[name] = st.toggle(label, key=key, persist_state="session")
    render_more_seeds(chosen, link, _)
link.write(
    {"runs": tuple(record.id for record in chosen), "x": axis, **switches},
    {"runs": (), "x": "steps", "log": False, "bands": True, "published": True},
)


def render_live(run_ids: list[str], were_going: bool, _: Language) -> None:
    """The part that moves: the chart alone, so that little travels."""
    records = still_there(run_ids)
    render_overlay(
        records,
        _,
        key=KEY,
        axis=axis,
        log_loss=switches["log"],
        published=switches["published"],
        bands=switches["bands"],
    )
    if were_going and not any_going(records):
        st.rerun()


def render_words(run_ids: list[str], _: Language) -> None:
    """Who is ahead, and what each run reached."""
    records = still_there(run_ids)
    st.markdown(f"**{verdict(records, _)}**" if verdict(records, _) else "")
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
        lambda: (
            settings_table(settings_of([record.config for record in chosen]), distinct_names(chosen, _), _)
            .replace(r":blue-background\[\*\*(.*)\*\*\]", r"\1", regex=True)
            .to_csv()
        ),
        file_name="runs.csv",
        mime="text/csv",
        icon=":material/table:",
        on_click="ignore",
    )
