"""An exercise's links in words: the page, and what is set there, in the reader's language."""

from collections.abc import Callable, Mapping
from typing import Any, Final, get_origin

from cnnviz.architectures import architecture
from cnnviz.language import Language
from cnnviz.specs.augmentation import CHAPTER_PIPELINES
from cnnviz.specs.block_catalog import block
from cnnviz.specs.comparison import contender
from cnnviz.specs.exercises import GARMENTS, RECORDED, Target
from cnnviz.specs.grid import GridSpec
from cnnviz.specs.lab import View
from cnnviz.specs.labs import batch_norm, dense, kernel, residual
from cnnviz.specs.labs.inside import InsideLabSpec
from cnnviz.specs.sweep import SweepSpec
from cnnviz.specs.training import TrainingConfig
from cnnviz.ui.fields import choice_label
from cnnviz.ui.network import BatchSpec
from cnnviz.ui.places import place_at
from cnnviz.ui.steps import LAB_VIEWS

_VIEWS: Final[Mapping[str, Mapping[str, View]]] = {place.url_path: views for place, views in LAB_VIEWS.items()}
_SPECS: Final[Mapping[str, tuple[Any, ...]]] = {
    "training": (TrainingConfig,),
    "architecture": (BatchSpec,),
    "augmentation": (GridSpec,),
    "batch-norm": (batch_norm.BatchNormSpec,),
    "dense": (dense.DenseLabSpec,),
    "inside": (InsideLabSpec,),
    "kernel": (kernel.KernelSpec,),
    "residual": (residual.ResidualLabSpec,),
    "sweep": (SweepSpec, TrainingConfig),
}


def target_words(target: Target, _: Language) -> tuple[str, str]:
    """Where a link leads, and what is set there: ("Training: LeNet-5", "Pooling: Maximum")."""
    place = _(place_at(target.url_path).title)
    parts = {name: _part(target, name, text, _) for name, text in target.parameters.items()}
    network = parts.pop("net", "")
    return f"{place}: {network}" if network else place, ", ".join(parts.values())


def _part(target: Target, name: str, text: str, _: Language) -> str:
    """One parameter of a link in words."""
    net = target.parameters.get("net", "")
    named: Mapping[str, Callable[[], str]] = {
        "net": lambda: _(architecture(text).title),
        "networks": lambda: _compared(text, _),
        "variant": lambda: contender(f"{net}~{text}").title(_).partition(" · ")[2],
        "block": lambda: _(block(text).title),
        "view": lambda: _(_VIEWS[target.url_path][text].title),
        "memory": lambda: _("Memory to train and to predict"),
        "run": lambda: _(architecture(RECORDED[text]).title),
        "network": lambda: _(architecture(RECORDED[text.removeprefix("run:")]).title),
        "augmentation": lambda: _(CHAPTER_PIPELINES[text].title),
        "garment": lambda: _(GARMENTS[text]),
    }
    if target.url_path == "augmentation":
        named = {**named, "chain": lambda: _(CHAPTER_PIPELINES[text].title)}
    return named[name]() if name in named else _setting(target, name.rpartition(".")[2], text, _)


def _compared(text: str, _: Language) -> str:
    """Networks beside one another; a variant that follows its own network is called by what differs."""
    titles: list[str] = []
    before = ""
    for key in text.split(","):
        network = key.partition("~")[0]
        title = contender(key).title(_)
        titles.append(title.partition(" · ")[2] if network == before else title)
        before = network
    return " / ".join(titles)


def _setting(target: Target, field: str, text: str, _: Language) -> str:
    """A field of one of the page's specs: its label and its value."""
    net, kind = target.parameters.get("net"), target.parameters.get("block")
    specs = [*_SPECS.get(target.url_path, ()), *([architecture(net).spec_type] if net else [])]
    specs += [block(kind).spec_type] if kind else []
    found = next(spec.model_fields[field] for spec in specs if field in spec.model_fields)
    return f"{_(found.title)}: {_value(found.annotation, text, _)}"


def _value(annotation: Any, text: str, _: Language) -> str:
    if annotation is bool:
        return _("yes") if text == "1" else _("no")
    if get_origin(annotation) is tuple:
        return " / ".join(_.number(float(part)) for part in text.split(","))
    return _.number(float(text)) if annotation in (int, float) else choice_label(text, _)
