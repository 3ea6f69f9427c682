"""Make the recorded runs of `assets/runs`: the chapter's networks at their class presets, with this app's own engine.

    python benchmarks/recordings/make.py --machine "2 cores of an x86-64 server, no GPU" [KEY …]

The weights of networks that fit into 2 MB in float16 are kept too, those along the curve for LeNet with batch norm.
"""

import argparse
import hashlib
import tempfile
import time
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from cnnviz.specs.presets import preset_named
from cnnviz.training import train
from cnnviz.training.checkpoints import _checksum
from cnnviz.training.history import LAST, history
from cnnviz.training.recorded import FOLDER, write_recording

KEYS = ("lenet", "lenet_bn", "alexnet", "vgg11", "vgg11_small", "nin", "googlenet", "resnet18", "resnext50_32x4d",
        "densenet")  # fmt: skip
ALONG_THE_CURVE = ("lenet_bn",)
LARGEST = 2_000_000  # bytes of weights
MOST = 12  # checkpoints along a curve
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


def run_id(key: str) -> str:
    digest = hashlib.sha256(f"recorded {key}".encode()).digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:10])


def shrink(source: Path, target: Path) -> None:
    """A checkpoint in float16, without the optimiser."""
    with safe_open(source, "pt") as file:
        metadata = dict(file.metadata())
        tensors = {name: file.get_tensor(name) for name in file.keys() if name.startswith("model/")}  # noqa: SIM118
    small = {name: one.half() if one.is_floating_point() else one for name, one in tensors.items()}
    metadata["checksum"] = str(_checksum(small))
    target.parent.mkdir(parents=True, exist_ok=True)
    save_file(small, target, metadata)


def make(key: str, machine: str) -> None:
    config = preset_named(key, "class").config
    torch.set_num_threads(2)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        events = list(train(config, folder=place))
        last = events[-1]
        print(f"{key}: {last.kind}, {getattr(last, 'test_accuracy', None)}, {last.seconds:.1f} s", flush=True)
        write_recording(
            FOLDER / f"{key}.jsonl.gz", run_id(key), config, events, machine=machine,
            date=time.strftime("%Y-%m-%d"), created=float(int(time.time())),
        )  # fmt: skip
        weights = FOLDER / f"{key}.{LAST}"
        shrink(place / LAST, weights)
        if weights.stat().st_size > LARGEST:
            weights.unlink()
        elif key in ALONG_THE_CURVE:
            along = history(place)
            for number in range(MOST):
                step, path = along[round(number * (len(along) - 1) / (MOST - 1))]
                if step < last.step:
                    shrink(path, FOLDER / f"{key}.{path.name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("keys", nargs="*", default=KEYS)
    parser.add_argument("--machine", required=True)
    chosen = parser.parse_args()
    for key in chosen.keys or KEYS:
        make(key, chosen.machine)


if __name__ == "__main__":
    main()
