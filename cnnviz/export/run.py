"""A training run as a script and as a notebook that need no cnnviz: the same weights, batches and steps.

What makes a run is its `TrainingConfig`; what it chose by itself (device, precision, memory layout) stands in its
`Started` event. With both, and on the CPU in float32, the script's losses are those that the run had, since the seed's
derivations are written out in it. What can differ is said at the top of the script: nothing is left out in silence.
"""

from typing import Final

from cnnviz.events import Started
from cnnviz.export.architecture import main, network_sections, provenance
from cnnviz.export.document import Document, Section, joined
from cnnviz.export.schedule import schedule_definitions
from cnnviz.export.training import READ, SEEDS, TrainingWriter
from cnnviz.specs.catalog import architecture
from cnnviz.specs.training import TrainingConfig

_REPEATED: Final = frozenset(
    {
        "architecture", "epochs", "batch_size", "optimizer", "learning_rate", "schedule", "momentum", "weight_decay",
        "train_images", "test_images", "initialization", "evaluations", "seed", "augmentation", "device", "precision",
        "threads", "warmup_epochs", "drop_epochs", "drop_factor", "label_smoothing", "gradient_clip", "early_stopping",
        "processes",
    }
)  # fmt: skip
"""The settings that the exported code obeys or has a remark on; it names every other one that is not at its default."""


def run_script(config: TrainingConfig, started: Started | None = None) -> str:
    """Python that repeats a run without cnnviz: `python script.py FOLDER`, where the folder has the data's `.gz` files.

    Its function `train(folder)` returns the loss of every step. On the CPU in float32, with the run's `started` event
    and the same threads and versions, they are the run's own to 1e-5 as long as nothing is augmented.

    Args:
        config: every setting of the run.
        started: what the run chose by itself; without it the script takes a GPU if there is one, and float32.

    Returns:
        The text of a `.py` file; the same for the same arguments.

    Raises:
        CnnvizError: a network that cannot take its input.
    """
    return _document(config, started).script()


def run_notebook(config: TrainingConfig, started: Started | None = None) -> str:
    """The same as `run_script` as the text of a Jupyter notebook (`.ipynb`, nbformat 4.5)."""
    return _document(config, started).notebook()


def _document(config: TrainingConfig, started: Started | None) -> Document:
    writer = TrainingWriter(config, started)
    spec = config.architecture
    end = [
        'parser = argparse.ArgumentParser(description="Train on Fashion-MNIST.")',
        'parser.add_argument("folder", type=Path, help="where its four .gz files are, or where to put them")',
        "train(parser.parse_args().folder)",
    ]
    return Document(
        title=f"{architecture(spec.key).title} on Fashion-MNIST",
        prose=(
            *provenance(spec),
            "Written by cnnviz; it needs nothing but torch and torchvision.",
            *_remarks(config, started, writer),
        ),
        sections=(
            Section("Settings", writer.settings()),
            *network_sections(spec, config.initialization),
            Section("Random numbers", SEEDS),
            Section("Data", joined([READ, *writer.preparation()])),
            Section("Training", joined([*schedule_definitions(config), writer.evaluation(), writer.training()])),
        ),
        script_end=main(end),
        notebook_end=(Section("Run", 'losses = train(Path("fashion-mnist"))\nprint(f"last loss {losses[-1]:.4f}")'),),
    )


def _remarks(config: TrainingConfig, started: Started | None, writer: TrainingWriter) -> tuple[str, ...]:
    """What this text does not repeat, or repeats otherwise; a paragraph each."""
    remarks = []
    if started is not None:
        versions = ", ".join(f"{name} {version}" for name, version in started.versions.items())
        remarks.append(
            f"The run computed in {started.precision} on {started.device_name}, threads: {started.threads}; "
            f"{versions}. Elsewhere the numbers differ slightly, and more so from step to step."
        )
    elif config.precision == "auto":
        remarks.append("The run chose its precision by itself; here it is float32.")
    if writer.augmented or writer.mixed:
        remarks.append(
            "The augmentations' draws come from torchvision and torch's global random numbers here, and from a "
            "generator of their own in the run: the same distributions, other numbers."
            + (" A batch is mixed with one draw here, and with one for each image in the run." * writer.mixed)
        )
    if config.processes > 1:
        remarks.append(
            f"The run shared each batch between {config.processes} processes (torch's DistributedDataParallel). Here "
            "one computes the whole batch: the same curve, its sums in another order; dropout draws other masks."
        )
    if config.schedule == "range_test":
        remarks.append("The run may have ended early, once its loss exploded; here the test goes to its last step.")
    if left_out := _left_out(config):
        remarks.append(f"Not repeated here: {', '.join(left_out)}.")
    remarks.append("What a hand did to the run while it went, a pause or a new learning rate, is not repeated.")
    return tuple(remarks)


def _left_out(config: TrainingConfig) -> list[str]:
    """Settings that this text knows nothing of, where somebody changed them."""
    fields = TrainingConfig.model_fields
    return [
        f"{name} = {value}"
        for name, value in config
        if name not in _REPEATED and value != fields[name].get_default(call_default_factory=True)
    ]
