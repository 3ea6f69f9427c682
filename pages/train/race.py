"""Race: two to four networks under the same budget, in turn on one device. Predict, then watch."""

import streamlit as st

from cnnviz.errors import CnnvizError
from cnnviz.language import N_, Language
from cnnviz.specs.comparison import contender
from cnnviz.training.classics import classic, classics
from cnnviz.training.race import MOST, RaceSpec
from cnnviz.training.race_files import RaceRecord
from cnnviz.ui.engine import engine, my_runs, owner, races
from cnnviz.ui.fields import error_text
from cnnviz.ui.frame import heading
from cnnviz.ui.links import PageLink
from cnnviz.ui.network import choose_option, render_refusals
from cnnviz.ui.places import RUNS, page_link
from cnnviz.ui.race import (
    begin,
    contestants_table,
    end_part,
    go_on,
    own_race,
    racing_keys,
    refuse,
    render_budget,
    render_prediction_form,
    render_race,
    render_refusal,
)
from cnnviz.ui.watching import watch

TICK = 2.5  # seconds between two looks at the lanes; the points come by themselves

page = heading(N_("Race"), N_("The same budget for everybody, in turn on one device: who is ahead when it is used up?"))
_ = page.language
link = PageLink("race")
try:
    engine()
except CnnvizError as error:
    st.error(_.error(error), icon=":material/error:")
    st.stop()


def chosen_race() -> RaceRecord | None:
    """The race that this view shows: from the link, or the one just started."""
    key = link.key("race")
    if "race" in link.asked:
        st.session_state[key] = link.asked["race"]
    try:
        return races().record(st.session_state[key]) if st.session_state.get(key) else None
    except CnnvizError as error:
        link.refused.append(error)
        st.session_state[key] = None
        return None


def show(race_id: str) -> None:
    st.session_state[link.key("race")] = race_id


def start(spec: RaceSpec, prediction: tuple[int, float | None] | None) -> None:
    try:
        show(begin(spec, prediction))
    except CnnvizError as error:
        refuse(error)


def choose(_: Language) -> tuple[RaceSpec | None, dict[str, object]]:
    """The race of the widgets, and what of it stands in the link."""
    titles = {**{one.key: one.title for one in classics()}, "own": N_("Networks of my own choice")}
    key, _new = choose_option(link, "kind", titles, _("Race"), _, many=True)
    found = classic(key)
    if found is not None:
        st.markdown(_(found.question))
        budget, amount = render_budget(found.budget, found.amount, link.key(key), _)
        names = tuple(found.names)
        return RaceSpec(contestants=found.contestants, names=names, budget=budget, amount=amount), {"kind": key}
    state, own, allowed = st.session_state, link.key("networks"), racing_keys()
    if "networks" in link.asked:
        state[own] = [name for name in link.asked["networks"].split(",") if name in allowed][:MOST]
    state.setdefault(own, ["lenet", "lenet_bn"])
    state[own] = [name for name in dict.fromkeys(state[own]) if name in allowed][:MOST]  # anything may have been sent
    chosen = st.multiselect(
        _("Contestants"), allowed, format_func=lambda name: contender(name).title(_), key=own,
        max_selections=MOST, persist_state="session",
    )  # fmt: skip
    budget, amount = render_budget("seconds", 15.0, link.key("own"), _)
    st.caption(_("Each with the settings of its class preset."))
    try:
        return own_race(chosen, budget, amount, _), {"kind": key, "networks": tuple(chosen)}
    except CnnvizError as error:
        st.error(error_text(error, _), icon=":material/error:")
        return None, {"kind": key, "networks": tuple(chosen)}


def render_live(race_id: str, was_going: bool, _: Language) -> None:
    """The part that moves."""
    over = render_race(races().record(race_id), _)
    if was_going and over:
        st.rerun()


race = chosen_race()
screen, settings = st.columns([2, 1], gap="medium")
with settings:
    spec, values = choose(_)
    render_refusal(_)
    if spec is not None:
        names = [_(name) for name in spec.names]
        render_prediction_form(names, lambda prediction: start(spec, prediction), _)
    for earlier in races().latest(owner()):
        if race is None or earlier.id != race.id:
            label = " – ".join(_(name) for name in earlier.spec.names)
            st.button(label, icon=":material/history:", type="tertiary", key=f"race {earlier.id}", on_click=show,
                      args=(earlier.id,))  # fmt: skip
link.write({**values, "race": race.id if race else ""}, {"kind": classics()[0].key, "race": ""})
with page.take_away():
    pass
with screen:
    render_refusals(link, lambda error: error_text(error, _), _)
    if race is None:
        st.info(
            _("Choose a classic race, say who will win, and press Start. All get the same budget."),
            icon=":material/flag:",
        )
        if spec is not None:
            try:
                st.table(
                    contestants_table(spec, _), alt=_("What each contestant costs and how far the budget takes it")
                )
            except CnnvizError as error:
                st.error(error_text(error, _), icon=":material/error:")
        st.stop()
    going = races().going(race.id)
    watch(render_live, race.id, going, _, going=going, shortest=TICK)
    with st.container(horizontal=True):
        reached = my_runs().may_command(race, "stop")
        if reached and going:
            st.button(_("Stop the race"), icon=":material/stop:", on_click=end_part, args=(race.id,), key="stop")
        elif reached and any(lane.waits for lane in races().lanes(race)):
            st.button(_("Let it go on"), icon=":material/play_arrow:", on_click=go_on, args=(race.id,), key="resume")
        if all(race.runs):
            page_link(RUNS, _("Compare these runs"), runs=",".join(race.runs))
