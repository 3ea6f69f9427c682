"""What a training run is made of: `TrainingConfig`, and the commands that reach a run while it goes."""

from typing import Any, Final, Literal

from pydantic import SerializeAsAny, field_validator, model_validator

from cnnviz.errors import CnnvizError
from cnnviz.language import N_
from cnnviz.specs.architectures import ArchitectureSpec
from cnnviz.specs.augmentation import PipelineSpec
from cnnviz.specs.base import Spec, knob
from cnnviz.specs.catalog import spec_of
from cnnviz.specs.schedules import cosine, one_cycle, range_test, stairs, warm_up

CLASSES: Final = 10
IMAGE_SIZE: Final = 28  # px of the garments, whatever the network's input
TRAIN_IMAGES: Final = 60_000
TEST_IMAGES: Final = 10_000
LEARNING_RATES: Final = (1e-6, 10.0)
MOST_EPOCHS: Final = 200

Action = Literal["pause", "resume", "step", "stop", "learning_rate"]
"""What a hand can do to a run; "learning_rate" comes with the new rate."""


class TrainingConfig(Spec):
    """One run on Fashion-MNIST, complete: with the same threads and device it gives the same numbers again.

    `architecture` takes a catalogue key, plain data or a spec; image size, channels and classes live there alone.
    """

    architecture: SerializeAsAny[ArchitectureSpec]
    epochs: int = knob(1, N_("Epochs"), N_("How often every training image is seen."), ge=1, le=MOST_EPOCHS, step=1)
    batch_size: int = knob(
        128, N_("Batch size"), N_("Images averaged into one step of the optimiser."), ge=1, le=4096, step=1, scale="log"
    )
    optimizer: Literal["sgd", "adam", "adamw"] = knob(
        "sgd", N_("Optimiser"), N_("Plain SGD as in the chapter, or Adam and AdamW, which scale each weight's step.")
    )
    learning_rate: float = knob(
        0.1,
        N_("Learning rate"),
        N_("The length of a step along the gradient."),
        ge=LEARNING_RATES[0],
        le=LEARNING_RATES[1],
        scale="log",
    )
    schedule: Literal["constant", "step", "cosine", "one_cycle", "range_test"] = knob(
        "constant",
        N_("Schedule"),
        N_(
            "What becomes of the learning rate: it stays, falls in steps, falls along half a cosine, or rises and "
            "falls once. The range test tries every rate up to the one above, to find a good one."
        ),
        advanced=True,
    )
    warmup_epochs: float = knob(
        0.0,
        N_("Warm-up"),
        N_("Epochs in which the learning rate rises from almost nothing; before all schedules but one-cycle."),
        ge=0,
        le=10,
        step=0.1,
        unit=N_("epochs"),
        advanced=True,
    )
    drop_epochs: int = knob(
        3, N_("Epochs between two steps"), N_("For the schedule in steps."), ge=1, le=200, step=1, advanced=True
    )
    drop_factor: float = knob(
        0.1,
        N_("Factor of a step"),
        N_("For the schedule in steps: what the learning rate is multiplied with."),
        ge=0.01,
        le=1,
        step=0.01,
        advanced=True,
    )
    momentum: float = knob(
        0.0, N_("Momentum"), N_("How much of the last step goes on; only for SGD."), ge=0, le=0.999, advanced=True
    )
    weight_decay: float = knob(
        0.0, N_("Weight decay"), N_("Pulls every weight towards zero."), ge=0, le=1, scale="log", advanced=True
    )
    label_smoothing: float = knob(
        0.0,
        N_("Label smoothing"),
        N_(
            "The right class is to get 1 minus this, the others share the rest. The training loss shown is the one "
            "that is optimised; the test loss is never smoothed."
        ),
        ge=0,
        le=0.9,
        step=0.05,
        advanced=True,
    )
    gradient_clip: float = knob(
        0.0,
        N_("Gradient clipping"),
        N_("The gradient of all weights together is shortened to this length; 0 leaves it alone."),
        ge=0,
        le=100,
        step=0.1,
        advanced=True,
    )
    train_images: int = knob(
        TRAIN_IMAGES,
        N_("Training images"),
        N_("The first so many of the 60,000 after a shuffle by the seed; fewer is faster and overfits sooner."),
        ge=1,
        le=TRAIN_IMAGES,
        step=1000,
        unit=N_("images"),
    )
    test_images: int = knob(
        TEST_IMAGES,
        N_("Test images"),
        N_("How many of the 10,000 test images measure the accuracy."),
        ge=1,
        le=TEST_IMAGES,
        step=1000,
        unit=N_("images"),
        advanced=True,
    )
    initialization: Literal["xavier", "he", "default"] = knob(
        "xavier",
        N_("Initialisation"),
        N_("Xavier-uniform as in the chapter, He-normal for ReLU, or PyTorch's own."),
        advanced=True,
    )
    evaluations: int = knob(
        10,
        N_("Test measurements"),
        N_("How often the test set is measured during the run, the end included."),
        ge=1,
        le=1000,
        step=1,
        advanced=True,
    )
    early_stopping: int = knob(
        0,
        N_("Early stopping"),
        N_("Ends the run after so many test measurements in a row without a better accuracy; 0 never does."),
        ge=0,
        le=100,
        step=1,
        advanced=True,
    )
    time_budget: float = knob(
        0.0,
        N_("Time budget"),
        N_("Ends the run after so many seconds of its own, pauses left out; 0 sets no limit."),
        ge=0,
        le=86_400,
        step=1,
        unit=N_("s"),
        advanced=True,
    )
    seed: int = knob(
        1,
        N_("Seed"),
        N_("The same seed gives the same weights and the same order of images."),
        ge=0,
        le=2**31 - 1,
        step=1,
    )
    augmentation: PipelineSpec | None = None
    device: Literal["auto", "cpu", "cuda", "mps"] = knob(
        "auto", N_("Device"), N_("Where to compute; automatic takes a GPU when there is one."), advanced=True
    )
    precision: Literal["auto", "float32", "bfloat16"] = knob(
        "auto",
        N_("Precision"),
        N_("Numbers of 32 bits, or bfloat16 where it is faster."),
        advanced=True,
    )
    threads: int = knob(
        0,
        N_("Threads"),
        N_("Processor threads of the run; 0 chooses. The same number is needed to repeat a run bit for bit."),
        ge=0,
        le=256,
        step=1,
        advanced=True,
    )
    processes: int = knob(
        1,
        N_("Processes"),
        N_(
            "Each batch is shared between so many processes of one machine, each with a GPU of its own where it "
            "computes on GPUs. The curve is that of one process."
        ),
        ge=1,
        le=64,
        step=1,
        advanced=True,
    )

    @field_validator("architecture", mode="before")
    @classmethod
    def _architecture(cls, value: Any) -> Any:
        return spec_of(value)

    @field_validator("augmentation", mode="before")
    @classmethod
    def _augmentation(cls, value: Any) -> Any:
        """A `Pipeline` is stored as the plain spec that it is."""
        return PipelineSpec(operations=value.operations) if isinstance(value, PipelineSpec) else value

    @model_validator(mode="after")
    def _fits(self) -> "TrainingConfig":
        if self.architecture.num_classes != CLASSES:
            raise CnnvizError("classes_do_not_match", field="architecture", value=self.architecture.num_classes)
        if self.batch_size > self.train_images:
            raise CnnvizError(
                "batch_larger_than_data", field="batch_size", batch_size=self.batch_size, images=self.train_images
            )
        if self.processes > self.smallest_batch:
            raise CnnvizError(
                "processes_more_than_images", field="processes", processes=self.processes, images=self.smallest_batch
            )
        if self.augmentation is not None:
            self.augmentation.check((IMAGE_SIZE, IMAGE_SIZE))
        return self

    @property
    def steps_per_epoch(self) -> int:
        """Steps in one pass over the training images.

        The last batch of a pass is as small as what is left, as with the chapter's `DataLoader`. A single image left
        over is no batch, since batch norm has nothing to average over: it waits for the next pass's shuffle.
        """
        full, rest = divmod(self.train_images, self.batch_size)
        return full + (rest > 1)

    @property
    def smallest_batch(self) -> int:
        """Images of the last batch of a pass, or of any if all are full."""
        rest = self.train_images % self.batch_size
        return rest if rest > 1 else self.batch_size

    @property
    def total_steps(self) -> int:
        """Steps of the whole run."""
        return self.epochs * self.steps_per_epoch

    def rate_factor(self, step: int) -> float:
        """What the schedule multiplies the learning rate with at the update after `step` steps, 0 to 1."""
        total = self.total_steps
        if self.schedule == "one_cycle":
            return one_cycle(step, total)
        if self.schedule == "range_test":
            return range_test(step, total, self.learning_rate)
        rise = round(self.warmup_epochs * self.steps_per_epoch)
        if step < rise:
            return warm_up(step, rise)
        if self.schedule == "step":
            return stairs((step - rise) // self.steps_per_epoch, self.drop_epochs, self.drop_factor)
        return cosine(step - rise, total - rise) if self.schedule == "cosine" else 1.0

    @property
    def evaluation_steps(self) -> tuple[int, ...]:
        """After which steps the test set is measured: evenly spread, the last step included."""
        total = self.total_steps
        return tuple(sorted({max(1, round(total * i / self.evaluations)) for i in range(1, self.evaluations + 1)}))
