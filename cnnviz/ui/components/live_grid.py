"""Augmented draws that follow the sliders: drawn in the browser while a thumb moves, by torchvision when it lets go.

`st.slider` reports only on release, so the sliders are the component's own. The browser gets the picture and the unit
random numbers of every draw once; moving a slider moves each picture along its own draw, and nothing is asked of the
server. On release torchvision's pictures take the place of those on the screen: for the cat and the garments they come
from `grid_answers` at once, and the page, which gets the chain as plain data, follows; for a picture of one's own the
page computes them. A chain with an operation that a browser cannot draw honestly is asked of the
server while the thumb moves, at most every 80 ms and one question at a time.

    chain = live_chain("live", start)      # the browser's chain, or `start` where that has changed
    pictures = cached(chain, count, seed)  # calls `draw_live`; for everybody who sees the same
    live_grid(chain, pictures, image=cat(), key="live", labels=live_labels(_), alt=_("The cat: {words}"), language=_)

In exact mode the sliders are the values themselves, and there is one picture:

    chain, values = live_chain("live", start), live_values("live")
    live_grid(chain, draw_live(chain, cat(), exact=values), exact=values, image=cat(), …)

Settings are plain data, validated here: whatever a browser sends that is no chain is ignored.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import streamlit as st
from PIL import Image
from starlette.routing import Route

from cnnviz.data.encoding import encode_png
from cnnviz.errors import CnnvizError
from cnnviz.language import Language
from cnnviz.specs.augmentation import MAX_OPERATIONS, PipelineSpec
from cnnviz.ui.components.assets import ServedScripts
from cnnviz.ui.components.curve_wire import encode
from cnnviz.ui.components.grid_answers import sheet_of, words_of
from cnnviz.ui.components.grid_chain import chain_of, numbers_of
from cnnviz.ui.components.grid_fields import card_words, fields_of, menu_of, parameters_of
from cnnviz.ui.components.live_pictures import LivePictures, Values

_SCRIPTS: Final = ServedScripts(
    Path(__file__).parent / "grid",
    ("cards.js", "drag.js", "engine.js", "maps.js", "operations.js", "plan.js", "rounding.js", "shaders.js", "wire.js"),
)


def grid_routes() -> list[Route]:
    """The routes that serve this component's JavaScript and style sheet."""
    return _SCRIPTS.routes()


_MOUNT: Final = st.components.v2.component(
    "cnnviz_live_grid",
    html='<div class="live-grid" role="group" style="min-height:20rem"></div>',
    js=_SCRIPTS.loader(),
)


def live_labels(_: Language) -> dict[str, str]:
    """The words of the component itself, in the reader's language."""
    return {
        "title": _("Augmented pictures"),
        "smallest": _("smallest"),
        "largest": _("largest"),
        "up": _("Move up: {title}"),
        "down": _("Move down: {title}"),
        "remove": _("Remove: {title}"),
        "about": _("What it teaches, when it harms: {title}"),
        "teaches": _("It teaches:"),
        "harms": _("It harms:"),
        "add": _("Another operation"),
        "add_button": _("Add"),
        "added": _("{title} is added as step {place}."),
        "original": _("Original"),
        "moved": _("{title} is now step {place} of {count}."),
        "removed": _("{title} is removed."),
        "empty": _("No operation yet: every picture is the original."),
        "by_server": _("One of these operations is computed on the server, so the pictures follow a little later."),
        "no_webgl": _("This browser cannot draw while the slider moves (no WebGL2): the pictures change on release."),
        "unchanged": _("unchanged"),
        "mirrored": _("mirrored"),
        "not_mirrored": _("not mirrored"),
        "upside_down": _("upside down"),
        "upright": _("upright"),
        "crop": _("crop {area}, ratio {ratio}"),
        "brightness": _("brightness ×{factor}"),
        "contrast": _("contrast ×{factor}"),
        "saturation": _("saturation ×{factor}"),
        "hue": _("hue {degrees}°"),
        "locale": _.code,
    }


def live_chain(key: str, start: PipelineSpec, exact: Values | None = None) -> PipelineSpec:
    """The chain as the browser shows it now, or `start`: whoever changed it last.

    Call it before the pictures are computed, in the same fragment as `live_grid`.

    Args:
        key: the component's key.
        start: the chain that the page wants (a preset, a link, an operation added). Passing the result of the last
            call is no change.
        exact: numbers set by hand that the page wants with it, in the run that brings them; they overrule the browser.
    """
    memory = _memory(key)
    digest = _digest(_plain(start))
    if exact is not None or memory.get("start") != digest:
        memory["start"] = digest
        if exact is not None or _digest(memory.get("chain")) != digest:
            numbers = _carried(memory, start) if exact is None else exact
            numbers = numbers_of(start, numbers)
            memory.update(version=memory.get("version", 0) + 1, chain=_plain(start), exact=numbers, edits=0)
    state = st.session_state.get(key)
    asked = state.get("chain") if state else None
    if isinstance(asked, Mapping) and asked.get("version") == _version(memory) and asked != memory.get("asked"):
        memory["asked"] = asked
        try:
            chain, exact = chain_of(asked["operations"])
            memory.update(chain=_plain(chain), exact=exact, edits=int(asked["edits"]))
            if isinstance(asked.get("sheet"), str):  # what it has from `grid_answers` need not be sent again
                memory.setdefault("sent", {})["sheet"] = asked["sheet"]
        except (CnnvizError, KeyError, OverflowError, TypeError, ValueError):
            pass  # forged; the last good chain stays
    return PipelineSpec.parse({"operations": memory["chain"]})


def overrule(key: str) -> None:
    """The next `live_chain` takes its start, even one that it has had before; else whoever changed the chain last."""
    _memory(key).pop("start", None)


def live_values(key: str) -> tuple[dict[str, float], ...]:
    """The numbers set by hand for each operation of what `live_chain` has returned, all of them within their bounds."""
    return tuple(_memory(key).get("exact", ()))


def _carried(memory: Mapping[str, Any], start: PipelineSpec) -> list[dict[str, float]]:
    """The numbers set by hand that another chain keeps: those of the same kind, first with first."""
    left = [
        (plain["kind"], values) for plain, values in zip(memory.get("chain", ()), memory.get("exact", ()), strict=True)
    ]
    carried = []
    for operation in start.operations:
        place = next((place for place, (kind, _values) in enumerate(left) if kind == operation.kind), None)
        carried.append({} if place is None else left.pop(place)[1])
    return carried


def live_grid(
    chain: PipelineSpec,
    pictures: LivePictures,
    *,
    image: Image.Image,
    key: str,
    labels: Mapping[str, str],
    alt: str,
    language: Language,
    exact: Values | None = None,
    show_values: bool = False,
    show_original: bool = False,
    problem: str = "",
    public: str = "",
) -> None:
    """Draw the cards of a chain and the pictures that follow them. `app.py` must serve `component_routes()`.

    Args:
        chain: what `live_chain` has returned.
        pictures: what `draw_live` made of it.
        image: the same picture as for `draw_live`; it is sent once.
        key: the component's key.
        labels: the component's own words, from `live_labels`.
        alt: what each picture shows, with `{words}` for what was drawn: "The cat: {words}".
        language: the reader's, for the cards and for what was drawn.
        exact: the numbers of `live_values` in exact mode, None in random mode.
        show_values: whether what was drawn stands on each picture.
        show_original: whether the picture as it is stands before the others.
        public: the name under which `grid_answers` knows the picture, "cat" or "garment 17"; "" where only this session
            has it. With a name a release asks for its pictures there, and tells the page afterwards.
        problem: a sentence why the chain cannot be drawn; `pictures` are the last good ones then, of another chain.
    """
    memory = _memory(key)
    memory["mode"] = "random" if exact is None else "exact"
    sent: dict[str, str] = memory.setdefault("sent", {})
    source_id = hashlib.blake2b(image.tobytes() + repr((image.mode, image.size)).encode(), digest_size=8).hexdigest()
    blocks = {"units": pictures.units, "source": b"", "sheet": b""}
    if sent.get("source") != source_id:
        blocks["source"] = encode_png(image.convert("RGB"))
    if sent.get("sheet") != pictures.id:
        blocks["sheet"] = pictures.sheet
    sent.update(source=source_id, sheet=pictures.id)
    fields = fields_of if exact is None else parameters_of
    header = {
        "version": _version(memory),
        "edits": memory.get("edits", 0),
        "count": len(pictures.drawn),
        "values": show_values,
        "original": show_original,
        "menu": menu_of(language),
        "limit": MAX_OPERATIONS,
        "problem": problem,
        "labels": {**labels, "alt": alt},
        "operations": _entries(chain, exact),
        "titles": {operation.kind: card_words(operation, language) for operation in chain.operations},
        "fields": {operation.kind: fields(operation, language) for operation in chain.operations},
        "drawn": words_of(pictures, language),
        "source": {"id": source_id, "width": pictures.source[0], "height": pictures.source[1]},
        "sheet": sheet_of(pictures),
        "question": _question(public, pictures, exact, language),
        "slots": pictures.slots,
        "perDraw": len(pictures.units) // (8 * max(len(pictures.slots), 1) * len(pictures.drawn)),
        "blocks": {name: len(block) for name, block in blocks.items()},
    }
    _MOUNT(
        key=key,
        data=encode(header, [np.frombuffer(block, np.uint8) for block in blocks.values() if block]),
        on_chain_change=_nothing,
        on_need_change=sent.clear,
    )


def _nothing() -> None:
    """A state only appears in a component's result where a callback names it."""


def _question(public: str, pictures: LivePictures, exact: Values | None, _: Language) -> dict[str, Any] | None:
    """What a release asks `grid_answers`, but for the chain; None where only the page can answer."""
    if not public:
        return None
    count, seed = len(pictures.drawn), pictures.seed
    return {"picture": public, "count": count, "seed": seed, "exact": exact is not None, "language": _.code}


def _entries(chain: PipelineSpec, exact: Values | None) -> list[dict[str, Any]]:
    """The chain as the browser keeps it; in exact mode each operation with a number for each parameter."""
    numbers = numbers_of(chain, exact) if exact is not None else ()
    entries = []
    for place, (operation, plain) in enumerate(zip(chain.operations, _plain(chain), strict=True)):
        settings = {name: value for name, value in plain.items() if name not in ("kind", "enabled")}
        entry = {"kind": operation.kind, "enabled": operation.enabled, "settings": settings}
        if exact is not None:
            entry["exact"] = numbers[place]
        entries.append(entry)
    return entries


def _plain(chain: PipelineSpec) -> Sequence[Mapping[str, Any]]:
    plain: Sequence[Mapping[str, Any]] = chain.model_dump(mode="json")["operations"]
    return plain


def _memory(key: str) -> dict[str, Any]:
    """What the session remembers of a component: its chain, and what its browser has been sent."""
    memory: dict[str, Any] = st.session_state.setdefault(f"{key}:live", {})
    return memory


def _version(memory: Mapping[str, Any]) -> str:
    """Changes with everything that overrules the browser."""
    return f"{memory.get('version', 1)} {memory.get('mode', 'random')}"


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
