"""Errors as codes with parameters.

A `CnnvizError` carries a code, the parameters of its sentence and, where there is one, the field of the spec that
caused it. Its `str` is the English sentence, so a script sees a plain `ValueError`; the interface renders the same
template in the reader's language. Every template says what was received, what is allowed and what to do next.
"""

from typing import Any, Final

from pydantic import ValidationError

from cnnviz.language import N_

MESSAGES: Final[dict[str, str]] = {
    # specs
    "value_too_small": N_("{label}: {value} is too small, the smallest allowed is {limit}."),
    "value_too_large": N_("{label}: {value} is too large, the largest allowed is {limit}."),
    "value_not_a_number": N_("{label}: {value} is not a number."),
    "value_not_allowed": N_("{label}: {value} is not one of {allowed}."),
    "value_invalid": N_("{label}: {value} cannot be used here."),
    "value_unreadable": N_("This page was sent something that it cannot read. Load it again to go on."),
    "field_unknown": N_("There is no setting called {value} here."),
    # architectures
    "architecture_unknown": N_("There is no network called {value}. Try one of: {allowed}."),
    "input_too_small": N_(
        "{title} needs at least {smallest} px: at {image_size} px, layer {layer} receives {received} and cannot work."
    ),
    "input_wrong": N_("{title} cannot take an input of {received}: layer {layer} fails."),
    "groups_do_not_divide": N_("{groups} groups do not divide {channels} channels. Choose a divisor of {channels}."),
    "lengths_differ": N_("{first} numbers of layers and {second} numbers of channels: give one of each per stage."),
    "shortcut_needed": N_(
        "A residual block from {in_channels} to {out_channels} channels with stride {stride} needs a 1×1 convolution "
        "on its shortcut: {received} cannot be added to {expected}."
    ),
    "size_not_a_multiple": N_(
        "{title} cuts its input into squares: {image_size} px is not a multiple of {multiple}. Try {suggested}."
    ),
    "shapes_differ": N_("{received} cannot be added to {expected}: both must have the same shape."),
    "input_shape_invalid": N_(
        "{value} is not an input shape. Write batch×channels×height×width, for example {example}."
    ),
    "input_not_square": N_("{value} is not square. Give the same height and width, for example {example}."),
    "compare_two_to_four": N_("{value} chosen: choose two to four networks to compare."),
    # data
    "data_missing": N_("The file {file} is missing. Restore it from the repository."),
    "data_damaged": N_("The file {file} is damaged. Restore it from the repository."),
    "image_unreadable": N_("This file is not a picture that can be read. JPEG, PNG and WebP work."),
    "image_truncated": N_("This picture is incomplete: the file ends too early."),
    "image_too_large": N_(
        "This picture is too large ({width} × {height} px). The largest allowed is {limit} megapixels."
    ),
    "file_too_large": N_("This file is too large ({size} MB). The largest allowed is {limit} MB."),
    "image_format": N_("{format} pictures are not accepted. JPEG, PNG and WebP work."),
    # augmentation
    "range_reversed": N_("{label}: the range {low}–{high} runs backwards. Put the smaller value first."),
    "crop_too_large": N_(
        "{label}: {value} px do not fit into a picture of {height} × {width} px. The largest crop is {limit} px."
    ),
    "padding_too_wide": N_(
        "{label}: a picture of {height} × {width} px cannot be mirrored {value} px wide. "
        "The widest border is {limit} px."
    ),
    "smoothing_too_wide": N_(
        "{label}: {value} reaches beyond a picture of {height} × {width} px. The largest that works is {limit}."
    ),
    "picture_too_small": N_(
        "{title} needs a picture of at least {smallest} px, and {height} × {width} px arrive. Take a larger one."
    ),
    "picture_grows_too_large": N_(
        "The picture grows to {height} × {width} px on the way; {limit} px a side are allowed. Take out a border."
    ),
    "value_not_odd": N_("{label}: {value} is even and has no middle. Take {below} or {above}."),
    "drawn_does_not_match": N_("The values were drawn for {received}, but the operations are {expected}. Draw again."),
    "weights_unusable": N_("The weights in {file} do not fit {title}. Fetch them again."),
    # training
    "classes_do_not_match": N_("Fashion-MNIST has 10 classes and the network has {value}. Set it to 10."),
    "device_missing": N_("This machine has no {value} device. Choose automatic or cpu."),
    "batch_larger_than_data": N_("A batch of {batch_size} is larger than the {images} training images chosen."),
    "processes_more_than_images": N_(
        "{processes} processes need an image each of every batch, and the last batch of a pass has {images}. "
        "Choose fewer processes, or another batch size."
    ),
    "batch_of_one_needs_more": N_(
        "Batch normalisation cannot train on a batch of 1: there is nothing to average over."
    ),
    "loss_not_finite": N_(
        "The loss is no longer a number since step {step}. "
        "The learning rate {learning_rate} is too high: try {suggested}."
    ),
    "out_of_memory": N_("The {device} ran out of memory. Choose a smaller batch than {batch_size} or a smaller input."),
    "memory_too_small": N_(
        "Batches of {batch_size} need {needed} GiB of memory here, and {available} GiB are free. "
        "Choose a batch of at most {largest}, or a smaller input."
    ),
    "memory_too_small_for_network": N_(
        "This network needs {needed} GiB of memory at {image_size} px, and {available} GiB are free: "
        "not even a batch of 1 fits. Choose a smaller input or a narrower network."
    ),
    "disk_full": N_("The disk is full, so the run could not be kept. Free some space and continue it."),
    "checkpoint_damaged": N_("The checkpoint of this run cannot be read, so it cannot be continued."),
    "worker_lost": N_("The process that was training ended unexpectedly. The last checkpoint, step {step}, was kept."),
    "server_lost": N_("The server stopped during this run. What was recorded until step {step} was kept."),
    "training_failed": N_("The training stopped with an error ({error})."),
    "checkpoint_mismatch": N_(
        "This checkpoint belongs to a run with another {label}. Continue it with its own settings; epochs may grow."
    ),
    "run_active": N_("This run is still going. Stop it first."),
    "queue_full_for_owner": N_(
        "{waiting} of your runs are waiting already, and at most {limit} may wait. Let one begin, or stop one."
    ),
    "queue_full_for_sweep": N_(
        "{count} runs at once and {waiting} of yours that are waiting are too many: at most {limit} may wait. "
        "Choose fewer, or let some begin."
    ),
    "queue_full": N_("{limit} runs are waiting on this server, and no more may. Try again when some have begun."),
    "queue_displaced": N_(
        "{limit} runs were waiting, the most that may, and this was the newest of somebody who had many. "
        "Let it go on when others have begun."
    ),
    "too_fast": N_("That was too often in a short time. Try again in {seconds} s."),
    "run_not_yours": N_("The run {value} belongs to somebody else: it can be watched, not changed."),
    "run_hidden": N_(
        "The run {value} belongs to somebody else, and the teacher has closed the board. Choose one of your own."
    ),
    "text_too_long": N_("{label}: {length} characters are too many, the most allowed is {limit}. Shorten it."),
    "tags_too_many": N_("{count} tags are too many, the most allowed is {limit}. Take some away."),
    "pins_used_up": N_("You keep {limit} runs already, and no more can be kept. Let one of them go first."),
    "run_unknown": N_(
        "There is no run {value} on this server. It may have been deleted, or have made room for newer ones."
    ),
    "race_two_to_four": N_("{value} in the race: choose two to four."),
    "race_budget_small": N_(
        "The budget is {images} images for one contestant, and its batches have {batch_size}. Give more."
    ),
    "race_budget_large": N_(
        "The budget is {epochs} passes over all images for one contestant, the most allowed is {limit}. Give less."
    ),
    "race_unknown": N_(
        "There is no race {value} on this server. It may have been deleted, or have made room for newer ones."
    ),
    "race_not_yours": N_("The race {value} belongs to somebody else: it can be watched, not changed."),
    "races_of_owner": N_("{limit} races of yours are going, and no more may. Let one end, or stop it."),
    "races_full": N_("{limit} races are going on this server, and no more may. Try again when one has ended."),
    "sweep_empty": N_("A sweep needs at least one learning rate and one batch size. Choose one."),
    "sweep_too_large": N_(
        "{count} runs are too many for a sweep, at most {limit} are allowed. "
        "Choose fewer learning rates, batch sizes or seeds."
    ),
    "sweep_of_range_tests": N_("A range test tries every learning rate in one run. Choose another schedule."),
    "process_lost": N_(
        "One of the {processes} processes that shared this run ended unexpectedly ({reason}), and the run with it."
    ),
    "gpus_too_few": N_(
        "{processes} processes need a GPU each, and there are {gpus}. Choose at most {gpus}, or the processor (cpu)."
    ),
    "ray_missing": N_("Ray is not installed. Install it with requirements-ray.txt, or leave CNNVIZ_EXECUTOR unset."),
    "cluster_missing": N_("The cluster at {address} cannot be used: {reason}."),
    "store_not_empty": N_("There are runs in {folder} already. Name an empty folder with CNNVIZ_HOME."),
    "backup_unreadable": N_("{file} is no copy of a run store, or it is damaged."),
    # the class
    "nickname_invalid": N_("A nickname has 1 to {limit} characters, at least one of them a letter or a digit."),
    "nickname_taken": N_("Somebody else here is called {nickname}. Choose another nickname."),
    "class_full": N_(
        "{limit} people take part already, and no more can. The teacher can take away nicknames that nobody uses."
    ),
    "join_first": N_("Choose a nickname on the class page first: then runs can be started."),
    "class_epochs": N_("In this class a run may have at most {limit} epochs, and {value} are asked for."),
    "class_seconds": N_("In this class a run may take at most {limit} s, and {value} s are asked for."),
    "class_runs": N_("In this class everybody may start {limit} runs, and yours are used up."),
    "class_runs_left": N_(
        "This takes {count} runs, and of the {limit} that everybody may start in this class you have {left} left. "
        "Choose fewer."
    ),
    "setting_frozen": N_("{label}: the class works with {value} at present."),
    "network_frozen": N_("The class works with {title} at present. Choose it."),
    "secret_wrong": N_("That is not the secret."),
    "secret_missing": N_("This server has no teacher's secret. Start it with CNNVIZ_TEACHER set to one."),
    "link_not_ours": N_("{value} is no page of this server. Copy the address of one of its pages."),
    "extra_missing": N_("{extra} is not installed: python -m pip install -r {file} brings it."),
    "store_unusable": N_("Runs cannot be kept in {folder}: {reason}."),
}


class CnnvizError(ValueError):
    """A code, its parameters and the field that caused it; `str(error)` is the English sentence.

    Args:
        code: a key of `MESSAGES`.
        field: the name of the spec's field that caused it, or None.
        **parameters: the values of the sentence's placeholders.
    """

    def __init__(self, code: str, *, field: str | None = None, **parameters: Any) -> None:
        self.code = code
        self.field = field
        self.parameters = parameters
        super().__init__(MESSAGES[code].format(**parameters))

    @property
    def template(self) -> str:
        """The untranslated sentence, with its placeholders."""
        return MESSAGES[self.code]

    @property
    def bare(self) -> "CnnvizError":
        """The same without its traceback, which holds every variable of where it happened: for keeping."""
        return _rebuild(self.code, self.field, self.parameters)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.code, self.field, self.parameters)


def _rebuild(code: str, field: str | None, parameters: dict[str, Any]) -> CnnvizError:
    return CnnvizError(code, field=field, **parameters)


_FROM_PYDANTIC: Final = {
    "greater_than_equal": ("value_too_small", "ge"),
    "greater_than": ("value_too_small", "gt"),
    "less_than_equal": ("value_too_large", "le"),
    "less_than": ("value_too_large", "lt"),
    "too_short": ("value_too_small", "min_length"),
    "too_long": ("value_too_large", "max_length"),
    "literal_error": ("value_not_allowed", "expected"),
    "extra_forbidden": ("field_unknown", None),
}


def problems(error: ValueError) -> tuple[CnnvizError, ...]:
    """Any error of a spec as `CnnvizError`s with the field that caused each.

    Args:
        error: a `CnnvizError`, a pydantic `ValidationError` or another `ValueError`.
    """
    if isinstance(error, CnnvizError):
        return (error,)
    if isinstance(error, ValidationError):
        return tuple(_problem(detail) for detail in error.errors())
    return (CnnvizError("value_invalid", label=type(error).__name__, value=str(error)),)


def _problem(detail: Any) -> CnnvizError:
    context = detail.get("ctx") or {}
    original = context.get("error")
    field = next((part for part in reversed(detail["loc"]) if isinstance(part, str)), None)
    if isinstance(original, CnnvizError):
        return CnnvizError(original.code, field=original.field or field, **original.parameters)
    value = _short(detail.get("input"))
    code, limit = _FROM_PYDANTIC.get(detail["type"], ("value_invalid", None))
    if detail["type"].endswith(("_parsing", "_type")) and detail["type"].startswith(("int", "float")):
        code = "value_not_a_number"
    if code == "field_unknown":
        return CnnvizError(code, field=field, value=field)
    parameters: dict[str, Any] = {"label": field or "", "value": value}
    if limit == "expected":
        parameters["allowed"] = context[limit]
    elif limit:
        parameters["limit"] = context[limit]
    return CnnvizError(code, field=field, **parameters)


def _short(value: object, limit: int = 60) -> str:
    text = str(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
