"""What the lab that looks inside looks at: the networks that there are, their weights, and a picture for them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from cnnviz.architectures import architecture
from cnnviz.data import CLASS_NAMES, cat, decode_image, fashion_mnist, garment
from cnnviz.errors import CnnvizError
from cnnviz.insight import inside, published
from cnnviz.language import Language
from cnnviz.rows import LayerRow, Report
from cnnviz.specs.architectures import ArchitectureSpec
from cnnviz.specs.labs.inside import UNTRAINED, InsideLabSpec
from cnnviz.training import RunRecord
from cnnviz.training.history import BEST, LAST
from cnnviz.ui.choosing_runs import still_there, trained_runs
from cnnviz.ui.engine import engine
from cnnviz.ui.overlay import option_text
from cnnviz.ui.sight import seen_run

if TYPE_CHECKING:
    from torch import nn

RUNS: Final = 20


@dataclass(frozen=True, slots=True)
class Subject:
    """A network to look into.

    Attributes:
        spec: how it takes pictures.
        checkpoint: the file with its weights; "" if it has learnt nothing.
        written: when that file was written, so that newer weights are read anew.
        published: torchvision's name if the weights are published ones, else "".
    """

    spec: ArchitectureSpec
    checkpoint: str = ""
    written: float = 0.0
    published: str = ""

    @property
    def report(self) -> Report:
        """It taken apart."""
        return _published_report(self.published) if self.published else _report(self.spec)

    @property
    def untrained(self) -> "Subject":
        """The same network before it learnt anything."""
        return Subject(self.spec, published=self.published)

    def classes(self, _: Language) -> tuple[str, ...]:
        """What its classes are called; ImageNet's have English names only."""
        return _imagenet(self.published) if self.published else tuple(_(name) for name in CLASS_NAMES)

    @property
    def stages(self) -> tuple[LayerRow, ...]:
        """Behind which there are maps."""
        return inside.map_stages(self.report)

    def stage(self, name: str) -> LayerRow:
        """The stage of a name, or the last one."""
        return next((row for row in self.stages if row.path == name), self.stages[-1])

    @property
    def model(self) -> "nn.Module":
        """The network, shared and never changed."""
        return _model(self)


@st.cache_resource(max_entries=6, show_spinner=False)
def _model(subject: Subject) -> "nn.Module":
    file = Path(subject.checkpoint)
    if subject.published:
        name = subject.published
        return published.published(name, file) if subject.checkpoint else published.untrained(name)
    return inside.trained(subject.spec, file) if subject.checkpoint else inside.untrained(subject.spec)


@st.cache_resource(max_entries=32, show_spinner=False)
def _report(spec: ArchitectureSpec) -> Report:
    return inside.report_of(spec)


@st.cache_resource(max_entries=len(published.CHAINS), show_spinner=False)
def _published_report(name: str) -> Report:
    return published.report(name)


@st.cache_resource(max_entries=len(published.CHAINS), show_spinner=False)
def _imagenet(name: str) -> tuple[str, ...]:
    return published.class_names(name)


def _checkpoint(record: RunRecord) -> Path | None:
    """The best weights that are still there, of a network that can be looked into."""
    folder = engine().store.run_folder(record.id)
    return next((folder / name for name in (BEST, LAST) if (folder / name).exists()), None)


def networks(asked: str, _: Language) -> dict[str, str]:
    """What can be looked into: one's own runs, then everybody's, the run of a link, then networks without training."""
    kind, _separator, run_id = asked.partition(":")
    records = trained_runs(RUNS)
    if kind == "run":
        records |= {record.id: record for record in still_there([run_id])}
    found = {
        f"run:{record.id}": option_text(record, _)
        for record in records.values()
        if _can_be_looked_into(record.config.architecture) and _checkpoint(record)
    }
    for name in published.available():
        found[f"imagenet:{name}"] = _("{title}, trained on ImageNet", title=_title(name))
    for key in UNTRAINED:
        found[f"untrained:{key}"] = _("{title}, untrained", title=_(architecture(key).title))
    return found


def _can_be_looked_into(spec: ArchitectureSpec) -> bool:
    return spec.family != "torchvision" or published.has_chain(spec)


def _title(name: str) -> str:
    """How torchvision's network is called."""
    return architecture(f"torchvision/{name}").title


def subject_of(network: str) -> Subject:
    """The network that a value of the field means."""
    kind, _separator, name = network.partition(":")
    if kind == "run":
        record = seen_run(name)
        path = _checkpoint(record)
        if path is not None:
            return Subject(record.config.architecture, str(path), path.stat().st_mtime)
        return Subject(record.config.architecture)
    if kind == "imagenet":
        file = published.available().get(name)
        if file is not None:
            return Subject(published.spec_of(name), str(file), file.stat().st_mtime, name)
        name = UNTRAINED[0]
    return Subject(architecture(name or UNTRAINED[0]).spec())


def picture_of(spec: InsideLabSpec, subject: Subject, place: Any, _: Language) -> tuple[Any, str]:
    """The chosen picture as the network takes it, and what it is called; an upload is asked for at `place`."""
    if spec.picture == "upload":
        file = place.file_uploader(_("A picture of your own"), type=["png", "jpg", "jpeg", "webp"], key="inside upload")
        if file is not None:
            try:
                return inside.prepared(decode_image(file.getvalue()), subject.spec), _("your picture")
            except ValueError as error:
                place.error(_.error(error) if isinstance(error, CnnvizError) else str(error), icon=":material/error:")
    if spec.picture == "cat":
        return inside.prepared(cat(), subject.spec), _("the cat")
    label = CLASS_NAMES[int(fashion_mnist("test").labels[spec.garment])]
    return inside.prepared(garment(spec.garment), subject.spec), _(label)


def options(_: Language) -> dict[str, Callable[[Mapping[str, Any]], dict[str, str]]]:
    """The choices that are only known now, for the lab's frame."""
    return {
        "network": lambda _values: networks(st.query_params.get("network", ""), _),
        "stage": lambda values: {row.path: row.path for row in subject_of(values["network"]).stages},
        "deep": lambda values: {row.path: row.path for row in reversed(subject_of(values["network"]).stages)},
        "other": lambda values: {
            str(label): name for label, name in enumerate(subject_of(values["network"]).classes(_))
        },
    }
