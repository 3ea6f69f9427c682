"""The views of the lab that looks inside, each drawn for one network and one picture."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import cache, partial
from typing import Any, Final

import streamlit as st
from PIL import Image

from cnnviz.data import CLASS_NAMES, encode_png, fashion_mnist, garment, png_uri
from cnnviz.figures import overlays
from cnnviz.insight import inside, published
from cnnviz.insight.excitement import STRONGEST, Found, Search, Searches
from cnnviz.language import Language
from cnnviz.specs.labs.inside import InsideLabSpec
from cnnviz.ui.components.sight import cell_sight
from cnnviz.ui.drawn import drawn
from cnnviz.ui.inside import Subject, picture_of, subject_of
from cnnviz.ui.lab import Lab, Numbers
from cnnviz.ui.once import once
from cnnviz.ui.places import TRAINING, page_link
from cnnviz.ui.watching import watch

SIDE: Final = 420  # px
ASKED: Final = 10  # classes that the untrained network is asked about
LITTLE: Final = 0.005  # probabilities below it would be written as 0 %
TICK: Final = 1.0  # seconds between two looks at a search


def views(lab: Lab[InsideLabSpec]) -> dict[str, Callable[[InsideLabSpec, Language], Numbers]]:
    """What draws each view of the lab; the network and its picture are made ready first."""

    def show(render: Callable[..., Numbers], spec: InsideLabSpec, _: Language) -> Numbers:
        subject = subject_of(spec.network)
        picture, name = picture_of(spec, subject, lab.hand, _)
        numbers = render(subject, picture, name, spec, _)
        if not subject.checkpoint:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.caption(_("This network has learnt nothing yet. Train one, come back, and choose it here."))
                page_link(TRAINING, _("Train it"), net=subject.spec.key)
        with lab.hand:
            _render_fetching(_)
        return numbers

    renders: dict[str, Callable[..., Numbers]] = {
        "maps": render_maps,
        "field": partial(render_field, lab=lab),
        "cam": render_cam,
        "filters": render_filters,
    }
    return {key: partial(show, render) for key, render in renders.items()}


def _render_fetching(_: Language) -> None:
    """How networks trained on ImageNet come here, unless some are here already."""
    if published.available():
        return
    # Drawn when it is opened: what colours a line of code is 1.5 MB of script, read before the page's pictures.
    shelf = st.expander(
        _("A network trained on ImageNet"), icon=":material/download:", key="fetching", on_change="rerun"
    )
    if not shelf.open:
        return
    with shelf:
        st.caption(
            _(
                "With a connection, run this once for each of {names}, put the file into a folder and start the "
                "app with {variable} naming that folder.",
                names=", ".join(published.CHAINS),
                variable=published.VARIABLE,
            )
        )
        st.code(published.COMMAND.format(name="resnet18"), language="bash", wrap_lines=True)


def render_maps(subject: Subject, picture: Any, name: str, spec: InsideLabSpec, _: Language) -> dict[str, str]:
    """Every feature map behind a stage."""
    stage = subject.stage(spec.stage)
    count, *size = stage.output_shape[1:]
    sheet, same = drawn(_map_sheet, subject, picture, stage.path)
    st.markdown(
        _("**Behind {stage}: {count} maps of {size} cells.**", stage=stage.name, count=count, size=_.shape(tuple(size)))
        + " "
        + (_.plural("{count} map is the same everywhere for this picture.",
                    "{count} maps are the same everywhere for this picture.", same) if same else "")
    )  # fmt: skip
    left, right = st.columns([1, 4], gap="small")
    left.image(encode_png(overlays.plain(picture, 224)), width=140, alt=_("The input: {name}.", name=name))
    shown = min(overlays.MOST, count)
    right.image(
        sheet,
        width="stretch",
        alt=_("{count} feature maps as tiles, bright where a filter answers to {name}.", count=shown, name=name),
    )
    if shown < count:
        st.caption(_("The first {shown} of {count}.", shown=shown, count=count))
    first, last = subject.stages[0].output_shape, subject.stages[-1].output_shape
    words = _("{count} maps of {size}")
    return {
        "first": words.format(count=first[1], size=_.shape(first[2:])),
        "last": words.format(count=last[1], size=_.shape(last[2:])),
    }


def _map_sheet(subject: Subject, picture: Any, stage: str) -> tuple[bytes, int]:
    """The first maps behind a stage as tiles, PNG, and how many of all are the same everywhere."""
    maps = inside.maps(subject.model, picture, stage)
    return encode_png(overlays.map_sheet(maps)), sum(1 for values in maps if values.max() == values.min())


def render_field(
    subject: Subject, picture: Any, name: str, spec: InsideLabSpec, _: Language, *, lab: Lab[InsideLabSpec]
) -> dict[str, str]:
    """What one cell can see and what it looks at; the hand on the map chooses the cell."""
    stage = subject.stage(spec.stage)
    found = drawn(_sight, subject, picture, stage.path, spec.down, spec.across)
    top, left, bottom, right = found.window
    st.markdown(
        _(
            "**Behind {stage} a cell sees {height}×{width} px** of {size}×{size}. Half of all influence comes from "
            "{half} of the {pixels} pixels that lie in the picture.",
            stage=stage.name,
            height=bottom - top,
            width=right - left,
            size=subject.spec.image_size,
            half=_.number(found.half),
            pixels=_.number(found.pixels),
        )
    )

    def choose(row: int, column: int) -> None:
        for field, share in zip(("down", "across"), inside.shares(stage, row, column), strict=True):
            st.session_state[lab.form.key(field)] = share

    cell_sight(
        stage,
        found,
        drawn(_overview, subject, picture, stage.path),
        overlays.plain(picture, subject.spec.image_size),
        overlays.over(picture, found.influence, strength=0.95),
        name,
        _,
        key="sight",
        view=f"{spec.network} {stage.path} {spec.picture} {spec.garment}",
        on_cell=choose,
    )
    return {}


def _sight(subject: Subject, picture: Any, stage: str, down: float, across: float) -> inside.Sight:
    return inside.sight(subject.model, picture, subject.stage(stage), down, across)


def _overview(subject: Subject, picture: Any, stage: str) -> Any:
    return overlays.overview(inside.maps(subject.model, picture, stage))


def render_cam(subject: Subject, picture: Any, name: str, spec: InsideLabSpec, _: Language) -> Numbers:
    """Grad-CAM for the predicted class and another one, in this network and before it learnt anything."""
    stage = subject.stage(spec.deep)
    classes = subject.classes(_)
    sure = drawn(_probabilities, subject, picture)
    order = sure.argsort()[::-1]
    best = ", ".join(
        f"{classes[label]} {_.percent(float(sure[label]))}" for label in order[:3] if sure[label] >= LITTLE
    )
    st.markdown(_("**The network says: {classes}.** It was shown: {name}.", classes=best, name=name))
    targets = (int(order[0]), int(spec.other))
    before = subject.untrained
    titles = (_("This network"), _("Before it learnt anything")) if subject.checkpoint else (_("This network"),)
    for target in dict.fromkeys(targets):
        st.markdown(f"**{classes[target]}**")
        with st.grid(3, min_column_width=90):  # beside one another on a phone, too
            st.image(encode_png(overlays.plain(picture, SIDE)), width="stretch", caption=_("The input"),
                     alt=_("The input: {name}.", name=name))  # fmt: skip
            for title, who in zip(titles, (subject, before), strict=False):
                found, glow = drawn(_evidence, who, picture, stage.path, target)
                largest = float(found.map.max())
                st.image(
                    glow,
                    width="stretch",
                    caption=f"{title}: {_.percent(found.probability)}"
                    + ("" if largest > 0 else " · " + _("nothing here speaks for it")),
                    alt=_("{title}: {probability} for {label}; brightest, where most speaks for it: {where}.",
                          title=title, probability=_.percent(found.probability), label=classes[target],
                          where=_where(found.map, _)),
                )  # fmt: skip
    st.caption(_("Behind {stage}, {size} cells.", stage=stage.name, size=_.shape(stage.output_shape[2:])))
    asked = min(ASKED, len(classes))
    return lambda: {"count": str(drawn(_any_evidence, before, picture, stage.path, asked)), "all": str(asked)}


def _probabilities(subject: Subject, picture: Any) -> Any:
    return inside.probabilities(subject.model, picture)


def _evidence(subject: Subject, picture: Any, stage: str, target: int) -> tuple[inside.Evidence, bytes]:
    """See `inside.grad_cam`; and the picture with the map over it, PNG."""
    found = inside.grad_cam(subject.model, picture, stage, target)
    largest = float(found.map.max())
    values = found.map / largest if largest > 0 else found.map
    return found, encode_png(overlays.enlarged(overlays.over(picture, values), SIDE))


def _any_evidence(subject: Subject, picture: Any, stage: str, asked: int) -> int:
    return inside.drawn(subject.model, picture, stage, asked)


def _where(values: Any, _: Language) -> str:
    """Where a map is brightest, in words."""
    if values.max() <= 0:
        return _("nowhere")
    row, column = divmod(int(values.argmax()), values.shape[1])
    rows = (_("above"), _("at half height"), _("below"))
    columns = (_("left"), _("in the middle"), _("right"))
    return f"{rows[min(2, row * 3 // values.shape[0])]}, {columns[min(2, column * 3 // values.shape[1])]}"


@once
def searches() -> Searches:
    """The searches through the test set, each made once for everybody."""
    return Searches()


def excited(subject: Subject) -> Found:
    """What excites the filters of a network, as far as the search has come; a new search finds its first pictures."""
    return searches().look(subject, lambda: Search(subject.model, subject.spec, subject.report.macs))


def render_filters(subject: Subject, picture: Any, name: str, spec: InsideLabSpec, _: Language) -> Numbers:
    """The nine test pictures that a filter answers to most, better and better while the search goes on."""
    if subject.published:
        st.info(_("The pictures that are searched are Fashion-MNIST's: choose a network that was trained on them."))
        return {"first": "–", "last": "–", "chance": "–"}
    done = searches().done(subject)
    watch(_render_strongest, subject, spec.stage, spec.channel, done, _, going=not done, shortest=TICK)

    def numbers() -> dict[str, str]:
        found, stages = excited(subject), subject.stages
        return {
            "first": _.percent(found.stages[stages[0].path].purity),
            "last": _.percent(found.stages[stages[-1].path].purity),
            "chance": _.percent(found.chance),
        }

    return numbers


@cache
def _nothing_yet() -> str:
    """What stands in the place of a picture that is being searched."""
    return png_uri(Image.new("L", (28, 28), 64), scale=5)


def _render_strongest(subject: Subject, stage_name: str, channel: int, done: bool, _: Language) -> None:
    stage = subject.stage(stage_name)
    channel = min(channel, stage.output_shape[1])
    sheet = None
    if not searches().begun(subject):  # its first pictures take a moment, in which the click is answered already
        sheet = Sheet()
        sheet.draw(
            _("**Filter {channel} of {channels} behind {stage}**: the search through the test set begins.",
              channel=channel, channels=stage.output_shape[1], stage=stage.name),
            [(_nothing_yet(), "…", _("Not searched yet."))] * STRONGEST,
            _state(0, len(fashion_mnist("test").labels), _),
        )  # fmt: skip
    found = excited(subject)
    if found.done and not done:
        st.rerun()  # the answer below has figures, too
    strongest = found.stages[stage.path]
    numbers = [int(number) for number in strongest.strongest[channel - 1]]
    labels = [_(CLASS_NAMES[int(fashion_mnist("test").labels[number])]) for number in numbers]
    often = max(labels, key=labels.count)
    (sheet or Sheet()).draw(
        _(
            "**Filter {channel} of {channels} behind {stage}**: {count} of its {all} strongest pictures are of the "
            "class {label}.",
            channel=channel,
            channels=len(strongest.strongest),
            stage=stage.name,
            count=labels.count(often),
            all=len(labels),
            label=often,
        ),
        [
            (
                png_uri(garment(number), scale=5),
                f"{label} · {_.significant(float(answer), 2)}",
                _("Test picture {number}: {label}.", number=number, label=label),
            )
            for number, label, answer in zip(numbers, labels, strongest.answers[channel - 1], strict=True)
        ],
        _state(found.pictures, found.of, _),
    )


def _state(pictures: int, of: int, _: Language) -> str:
    """How far a search has come."""
    if pictures == of:
        return _("Searched: all {count} pictures of the test set.", count=_.number(of))
    return _("Searched so far: {count} of the {all} pictures of the test set.",
             count=_.number(pictures), all=_.number(of))  # fmt: skip


class Sheet:
    """Pictures between a sentence and a caption, each changed in its place when they are drawn again.

    What `st.empty` holds would vanish for a moment with each look; what an element returns changes it as it stands.
    The pictures come with the page: a file would often be gone before a slow browser asks for it.
    """

    def __init__(self) -> None:
        self._words = self._state = None
        self._tiles: list[Any] = []

    def draw(self, words: str, pictures: Sequence[tuple[str, str, str]], state: str) -> None:
        """Draw it.

        Args:
            words: above.
            pictures: (data URI, caption, what is seen) of each; as many every time.
            state: below.
        """
        self._words = (self._words or st).markdown(words)
        with nullcontext() if self._tiles else st.grid(5, min_column_width=100):
            places = self._tiles or [st] * len(pictures)
            self._tiles = [
                place.image(picture, width="stretch", caption=caption, alt=alt)
                for place, (picture, caption, alt) in zip(places, pictures, strict=True)
            ]
        self._state = (self._state or st).caption(state)
