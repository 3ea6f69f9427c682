"""The pages: one registry for the navigation, the links between pages and the tests.

`url_path` never changes and is never translated, since links are kept and shared. Page scripts sit one folder deeper
than `pages/`, so that Streamlit does not take them for its own multipage scheme.
"""

from collections.abc import Collection, Mapping
from copy import copy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

import streamlit as st

from cnnviz.language import N_, Language
from cnnviz.ui.reader import link_parameters

PAGES: Final = Path(__file__).resolve().parents[2] / "pages"


@dataclass(frozen=True, slots=True)
class Place:
    """A page: its script below `pages/`, its address, its title and section (English messages) and its icon.

    Pages without a section stand in the navigation themselves; those of a section stand behind its title.
    """

    script: str
    url_path: str
    title: str
    icon: str
    help: str
    section: str = ""

    @property
    def path(self) -> Path:
        """The script's file."""
        return PAGES / self.script


NETWORKS: Final = N_("Networks")
AFTERWARDS: Final = N_("Runs")
LABS: Final = N_("Labs")

HOME: Final = Place("learn/home.py", "home", N_("Home"), ":material/timeline:", N_("The networks from 1998 to 2016."))
ARCHITECTURE: Final = Place(
    "explore/architecture.py",
    "architecture",
    N_("Architecture"),
    ":material/account_tree:",
    N_("Take a network apart: every layer with its shape, its parameters and its cost."),
    NETWORKS,
)
COMPARE: Final = Place(
    "explore/compare.py",
    "compare",
    N_("Compare"),
    ":material/compare:",
    N_("Two to four networks side by side."),
    NETWORKS,
)
BLOCKS: Final = Place(
    "explore/blocks.py",
    "blocks",
    N_("Blocks"),
    ":material/widgets:",
    N_("Each block on its own: its shapes and its cost against what it replaced."),
    NETWORKS,
)
AUGMENTATION: Final = Place(
    "explore/augmentation.py",
    "augmentation",
    N_("Augmentation"),
    ":material/auto_awesome_motion:",
    N_("Change a picture at random and watch what the network would see."),
)
TRAINING: Final = Place(
    "train/training.py",
    "training",
    N_("Training"),
    ":material/show_chart:",
    N_("Train a network on Fashion-MNIST and watch the curves grow."),
)
RUNS: Final = Place(
    "train/runs.py",
    "runs",
    N_("Compare runs"),
    ":material/stacked_line_chart:",
    N_("Lay the curves of several runs over one another and see what made the difference."),
    AFTERWARDS,
)
RACE: Final = Place(
    "train/race.py",
    "race",
    N_("Race"),
    ":material/flag:",
    N_("Two to four networks under the same budget, in turn on one device: predict who wins, then watch."),
    AFTERWARDS,
)
SWEEP: Final = Place(
    "train/sweep.py",
    "sweep",
    N_("Sweep"),
    ":material/grid_view:",
    N_("Learning rate against batch size, a run for each pair: which one learns most, and where does it break?"),
    AFTERWARDS,
)
RESULTS: Final = Place(
    "train/results.py",
    "results",
    N_("Results"),
    ":material/grid_on:",
    N_("What a trained network gets right and wrong, class by class, and how it came to see it."),
    AFTERWARDS,
)
CLASSROOM: Final = Place(
    "train/classroom.py",
    "class",
    N_("Class"),
    ":material/groups:",
    N_("Join the class with a nickname, and see whose run makes the most of its second."),
)
BATCH_NORM: Final = Place(
    "labs/batch_norm.py",
    "batch-norm",
    N_("Batch norm"),
    ":material/equalizer:",
    N_("What is averaged, the two modes, and the race with and without."),
    LABS,
)
ACTIVATIONS: Final = Place(
    "labs/activations.py",
    "activations",
    N_("Activations"),
    ":material/ssid_chart:",
    N_("Functions and their slopes, and what depth makes of a gradient."),
    LABS,
)
KERNEL: Final = Place(
    "labs/kernel.py",
    "kernel",
    N_("Kernel"),
    ":material/grid_on:",
    N_("One convolution by hand, and the filters that training found."),
    LABS,
)
RESIDUAL: Final = Place(
    "labs/residual.py",
    "residual",
    N_("Residual"),
    ":material/call_merge:",
    N_("Nested classes, a block that does nothing, gradients in depth, and the race."),
    LABS,
)
INCEPTION: Final = Place(
    "labs/inception.py",
    "inception",
    N_("Inception and 1×1"),
    ":material/alt_route:",
    N_("Branches side by side, and a convolution of a single pixel."),
    LABS,
)
RESNEXT: Final = Place(
    "labs/resnext.py",
    "resnext",
    N_("ResNeXt"),
    ":material/view_module:",
    N_("A convolution split into groups: what it saves, and what the savings buy."),
    LABS,
)
DENSE: Final = Place(
    "labs/dense.py",
    "dense",
    N_("Dense"),
    ":material/stairs:",
    N_("Putting behind instead of adding: channels, terms and memory."),
    LABS,
)
INSIDE: Final = Place(
    "labs/inside.py",
    "inside",
    N_("Look inside"),
    ":material/biotech:",
    N_("Feature maps, receptive fields, Grad-CAM and filters of a network of your own."),
    LABS,
)
BY_HAND: Final = Place(
    "labs/by_hand.py",
    "by-hand",
    N_("Before 2012"),
    ":material/back_hand:",
    N_("Features by hand: key points, visual words and a linear classifier, beside a LeNet."),
    LABS,
)
EXERCISES: Final = Place(
    "labs/exercises.py",
    "exercises",
    N_("Exercises"),
    ":material/assignment:",
    N_("What the chapter asks a class to try, ready to begin."),
    LABS,
)
PLACES: Final = (
    HOME,
    ARCHITECTURE,
    BLOCKS,
    COMPARE,
    AUGMENTATION,
    TRAINING,
    RUNS,
    RACE,
    SWEEP,
    RESULTS,
    CLASSROOM,
    KERNEL,
    ACTIVATIONS,
    INCEPTION,
    BATCH_NORM,
    RESIDUAL,
    RESNEXT,
    DENSE,
    INSIDE,
    BY_HAND,
    EXERCISES,
)


def place_at(url_path: str) -> Place:
    """The page at an address.

    Raises:
        KeyError: if there is none.
    """
    return {place.url_path: place for place in PLACES}[url_path]


def navigation_pages(_: Language, hidden: Collection[Place] = ()) -> dict[str, list[st.Page]]:
    """The pages by section as `st.navigation` takes them, titles in the reader's language.

    Args:
        _: the reader's language.
        hidden: pages that a link reaches and the menu leaves out.
    """
    sections: dict[str, list[st.Page]] = {}
    for place, page in zip(PLACES, _pages(_, frozenset(hidden)), strict=True):
        # A copy: running one marks it, and these are everybody's.
        sections.setdefault(_(place.section) if place.section else "", []).append(copy(page))
    return sections


@cache
def _pages(_: Language, hidden: frozenset[Place]) -> tuple[st.Page, ...]:
    """The pages in order, made once: Streamlit looks for each one's file anew, in all a tenth of a page's run."""
    return tuple(
        st.Page(
            place.path,
            title=_(place.title),
            icon=place.icon,
            url_path=place.url_path,
            default=place is HOME,
            help=_(place.help),
            visibility="hidden" if place in hidden else "visible",
        )
        for place in PLACES
    )


def page_link(
    place: Place,
    label: str,
    chosen: Mapping[str, object] = MappingProxyType({}),
    /,
    *,
    icon: str | None = None,
    width: str = "content",
    **parameters: object,
) -> None:
    """A link to another page that keeps the reader's language and carries what is chosen.

    Args:
        place: the page.
        label: what the link says.
        chosen: parameters of the link by whatever names they have: a network has a width, too.
        icon: in place of the page's own.
        width: of the link on the page, as in `st.page_link`.
        **parameters: more of the link.
    """
    st.page_link(
        place.path,
        label=label,
        icon=icon or place.icon,
        width=width,  # type: ignore[arg-type]
        query_params=link_parameters(**{**chosen, **parameters}),
    )
