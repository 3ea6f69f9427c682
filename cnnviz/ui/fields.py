"""Widgets from specs: a field's type, bounds, label and help decide what is drawn.

Widgets only suggest; the spec validates. An error comes back to the field that caused it (`SpecForm.show`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Any, Final, Literal, get_args, get_origin

import streamlit as st
from pydantic.fields import FieldInfo

from cnnviz.errors import CnnvizError, problems
from cnnviz.language import N_, Language
from cnnviz.specs.base import Spec
from cnnviz.ui.links import PageLink, decode, encode

FIXED: Final = N_("The teacher has settled this for the class.")
CHOICES: Final[Mapping[str, str]] = {
    "adam": "Adam",
    "adamw": "AdamW",
    "28": "28 px",
    "1": "1×1",
    "3": "3×3",
    "5": "5×5",
    "5x5": "5×5",
    "7": "7×7",
    "9": "9×9",
    "11": "11×11",
    "13": "13×13",
    "96": "96 px",
    "224": "224 px",
    "all": N_("All layers"),
    "after": N_("After the activation"),
    "as_is": N_("The input as it is"),
    "auto": N_("Automatic"),
    "average": N_("Average"),
    "basic": N_("Basic (two 3×3)"),
    "before": N_("Before the activation"),
    "bell": "1 / (1 + x²)",
    "lenet": "LeNet",
    "lenet_bn": N_("LeNet with batch norm"),
    "bags": "bag",
    "bfloat16": "bfloat16",
    "border.constant": N_("One grey"),
    "blur": N_("Blur"),
    "bottleneck": N_("Bottleneck (1×1, 3×3, 1×1)"),
    "cat": N_("The cat"),
    "constant": N_("Constant"),
    "convolution": N_("Convolution"),
    "convolutions": N_("Convolutions only"),
    "cosine": N_("Cosine, down to zero"),
    "cifar10": "CIFAR-10",
    "cpu": N_("Processor (CPU)"),
    "cuda": N_("NVIDIA GPU (CUDA)"),
    "default": N_("PyTorch's own"),
    "dense": N_("Dense layers"),
    "edge": N_("The edge, repeated"),
    "dense_layer": N_("Dense layer"),
    "dresses": "dress",
    "float32": "float32",
    "exp": "eˣ",
    "garment": N_("A garment"),
    "gelu": "GELU",
    "global": N_("Global average"),
    "he": N_("He-normal"),
    "horizontal": N_("Horizontal edges"),
    "identity": N_("Identity, padded with zeros"),
    "imagenet": N_("7×7 and a pooling"),
    "leaky_relu": "Leaky ReLU",
    "log": "log(1 + x)",
    "max": N_("Maximum"),
    "mean": N_("Mean only"),
    "mps": "Apple GPU (MPS)",
    "none": N_("None"),
    "one_cycle": N_("One cycle, up and down"),
    "outline": N_("Outlines"),
    "over.all": N_("All outputs of a layer"),
    "over.unit": N_("Each unit by itself"),
    "own": N_("Its own"),
    "policy.imagenet": "ImageNet",
    "own_weights": N_("Your own numbers"),
    "projection": N_("1×1 convolution"),
    "range_test": N_("Range test"),
    "reflect": N_("Mirrored"),
    "relu": "ReLU",
    "sgd": "SGD",
    "sigmoid": N_("Sigmoid"),
    "sharpen": N_("Sharpen"),
    "silu": "SiLU",
    "scratch": N_("Written from scratch"),
    "sin": "sin x",
    "shirts": "shirt",
    "small": N_("One 3×3"),
    "sneakers": "sneaker",
    "step": N_("In steps"),
    "standard": N_("Mean and variance"),
    "svhn": "SVHN",
    "symmetric": N_("Mirrored, the edge twice"),
    "tanh": "Tanh",
    "two_3x3": N_("Two 3×3"),
    "unchanged": N_("Nothing changed"),
    "upload": N_("My own"),
    "variance": N_("Variance only"),
    "vertical": N_("Vertical edges"),
    "xavier": N_("Xavier-uniform"),
}


class SpecForm:
    """The widgets of one spec on one page, the link they live in, and the places where their errors appear.

    The session's state holds the values under `link.key(name)`, so they outlive a visit to another page.

    Args:
        spec_type: the spec whose fields are drawn.
        link: the page's link.
        defaults: what the fields start from, for example an entry's default spec; the link leaves these out.
        restart: whether to start from the defaults (and the link) instead of what the session remembers.
        prefix: stands before the fields' names in the link, for a page with several forms of one kind.
        fixed: values that cannot be changed here, whatever the link and the session say.
    """

    def __init__(
        self,
        spec_type: type[Spec],
        link: PageLink,
        defaults: Mapping[str, Any],
        _: Language,
        *,
        restart: bool = False,
        prefix: str = "",
        fixed: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self._fixed = fixed
        self.spec_type = spec_type
        self.link = link
        self.defaults = defaults
        self.values: dict[str, Any] = {}
        self._ = _
        self._restart = restart
        self._prefix = prefix
        self.errors: list[CnnvizError] = []
        self._slots: dict[str, Any] = {}

    def key(self, name: str) -> str:
        """The session state's key of a field."""
        return self.link.key(self._prefix + name)

    def linked(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The values and the defaults under their names in the link, as `PageLink.write` takes them."""
        return (
            {self._prefix + name: value for name, value in self.values.items()},
            {self._prefix + name: self.defaults[name] for name in self.values},
        )

    def changed(self) -> dict[str, Any]:
        """The values that differ from the defaults, as a link to another page takes them."""
        return {name: encode(value) for name, value in self.values.items() if value != self.defaults[name]}

    def draw(
        self, names: Iterable[str], *, disabled: bool = False, label: str = "", help: str = "", errors: Any = None
    ) -> dict[str, Any]:
        """Draw fields in order; returns the values chosen so far.

        Args:
            names: of the fields.
            disabled: whether they can only be read.
            label: in place of the field's own.
            help: in place of the field's own.
            errors: a container for what is wrong with them; None says it under each field.
        """
        for name in names:
            self._settle(name)
            with st.container(gap=None):
                field = self.spec_type.model_fields[name]
                common = {
                    "key": self.key(name),
                    "help": self._(FIXED) if name in self._fixed else help or self._(field.description or "") or None,
                    "disabled": disabled or name in self._fixed,
                    "persist_state": "session",
                }
                self.values[name] = _widget(name, field, label or self._(field.title or name), common, self._)
                self._slots[name] = errors or st.container(gap="xsmall")
        return self.values

    def choose_several(
        self, name: str, options: Sequence[str], label_of: Callable[[str], str], most: int
    ) -> tuple[str, ...]:
        """Draw a field of several choices; the order of choosing is kept."""
        self._settle(name)
        field = self.spec_type.model_fields[name]
        key = self.key(name)
        wanted = _list(st.session_state[key])
        unknown = (value for value in dict.fromkeys(wanted) if value not in options)
        for value in islice(unknown, most):  # a forged list may be as long as a message
            allowed = ", ".join(options)
            self.link.refused.append(
                CnnvizError("value_not_allowed", field=name, label=name, value=value[:60], allowed=allowed)
            )
        st.session_state[key] = [value for value in wanted if value in options][:most]
        chosen = st.multiselect(
            self._(field.title or name),
            options,
            format_func=label_of,
            key=key,
            help=self._(field.description or ""),
            max_selections=most,
            persist_state="session",
        )
        self.values[name] = tuple(chosen)
        self._slots[name] = st.container(gap="xsmall")
        return tuple(chosen)

    def choose_one(self, name: str, options: Mapping[str, str]) -> str:
        """Draw a text field as a choice among what there is now.

        Args:
            name: the field.
            options: value → what is shown, in the reader's language; the first one stands in for any that is gone.
        """
        self._settle(name)
        field, key = self.spec_type.model_fields[name], self.key(name)
        wanted = st.session_state[key]
        if wanted not in options:
            if self._prefix + name in self.link.asked:
                allowed = ", ".join(options)
                self.link.refused.append(
                    CnnvizError("value_not_allowed", field=name, label=name, value=str(wanted)[:60], allowed=allowed)
                )
            st.session_state[key] = next(iter(options))
        with st.container(gap=None):
            chosen = st.selectbox(
                self._(field.title or name),
                list(options),
                format_func=lambda value: options.get(value, value),
                key=key,
                help=self._(field.description or "") or None,
                persist_state="session",
            )
            self.values[name] = str(chosen)
            self._slots[name] = st.container(gap="xsmall")
        return str(chosen)

    def hold(self, names: Iterable[str]) -> dict[str, Any]:
        """Take fields as the link and the session have them, without drawing (a closed drawer draws nothing)."""
        for name in names:
            self._settle(name)
            field = self.spec_type.model_fields[name]
            self.values[name] = _from_widget(field, st.session_state[self.key(name)])
        return self.values

    def _settle(self, name: str) -> None:
        """Bring the session's value up to date: from the link if it asks, else the remembered one, else the default."""
        key, field = self.key(name), self.spec_type.model_fields[name]
        if self._restart or self.link.returned or key not in st.session_state:
            st.session_state[key] = _to_widget(field, self.defaults[name])
        if name in self._fixed:
            st.session_state[key] = _to_widget(field, self._fixed[name])
            return
        asked = self.link.asked.get(self._prefix + name)
        if asked is not None:
            try:
                st.session_state[key] = _to_widget(field, decode(self.spec_type, name, asked))
            except CnnvizError as error:
                self.link.refused.append(error)

    def show(self, error: CnnvizError) -> None:
        """Show an error under the field that caused it, or here if that field is not drawn; mend it where one can."""
        self.errors.append(error.bare)
        place = self._slots.get(error.field or "") or st.container()
        place.error(self.sentence(error), icon=":material/error:")
        smallest = error.parameters.get("smallest")
        if smallest and error.field:
            place.button(
                self._("Use {size} px", size=smallest),
                on_click=st.session_state.__setitem__,
                args=(self.key(error.field), smallest),
                key=f"{self.key(error.field)} mend",
                type="primary",
            )

    def sentence(self, error: CnnvizError) -> str:
        """The error in the reader's language, with the field's label instead of its name."""
        return error_sentence(error, self.spec_type, self._)


def _list(value: Any) -> list[str]:
    """The session's value of a field of several choices, which a link and a default bring as text."""
    return (
        [str(part) for part in value]
        if isinstance(value, list)
        else [part.strip() for part in str(value).split(",") if part.strip()]
    )


def _extra(field: FieldInfo) -> Mapping[str, Any]:
    return field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}


def _is_range(field: FieldInfo) -> bool:
    """Whether a tuple is a lower and an upper end (one slider) and not a list of numbers (text)."""
    return get_origin(field.annotation) is tuple and "ge" in _extra(field)


def _to_widget(field: FieldInfo, value: Any) -> Any:
    """How a value stands in its widget: a list of numbers becomes text."""
    if isinstance(value, tuple) and not _is_range(field):
        return ", ".join(f"{part:g}" if isinstance(part, float) else str(part) for part in value)
    return value


def _from_widget(field: FieldInfo, value: Any) -> Any:
    """The value from what stands in its widget. What is no number is passed on for the spec to refuse."""
    if get_origin(field.annotation) is not tuple or isinstance(value, tuple | list):
        return tuple(value) if isinstance(value, list) else value
    parts = [part.strip() for part in str(value or "").replace(";", ",").split(",") if part.strip()]
    return tuple(int(part) if part.lstrip("-").isdigit() else part for part in parts)


def error_sentence(error: CnnvizError, spec_type: type[Spec], _: Language) -> str:
    """An error in the reader's language, with the field's label instead of its name."""
    parameters = dict(error.parameters)
    field = spec_type.model_fields.get(error.field or "")
    if field is not None and field.title and "label" in parameters:
        parameters["label"] = _(field.title)
    title = parameters.get("title")
    if title:
        parameters["title"] = _(title)
    for name, value in parameters.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            parameters[name] = _.number(value)
    return _(error.template, **parameters)


def error_text(error: ValueError, _: Language) -> str:
    """Any error in the reader's language, for places that are no field of a spec."""
    return error_sentence(problems(error)[0], Spec, _)


def choice_label(value: Any, _: Language, name: str = "") -> str:
    """The label of one value of a choice; `name`, the field's, tells apart what two fields call the same."""
    return _(CHOICES.get(f"{name}.{value}") or CHOICES.get(str(value), str(value)))


def _widget(name: str, field: FieldInfo, label: str, common: dict[str, Any], _: Language) -> Any:
    """Draw one field; the type decides which widget, the metadata its bounds. The session's state holds its value.

    A choice that slides is one among numbers, which may be written as text.
    """
    kind = field.annotation
    if get_origin(kind) is Literal:
        if _extra(field).get("slide"):
            return st.select_slider(label, get_args(kind), format_func=lambda value: _.number(float(value)), **common)
        return st.selectbox(label, get_args(kind), format_func=lambda value: choice_label(value, _, name), **common)
    if kind is bool:
        return st.toggle(label, **common)
    if get_origin(kind) is tuple and not _is_range(field):
        return _from_widget(field, st.text_input(label, **common))
    return _number(field, label, common)


def _number(field: FieldInfo, label: str, common: dict[str, Any]) -> Any:
    """A number or a range of numbers: a box where exact values matter, a slider where the hand feels its way."""
    extra = _extra(field)
    low, high = _bounds(field)
    if field.annotation is int:
        step = int(extra.get("step") or 1)
        if extra.get("slide"):
            return st.slider(label, min_value=int(low), max_value=int(high), step=step, **common)
        return st.number_input(label, min_value=int(low), max_value=int(high), step=step, **common)
    if extra.get("scale") == "log" and not _is_range(field):
        return st.number_input(label, min_value=float(low), max_value=float(high), step=0.001, format="%g", **common)
    pace = float(extra.get("step") or 0.01)
    if pace >= 1 and (high - low) / pace > _MOST_STEPS and not _is_range(field):
        return st.number_input(label, min_value=float(low), max_value=float(high), step=pace, format="%g", **common)
    return st.slider(label, min_value=float(low), max_value=float(high), step=pace, **common)


_MOST_STEPS: Final = 1000  # more than a slider has pixels


def _bounds(field: FieldInfo) -> tuple[float, float]:
    extra = _extra(field)
    low = next((rule.ge for rule in field.metadata if hasattr(rule, "ge")), extra.get("ge", 0))
    high = next((rule.le for rule in field.metadata if hasattr(rule, "le")), extra.get("le", 2**31 - 1))
    return low, high
