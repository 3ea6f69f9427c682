"""What the teacher has settled for the class: caps, frozen settings, the queue, the board, what every screen shows."""

from typing import Any, Final

from pydantic import Field, model_validator

from cnnviz.errors import CnnvizError
from cnnviz.language import N_
from cnnviz.specs.base import Spec, knob
from cnnviz.specs.catalog import architecture
from cnnviz.specs.range_test import is_range_test
from cnnviz.specs.training import TrainingConfig

_OF_THE_SERVER: Final = ("device", "threads", "processes")
FREEZABLE: Final = tuple(
    name for name in TrainingConfig.model_fields if name not in ("architecture", "augmentation", *_OF_THE_SERVER)
)
"""The settings of a run that a class can be held to; the network has a field of its own."""


class ClassRules(Spec):
    """The rules of a class; a cap of 0 is none.

    Attributes:
        most_epochs: of one run.
        most_seconds: of one run, pauses left out; a run without a time budget of its own gets this one.
        most_runs: that one person may start; range tests are not counted.
        frozen: settings of `TrainingConfig` that every run must have, by name; range tests are free.
        frozen_network: the key of the only network that may be trained, or "".
        queue_held: whether no waiting run may begin.
        board_open: whether everybody sees the board.
        threshold: test accuracy, share of one, from which a run counts on the board.
        shown_page: the address of the page that every screen is shown, or "".
        shown_query: its parameters.
        shown_number: how often something was shown; a screen that has seen this number has seen it.
    """

    most_epochs: int = knob(0, N_("Most epochs of a run"), N_("0 sets no cap."), ge=0, le=200, step=1)
    most_seconds: int = knob(
        0,
        N_("Most seconds of a run"),
        N_("Pauses left out. A run without a time budget of its own gets this one; 0 sets no cap."),
        ge=0,
        le=86_400,
        step=10,
        unit=N_("s"),
    )
    most_runs: int = knob(
        0, N_("Most runs of a person"), N_("Range tests are not counted; 0 sets no cap."), ge=0, le=1000, step=1
    )
    frozen: dict[str, Any] = Field(default_factory=dict)
    frozen_network: str = ""
    queue_held: bool = False
    board_open: bool = True
    threshold: float = knob(
        0.8, N_("Counts from a test accuracy of"), N_("Runs below it are not on the board."), ge=0.1, le=1, step=0.01
    )
    shown_page: str = ""
    shown_query: dict[str, str] = Field(default_factory=dict)
    shown_number: int = knob(0, "", ge=0)

    @model_validator(mode="after")
    def _usable(self) -> "ClassRules":
        """What is frozen must be possible: otherwise nobody could train anything."""
        for name in self.frozen:
            if name not in FREEZABLE:
                raise CnnvizError("field_unknown", field="frozen", value=name)
        network = self.frozen_network or "lenet"
        TrainingConfig.parse({"architecture": network, "batch_size": 1, **self.frozen})
        return self

    def check(self, config: TrainingConfig) -> TrainingConfig:
        """A run's settings under these rules: the same, or with the class's time budget where they have none.

        Raises:
            CnnvizError: which rule they break, at the field that breaks it.
        """
        if self.frozen_network and config.architecture.key != self.frozen_network:
            title = architecture(self.frozen_network).title
            raise CnnvizError("network_frozen", field="architecture", title=title)
        if not is_range_test(config):
            for name, value in self.frozen.items():
                if getattr(config, name) != value:
                    raise CnnvizError("setting_frozen", field=name, label=name, value=value)
        if self.most_epochs and config.epochs > self.most_epochs:
            raise CnnvizError("class_epochs", field="epochs", value=config.epochs, limit=self.most_epochs)
        if not self.most_seconds:
            return config
        if config.time_budget > self.most_seconds:
            raise CnnvizError("class_seconds", field="time_budget", value=config.time_budget, limit=self.most_seconds)
        return config if config.time_budget else config.replace(time_budget=float(self.most_seconds))
