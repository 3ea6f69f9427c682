"""The chain of augmentations on the page: a card with a switch and sliders for each operation, in order."""

from collections.abc import Mapping

import streamlit as st

from cnnviz.errors import CnnvizError, problems
from cnnviz.language import Language
from cnnviz.specs.augmentation import CHAPTER_PIPELINES, OPERATIONS, Operation, PipelineSpec
from cnnviz.ui.fields import SpecForm
from cnnviz.ui.links import PageLink
from cnnviz.ui.network import choose_option

_BY_KIND: Mapping[str, type[Operation]] = {str(kind.model_fields["kind"].default): kind for kind in OPERATIONS}


class ChainForm:
    """The pipeline that the cards describe; each kind of operation stands in it once.

    The link keeps the order (`chain=horizontal_flip,color_jitter`) and what differs from the operations' own settings
    (`horizontal_flip.p=0.3`).
    """

    def __init__(self, link: PageLink, _: Language) -> None:
        self._link = link
        self._ = _
        self._forms: dict[str, SpecForm] = {}
        self.preset = ""
        self.pipeline: PipelineSpec | None = None

    def draw(self) -> PipelineSpec | None:
        """Draw the menu of the chapter's chains and a card for each operation; None while a card has an error."""
        titles = {name: preset.title for name, preset in CHAPTER_PIPELINES.items()}
        titles = {"combined": titles["combined"], **titles}
        self.preset, is_new = choose_option(self._link, "preset", titles, self._("Chain"), self._, many=True)
        chosen = CHAPTER_PIPELINES[self.preset].pipeline.operations
        operations = []
        for operation in chosen:
            card = self._card(operation, is_new)
            if card is not None:
                operations.append(card)
        complete = len(operations) == len(chosen)
        self.pipeline = PipelineSpec(operations=tuple(operations)) if complete else None
        return self.pipeline

    def _card(self, operation: Operation, is_new: bool) -> Operation | None:
        """One operation: its switch, its sliders, and what it teaches; None if its settings cannot be used."""
        _, kind = self._, operation.kind
        form = SpecForm(type(operation), self._link, dict(operation), _, restart=is_new, prefix=f"{kind}.")
        self._forms[kind] = form
        with st.container(border=True, key=f"card {kind}", gap="small"):
            form.draw(
                ["enabled"], label=f"**{_(operation.title)}**", help=f"{_(operation.teaches)}\n\n{_(operation.harms)}"
            )
            names = [name for name in type(operation).model_fields if name not in ("kind", "enabled")]
            form.draw(names, disabled=not form.values["enabled"])
            try:
                return type(operation).parse(form.values)
            except CnnvizError as error:
                form.show(error)
            except ValueError as error:
                form.show(problems(error)[0])
        return None

    def linked(self) -> tuple[dict[str, object], dict[str, object]]:
        """Values and defaults for the link."""
        values: dict[str, object] = {"preset": self.preset}
        defaults: dict[str, object] = {"preset": "combined"}
        for form in self._forms.values():
            form_values, form_defaults = form.linked()
            values |= form_values
            defaults |= form_defaults
        return values, defaults

    def sentence(self, error: CnnvizError) -> str:
        """An error of the link in the reader's language."""
        return next(iter(self._forms.values())).sentence(error)
