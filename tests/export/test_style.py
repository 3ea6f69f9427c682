"""What is exported looks as if `ruff format` had written it, and `ruff check` finds nothing in it."""

import subprocess
import sys

import pytest

from cnnviz.export import architecture_notebook, architecture_script, augmentation_notebook, run_notebook, run_script
from cnnviz.specs.augmentation import OPERATIONS, PipelineSpec
from cnnviz.specs.catalog import catalog, spec_of, torchvision_catalog
from cnnviz.specs.training import TrainingConfig

ALL = PipelineSpec(operations=tuple(operation() for operation in OPERATIONS)[:24])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Scripts of every network and variant, of runs, and some notebooks."""
    folder = tmp_path_factory.mktemp("exported")
    entries = [*catalog(), *torchvision_catalog()[::7]]
    for entry in entries:
        variants = {"": {}} | {f"-{preset.key}": preset.options for preset in entry.presets}
        for name, options in variants.items():
            spec = entry.spec(**options)
            path = folder / f"{entry.key}{name}.py".replace("/", "-").replace("-", "_")
            path.write_text(architecture_script(spec, initialization="xavier" if name else "default"), "utf-8")
    odd = {
        "lenet": {"kernel_size": 3, "channels": (3,), "hidden": (), "norm": "after", "norm_kind": "mean"},
        "googlenet": {"inception_4c": (0, 0, 5, 2, 3, 0), "residual": True, "large_kernel": "two_3x3"},
        "resnet50": {"shortcut": "identity", "preactivation": True, "blocks": (1, 1), "channels": (8, 16)},
    }
    for key, options in odd.items():
        (folder / f"odd_{key}.py").write_text(architecture_script(spec_of(key, **options)), "utf-8")
    runs = {
        "plain": {"architecture": "lenet_bn", "evaluations": 1},
        "rich": {
            "architecture": spec_of("resnet18", in_channels=3), "augmentation": ALL, "schedule": "cosine",
            "precision": "bfloat16", "threads": 2, "optimizer": "adamw", "evaluations": 100, "epochs": 3,
        },
        "nin": {"architecture": spec_of("nin", image_size=72), "momentum": 0.9, "weight_decay": 1e-4},
        "shelf": {"architecture": spec_of("torchvision/resnet18", num_classes=10, in_channels=1)},
    }  # fmt: skip
    for name, options in runs.items():
        (folder / f"run_{name}.py").write_text(run_script(TrainingConfig(**options)), "utf-8")
        (folder / f"run_{name}.ipynb").write_text(run_notebook(TrainingConfig(**options)), "utf-8")
    (folder / "network.ipynb").write_text(architecture_notebook(spec_of("densenet")), "utf-8")
    (folder / "chain.ipynb").write_text(augmentation_notebook(ALL), "utf-8")
    return folder


@pytest.mark.parametrize("command", [("check",), ("format", "--check", "--diff")], ids=lambda command: command[0])
def test_ruff_finds_nothing(command, folder, root):
    assert len(list(folder.iterdir())) > 100
    options = ["--extend-ignore", "D102"] if command[0] == "check" else []  # the chain's own class overrides methods
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *command, *options, "--no-cache", "--config", str(root / "pyproject.toml"),
         str(folder)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
