"""The lab of features by hand on the page: key points of a turned picture, and a bag of words beside a LeNet."""

import subprocess
from typing import Any, Final

import streamlit as st
from PIL import Image

from cnnviz.data import cat, decode_image, encode_jpeg
from cnnviz.errors import CnnvizError
from cnnviz.figures.key_points import matched_pictures
from cnnviz.insight import by_hand as insight
from cnnviz.language import Language
from cnnviz.specs.labs.by_hand import TEST_IMAGES, ByHandSpec, lenet
from cnnviz.ui.background import Background
from cnnviz.ui.lab import Lab
from cnnviz.ui.lab_race import render_race, runs_of
from cnnviz.ui.once import once
from cnnviz.ui.watching import watch
from cnnviz.ui.work import parameters_of

TICK: Final = 1.0  # seconds between two looks
_NOTHING: Final = "–"


@once
def bags() -> Background:
    """The measurements of bags of words, one after the other for everybody."""
    return Background("cnnviz.insight.by_hand")


@st.cache_resource(max_entries=64, show_spinner=False)
def turned_cat(angle: int, points: int) -> tuple[insight.Turned, bytes]:
    """See `turned`; computed once for everybody."""
    return turned(cat(), angle, points)


def turned(picture: Image.Image, angle: int, points: int) -> tuple[insight.Turned, bytes]:
    """See `cnnviz.insight.by_hand.turn`; and both pictures with what is recognised, JPEG."""
    found = insight.turn(picture, angle, points)
    sheet = matched_pictures((found.picture, found.turned), (found.points, found.turned_points), found.pairs)
    return found, encode_jpeg(sheet)


def views(lab: Lab[ByHandSpec]) -> dict[str, Any]:
    """What draws each view; without OpenCV the sentence that says how it gets here."""

    def points(spec: ByHandSpec, _: Language) -> dict[str, str]:
        return render_points(lab, spec, _) if insight.available() else _missing(_)

    def bag(spec: ByHandSpec, _: Language) -> dict[str, str]:
        return render_bag(spec, _) if insight.available() else _missing(_)

    return {"points": points, "bag": bag}


def _missing(_: Language) -> dict[str, str]:
    st.info(
        _("This lab needs OpenCV, which is not installed. Whoever runs the server installs it once and starts anew:"),
        icon=":material/download:",
    )
    st.code(insight.COMMAND, language="bash", wrap_lines=True)
    return dict.fromkeys(("sift", "all", "pixels", "few", "many", "side"), _NOTHING)


def render_points(lab: Lab[ByHandSpec], spec: ByHandSpec, _: Language) -> dict[str, str]:
    """Both pictures with their points; returns the numbers of the question, those of the cat."""
    own = None
    if spec.picture == "upload":
        file = lab.hand.file_uploader(_("A picture of your own"), type=["png", "jpg", "jpeg", "webp"], key="by hand")
        if file is not None:
            try:
                own = turned(decode_image(file.getvalue()), spec.angle, spec.points)
            except CnnvizError as error:
                lab.hand.error(_.error(error), icon=":material/error:")
    found, sheet = own or turned_cat(spec.angle, spec.points)
    sentence = _(
        "Of **{all}** key points SIFT recognises **{sift}** at their place in the picture turned by {angle}°, and "
        "{wrong} at a wrong one; the pixels around them recognise **{pixels}**.",
        all=len(found.points),
        sift=len(found.pairs),
        angle=_.number(spec.angle),
        wrong=found.wrong,
        pixels=found.by_pixels,
    )
    st.markdown(sentence)
    words = _("The picture and the same one turned; circles are key points, lines join those that are recognised.")
    st.image(sheet, width="stretch", alt=f"{words} {sentence.replace('**', '')}")
    asked, _sheet = turned_cat(30, spec.points)
    return {
        "sift": str(len(asked.pairs)),
        "all": str(len(asked.points)),
        "pixels": str(asked.by_pixels),
        "side": str(insight.PATCH),
    }


def render_bag(spec: ByHandSpec, _: Language) -> dict[str, str]:
    """Both measured on the same pictures; returns how many numbers each has learnt."""
    if bags().going(spec.arguments):
        watch(_render_waiting, spec, _, going=True, shortest=TICK)
    else:
        _render_measured(spec, _)
    many = parameters_of(lenet(spec, 0).config.architecture)
    return {"few": _.number(spec.learned), "many": _.number(many)}


def _render_waiting(spec: ByHandSpec, _: Language) -> None:
    """What goes on, until it is done: then the page is drawn anew."""
    if not bags().going(spec.arguments):
        st.rerun()
    st.info(
        _("Describing, sorting, counting: about half a minute, longer if others wait too."),
        icon=":material/hourglass_top:",
    )


def _render_measured(spec: ByHandSpec, _: Language) -> None:
    """The figures of both and the network's race; before there are any, the button that measures them."""
    try:
        found = bags().result(spec.arguments)
    except (subprocess.SubprocessError, ValueError, OSError):
        found = None
        st.error(_("The measurement failed. Try it again."), icon=":material/error:")
    if found is None:
        st.button(
            _("Measure the bag of words"),
            icon=":material/play_arrow:",
            type="primary",
            key="measure",
            on_click=bags().start,
            args=(spec.arguments,),
        )
        return
    racer = lenet(spec, found["seconds"])
    (record,) = runs_of([racer])
    accuracy, seconds = (record.test_accuracy, record.seconds) if record else (None, 0.0)
    left, right = st.columns(2)
    _metric(left, _("By hand"), found["accuracy"], found["seconds"], _)
    _metric(right, _(racer.title), accuracy, seconds, _)
    st.caption(
        _(
            "Right of the first {count} test pictures, and seconds on this machine: describing, sorting, counting and "
            "fitting by hand; the whole run of the network.",
            count=_.number(TEST_IMAGES),
        )
    )
    render_race((racer,), _)


def _metric(place: Any, label: str, accuracy: float | None, seconds: float, _: Language) -> None:
    """An accuracy with the seconds it took; nothing yet is a dash."""
    share = _NOTHING if accuracy is None else _.percent(accuracy, 1)
    took = _.seconds(seconds) if seconds else None
    place.metric(label, share, took, delta_color="off", delta_arrow="off", border=True)
