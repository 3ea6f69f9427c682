"""The run card: everything that made a run what it is, as rows for a page and as Markdown or JSON to hand on.

It is written from the settings and from what `Started` recorded, never from what this machine would choose today, so a
card says the same wherever it is read. Torch is not needed.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cnnviz.language import N_, Language
from cnnviz.specs.base import Spec
from cnnviz.specs.catalog import architecture
from cnnviz.specs.training import TrainingConfig

if TYPE_CHECKING:
    from cnnviz.training.records import RunRecord

CARD_VERSION: Final = 1
TRAINING_PASSES: Final = 3
"""MACs of a training step over those of its forward pass: the backward pass computes two products for each one of the
forward pass, the gradient of the layer's input and that of its weights (Kaplan et al. 2020, arXiv 2001.08361, section
2.1). The first layer needs no gradient of its input, so it is slightly less."""

DATA: Final = "Fashion-MNIST"
_SEPARATE: Final = ("architecture", "augmentation", "seed")  # have rows of their own, or say it with the network's


@dataclass(frozen=True, slots=True)
class CardRow:
    """One line of a card.

    Attributes:
        name: its name in JSON, the same in every language.
        label: English message of the catalogue.
        value: plain data for JSON, None where the run has not come so far.
        text: the value in the reader's language.
    """

    name: str
    label: str
    value: Any
    text: str


@dataclass(frozen=True, slots=True)
class RunCard:
    """A run's card in one reader's language: its rows in the order in which they are read."""

    title: str
    rows: tuple[CardRow, ...]
    language: Language

    def row(self, name: str) -> CardRow:
        """The row with a name.

        Raises:
            KeyError: if there is none.
        """
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(name)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, in no language."""
        return {"version": CARD_VERSION, "title": self.title, **{row.name: row.value for row in self.rows}}

    def json(self) -> str:
        """The card as a JSON document."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False)

    def markdown(self) -> str:
        """The card as a Markdown table in the reader's language."""
        _ = self.language
        lines = [f"# {_escaped(self.title)}", "", f"| {_('Setting')} | {_('Value')} |", "| --- | --- |"]
        lines += [f"| {_escaped(_(row.label))} | {_escaped(row.text)} |" for row in self.rows]
        return "\n".join(lines) + "\n"


def card(
    record: "RunRecord",
    started: Mapping[str, Any] | None = None,
    _: Language | None = None,
    *,
    macs: int | None = None,
    choice: Callable[[str], str] = str,
) -> RunCard:
    """The card of a run.

    Args:
        record: the run as the store knows it.
        started: the fields of its `Started` event; what the record kept of them (`record.choices`) if None.
        _: the reader's language; English if None.
        macs: multiply-accumulates of the network for one image, forward, as its report counts them. If None they are
            the catalogue's for a network that nobody changed, and unknown for any other.
        choice: what the page calls a value of a choice ("sgd", "before", …); the value itself unless given.
    """
    language = _ or Language()
    writer = _Writer(record, dict(record.choices if started is None else started), language, macs, choice)
    entry = architecture(record.config.architecture.key)
    return RunCard(record.name or language(entry.title), tuple(writer.rows()), language)


class _Writer:
    """Writes the rows of one card."""

    def __init__(
        self,
        record: "RunRecord",
        chosen: Mapping[str, Any],
        _: Language,
        macs: int | None,
        choice: Callable[[str], str],
    ) -> None:
        self.record, self.config, self.chosen, self._, self.choice = record, record.config, chosen, _, choice
        self.entry = architecture(self.config.architecture.key)
        default = self.entry.macs if self.config.architecture == self.entry.spec() else None
        self.macs = default if macs is None else macs

    def rows(self) -> Iterator[CardRow]:
        """All of them."""
        yield from self._network()
        yield from self._data()
        yield from self._settings()
        yield from self._machine()
        yield from self._outcome()

    def _network(self) -> Iterator[CardRow]:
        _, spec = self._, self.config.architecture
        yield CardRow("network", N_("Network"), spec.key, _(self.entry.title))
        changed = changed_fields(spec, self.entry.spec())
        yield CardRow("changed", N_("Changed in the network"), changed, self._changes(type(spec), changed))
        yield self._number("parameters", N_("Parameters"), self.chosen.get("parameters"))
        yield self._number("macs", N_("MACs of one image, forward"), self.macs)
        images = self._images_seen
        total = None if self.macs is None else TRAINING_PASSES * self.macs * images
        text = "–" if total is None else _(
            "{total} for {images} images: 3 times the forward pass, since the backward pass costs two",
            total=_.compact(total, "MACs"), images=_.number(images),
        )  # fmt: skip
        yield CardRow("training_macs", N_("MACs of the training"), total, text)

    def _data(self) -> Iterator[CardRow]:
        _, config = self._, self.config
        yield CardRow("data", N_("Data"), DATA, _(
            "{data}: {train} training images and {test} test images",
            data=DATA, train=_.number(config.train_images), test=_.number(config.test_images),
        ))  # fmt: skip
        sums = dict(self.chosen.get("data_md5") or {})
        listed = ", ".join(f"{file} {md5}" for file, md5 in sorted(sums.items()))
        yield CardRow("data_md5", N_("MD5 of the data"), sums or None, listed or "–")
        steps = [] if config.augmentation is None else config.augmentation.model_dump(mode="json")["operations"]
        yield CardRow("augmentation", N_("Augmentation"), steps, self._operations())

    def _settings(self) -> Iterator[CardRow]:
        """Every setting of the training, whatever settings there are."""
        yield self._number("seed", N_("Seed"), self.config.seed)
        for name, value in self.config:
            if name not in _SEPARATE:
                field = TrainingConfig.model_fields[name]
                unit = str((field.json_schema_extra or {}).get("unit") or "")  # type: ignore[union-attr]
                text = self._text(value) + (f" {self._(unit)}" if unit else "")
                yield CardRow(name, field.title or name, _plain(value), text)

    def _machine(self) -> Iterator[CardRow]:
        _, chosen = self._, self.chosen
        name, kind = chosen.get("device_name"), chosen.get("device")
        yield CardRow("computed_on", N_("Computed on"), kind and {"device": kind, "name": name}, name or "–")
        precision = chosen.get("precision")
        yield CardRow("computed_in", N_("Computed in"), precision, self._text(precision))
        yield self._number("computed_threads", N_("Threads used"), chosen.get("threads"))
        layout = chosen.get("channels_last")
        words = {True: N_("Pixel by pixel (channels last)"), False: N_("Channel by channel"), None: "–"}[layout]
        yield CardRow("channels_last", N_("Layout of images"), layout, _(words))
        fused = chosen.get("fused_optimizer")
        words = {True: N_("In one kernel"), False: N_("Weight by weight"), None: "–"}[fused]
        yield CardRow("fused_optimizer", N_("Update"), fused, _(words))
        kernels = list(chosen.get("kernels") or ())
        yield CardRow("kernels", N_("Own kernels"), kernels, ", ".join(_(KERNELS[name]) for name in kernels) or "–")
        versions = dict(chosen.get("versions") or {})
        listed = ", ".join(f"{program} {version}" for program, version in versions.items())
        yield CardRow("versions", N_("Versions"), versions or None, listed or "–")

    def _outcome(self) -> Iterator[CardRow]:
        _, record = self._, self.record
        yield CardRow("steps", N_("Steps"), {"done": record.step, "planned": record.total_steps}, _(
            "{done} of {total}", done=_.number(record.step), total=_.number(record.total_steps)
        ))  # fmt: skip
        yield CardRow("seconds", N_("Time"), record.seconds, _.seconds(record.seconds) if record.step else "–")
        speed = record.images_per_second
        text = "–" if speed is None else _.significant(speed)
        yield CardRow("images_per_second", N_("Images per second"), speed, text)
        for name, label in (
            ("train_accuracy", N_("Train accuracy")),
            ("test_accuracy", N_("Test accuracy")),
            ("best_test_accuracy", N_("Best test accuracy")),
        ):
            share = getattr(record, name)
            yield CardRow(name, label, share, "–" if share is None else _.percent(share, 2))
        yield CardRow("state", N_("State"), record.state, _(STATES[record.state]))

    @property
    def _images_seen(self) -> int:
        """Training images so far, each as often as it was seen."""
        config = self.config
        return min(config.epochs * config.train_images, round(self.record.step * self._images_per_step))

    @property
    def _images_per_step(self) -> float:
        return self.config.train_images / self.config.steps_per_epoch

    def _number(self, name: str, label: str, value: float | None) -> CardRow:
        return CardRow(name, label, value, "–" if value is None else self._.number(value))

    def _changes(self, kind: type[Spec], changed: Mapping[str, Any]) -> str:
        labels = {name: self._(kind.model_fields[name].title or name) for name in changed}
        return "; ".join(f"{labels[name]} {self._text(value)}" for name, value in changed.items()) or self._("Nothing")

    def _operations(self) -> str:
        """Each operation as it is written in code, in order: the names of torchvision are the same in all languages."""
        pipeline = self.config.augmentation
        calls = () if pipeline is None else (step.torchvision_call() for step in pipeline.operations if step.enabled)
        written = (
            f"{name}({', '.join(f'{option}={value!r}' for option, value in options.items())})"
            for name, options in calls
        )
        return "; ".join(written) or self._("None")

    def _text(self, value: Any) -> str:
        return words_of(value, self._, self.choice)


def words_of(value: Any, _: Language, choice: Callable[[str], str]) -> str:
    """A setting's value in words; `choice` words what is one of a few."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, int):
        return _.number(value)
    if isinstance(value, float):
        return _.significant(value)
    if isinstance(value, tuple | list):
        return ", ".join(words_of(part, _, choice) for part in value) or _("None")
    return "–" if value is None else choice(str(value))


KERNELS: Final = {
    "split_convolutions": N_("Convolutions part by part"),
    "halved_pooling": N_("Average pooling by sums"),
    "two_pass_batch_norm": N_("Batch norm in two passes"),
    "bfloat16_convolutions": N_("Convolutions in bfloat16"),
}
"""What `training.kernels` put in the place of torch's own, as `Started` names it, in words."""

STATES: Final = {
    "queued": N_("Waiting"),
    "running": N_("In training"),
    "paused": N_("Paused"),
    "stopping": N_("Stopping"),
    "finished": N_("Finished"),
    "stopped": N_("Stopped"),
    "failed": N_("Failed"),
    "interrupted": N_("Interrupted"),
}


def changed_fields(spec: Spec, default: Spec) -> dict[str, Any]:
    """The fields of a spec that differ from another of its kind, as plain data."""
    return {name: _plain(value) for name, value in spec if value != getattr(default, name)}


def _plain(value: Any) -> Any:
    if isinstance(value, Spec):
        return value.model_dump(mode="json")
    return [_plain(part) for part in value] if isinstance(value, tuple) else value


def _escaped(text: str) -> str:
    """Plain text inside a Markdown table, whatever a person called the run."""
    for letter in "\\`*_[]<>|#":
        text = text.replace(letter, f"\\{letter}")
    return " ".join(text.split())
