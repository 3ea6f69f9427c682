"""Before a run: what it will take, whether it exists already, and the button that starts it."""

from collections.abc import Callable, Sequence
from typing import Final

import streamlit as st

from cnnviz.errors import CnnvizError
from cnnviz.language import Language
from cnnviz.specs.range_test import STEPS, range_config
from cnnviz.specs.training import TrainingConfig
from cnnviz.training import RunRecord
from cnnviz.training.estimate import Estimate, estimate, refuse_if_too_large
from cnnviz.training.records import RECORDED
from cnnviz.ui.engine import engine, my_runs, works_alone
from cnnviz.ui.links import PageLink

_EARLIER: Final = 50  # runs whose speed counts
_SAME: Final = "same run offered"
_REFUSED: Final = "start refused"


def folded_settings(first: Sequence[str], link: PageLink) -> list[str]:
    """The settings of a run that stand below the first ones.

    Between how many processes a batch is shared is a question of the server, not of the network: it is asked where the
    server allows several (it has several GPUs, or `CNNVIZ_PROCESSES` says so), or where somebody's link asks for them,
    so that nothing is in force that nobody sees.
    """
    names = [name for name in TrainingConfig.model_fields if name not in (*first, "architecture", "augmentation")]
    name = "processes"
    wanted = link.asked.get(name, st.session_state.get(link.key(name), 1))
    if str(wanted) == "1" and engine().most_processes == 1:
        names.remove(name)
    return names


def foresee(config: TrainingConfig) -> Estimate:
    """What a run will take here, from its cost and from this machine's earlier runs."""
    return foresee_all([config])[0]


def foresee_all(configs: Sequence[TrainingConfig]) -> tuple[Estimate, ...]:
    """The same for several runs."""
    earlier = [record for record in engine().store.records(limit=_EARLIER) if record.owner != RECORDED]
    return tuple(estimate(config, speeds=earlier) for config in configs)


def render_estimate(found: Estimate, _: Language) -> None:
    """Seconds and memory in a line."""
    memory = _.bytes(found.memory_bytes)
    if found.seconds is None:
        st.caption(_("About {memory} of memory. The first run on this device tells how long it takes.", memory=memory))
        return
    st.caption(
        _(
            "About {expected} ({low} to {high}) and {memory} of memory.",
            expected=_.seconds(found.seconds.expected),
            low=_.seconds(found.seconds.low),
            high=_.seconds(found.seconds.high),
            memory=memory,
        )
    )


def start(config: TrainingConfig, show: Callable[[str], None], *, again: bool = False) -> None:
    """Start a run and show it; one that exists with the same settings and seed is shown instead.

    Args:
        config: every setting.
        show: makes a run the one that is looked at.
        again: repeat it even though it exists.

    What does not fit into the memory, or is one run too many, is refused, and the button says so.
    """
    state = st.session_state
    state.pop(_SAME, None)
    hand = my_runs()
    try:
        config = hand.within(config)
        same = None if again else engine().store.find_same(config, owner=hand.owner if works_alone() else None)
        if same is not None:
            state[_SAME] = same.id
            show(same.id)
            return
        refuse_if_too_large(foresee(config), config)
        show(hand.submit(config))
    except CnnvizError as error:
        state[_REFUSED] = error


def render_same(record: RunRecord, repeat: Callable[[], None], other_seed: Callable[[], None], _: Language) -> None:
    """Say that what is shown was there already, and offer to repeat it or to change the seed."""
    if st.session_state.get(_SAME) != record.id:
        return
    with st.container(border=True, gap="small", key="same"):
        st.markdown(
            _("These settings and this seed have been run before: a run repeats itself exactly, so here it is.")
            if record.ended
            else _("A run with these settings and this seed is on its way: you are following it.")
        )
        with st.container(horizontal=True):
            st.button(_("With another seed"), icon=":material/casino:", on_click=other_seed, key="other_seed")
            st.button(_("Run it all the same"), icon=":material/replay:", on_click=repeat, key="repeat")


def render_start(
    config: TrainingConfig | None,
    reductions: Sequence[str],
    first: bool,
    press: Callable[[TrainingConfig], None],
    show_error: Callable[[CnnvizError], None],
    _: Language,
) -> None:
    """What is reduced, what it will take, and the buttons that start a run or a range test.

    Args:
        config: every setting; None while they cannot be used.
        reductions: what is less than in the chapter, in sentences.
        first: whether Start is the next thing to do.
        press: starts a config.
        show_error: puts an error where it happened.
        _: the reader's language.
    """
    for sentence in reductions:
        st.caption(sentence)
    if config is not None:
        render_estimate(foresee(config), _)
    st.button(
        _("Start"),
        icon=":material/play_arrow:",
        type="primary" if first else "secondary",
        width="stretch",
        on_click=press,
        args=(config,),
        disabled=config is None,
        key="start",
    )
    st.button(
        _("Find a learning rate"),
        icon=":material/troubleshoot:",
        help=_("A range test: in {count} steps the rate rises, and one sees where the loss falls and explodes.",
               count=STEPS),
        width="stretch",
        on_click=lambda: press(range_config(config)) if config is not None else None,
        disabled=config is None,
        key="range_test",
    )  # fmt: skip
    refusal: CnnvizError | None = st.session_state.pop(_REFUSED, None)
    if refusal is not None:
        show_error(refusal)
