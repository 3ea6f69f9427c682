"""Look inside: feature maps, what a cell sees, what speaks for a class, and what excites a filter."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from cnnviz.data import CLASS_NAMES
from cnnviz.language import N_, Language
from cnnviz.specs.labs.inside import VIEWS, InsideLabSpec
from cnnviz.ui import inside
from cnnviz.ui.lab import Lab
from cnnviz.ui.places import INSIDE, TRAINING, page_link
from cnnviz.ui.reader import reader

_ = reader()
lab = Lab(
    INSIDE,
    N_("Look inside"),
    N_("What a network that you trained has made of its pictures, layer by layer."),
    InsideLabSpec,
    VIEWS,
    {
        "network": lambda _values: inside.networks(st.query_params.get("network", ""), _),
        "stage": lambda values: {row.path: row.path for row in inside.subject_of(values["network"]).stages},
        "other": lambda _values: {str(label): _(name) for label, name in enumerate(CLASS_NAMES)},
    },
)


def view(render: Callable[..., dict[str, str]]) -> Callable[[InsideLabSpec, Language], dict[str, str]]:
    """What the lab calls for a view: the network and its picture are made ready first."""

    def show(spec: InsideLabSpec, _: Language) -> dict[str, str]:
        subject = inside.subject_of(spec.network)
        picture, name = inside.picture_of(spec, subject, lab.hand, _)
        numbers = render(subject, picture, name, spec, _)
        if not subject.checkpoint:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.caption(_("This network has learnt nothing yet. Train one, come back, and choose it here."))
                page_link(TRAINING, _("Train it"), net=subject.spec.key)
        return numbers

    return show


views: dict[str, Any] = {
    "maps": view(inside.render_maps),
    "field": view(inside.render_field),
    "cam": view(inside.render_cam),
    "filters": view(inside.render_filters),
}
lab.show(views)
