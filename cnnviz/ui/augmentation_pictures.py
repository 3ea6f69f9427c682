"""Which picture is augmented: the cat, a garment, or a picture of one's own, which stays in the session.

A picture of one's own is decoded once, and kept small; one that cannot be read is a sentence, and the last good one
stays. It does not travel with a link.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st
from PIL import Image

from cnnviz import data
from cnnviz.data import CLASS_NAMES, decode_image, fashion_mnist, garment
from cnnviz.errors import CnnvizError
from cnnviz.language import N_, Language
from cnnviz.ui.fields import SpecForm

SOURCES: Final = {"cat": N_("Cat"), "garment": N_("Garment"), "upload": N_("Upload"), "camera": N_("Camera")}
_OWN: Final = "own "
_STATE: Final = "augmentation.own picture"


@dataclass(frozen=True, slots=True)
class Picture:
    """What is augmented.

    Attributes:
        id: tells pictures apart in caches.
        image: grey or RGB, at most 512 px.
        alt: what a draw of it shows, with `{words}` for what was drawn.
        name: what it is, in the reader's language.
        garment: the number of the test image, if it is one.
    """

    id: str
    image: Image.Image
    alt: str
    name: str
    garment: int | None = None

    @property
    def public(self) -> bool:
        """Whether every visitor may see it."""
        return not self.id.startswith(_OWN)


def render_picture(source: str, form: SpecForm, _: Language) -> Picture:
    """Draw what the chosen source needs (a number, a file, a camera), and return its picture.

    Args:
        source: a key of `SOURCES`.
        form: of a `GridSpec`, for the garment's number.
        _: the reader's language.
    """
    if source == "garment":
        with st.container(horizontal=True, vertical_alignment="bottom"):
            with st.container(width=230):
                form.draw(["garment"])
            chosen = _garment(form.values["garment"], _)
            st.markdown(f"**{chosen.name}**")
        return chosen
    form.hold(["garment"])
    if source == "cat":
        return Picture("cat", data.cat(), _("The cat: {words}", words="{words}"), _("cat"))
    given = _ask(source, _)
    state: dict[str, Any] = st.session_state.setdefault(_STATE, {})
    if given is not None and given.file_id != state.get("file"):
        _take(given.getvalue(), state)
        state["file"] = given.file_id
    if state.get("error"):
        st.error(_.error(state["error"]), icon=":material/error:")
    if "image" not in state:
        st.caption(_("Until there is one, the cat stands in."))
        return Picture("cat", data.cat(), _("The cat: {words}", words="{words}"), _("cat"))
    return Picture(
        state["id"], state["image"], _("Your own picture: {words}", words="{words}"), _("a picture of your own")
    )


def _garment(number: int, _: Language) -> Picture:
    try:
        image = garment(number)
    except CnnvizError:  # a number that the field refuses already
        number, image = 0, garment(0)
    name = _(CLASS_NAMES[fashion_mnist("test").labels[number]])
    return Picture(
        f"garment {number}", image, _("A garment ({name}): {words}", name=name, words="{words}"), name, number
    )


def _ask(source: str, _: Language) -> Any:
    """The file that a person gives now, or None."""
    if source == "camera":
        return st.camera_input(
            _("Take a picture"), width=300, key="augmentation.camera",
            help=_("It stays on this server's memory for this visit. A browser gives its camera to https pages only."),
        )  # fmt: skip
    return st.file_uploader(
        _("A picture of your own: JPEG, PNG or WebP, up to 10 MB and 25 megapixels"),
        type=["jpg", "jpeg", "png", "webp"], key="augmentation.upload", max_upload_size=10,
        help=_("It is made small, and forgotten when this visit ends; place and date in it are thrown away at once."),
    )  # fmt: skip


def _take(sent: bytes, state: dict[str, Any]) -> None:
    """Decode a picture; the last good one stays where it cannot be read."""
    try:
        image = decode_image(sent)
    except CnnvizError as error:
        state["error"] = error
        return
    digest = hashlib.blake2b(image.tobytes() + repr(image.size).encode(), digest_size=12).hexdigest()
    state.update(image=image, id=f"{_OWN}{digest}", error=None)
