"""How fast the engine trains, against the bare loop and the textbook loop, in one run on one machine.

    python benchmarks/training.py [--rounds 4] [--threads 2]
    python benchmarks/training.py --networks published [--device cuda]

- engine: `cnnviz.training.train`, events and all, with what it chooses by itself.
- bare: tensors in memory, forward, backward, update and nothing else, in its best setting of precision and layout.
- textbook: a data set of PIL images with torchvision's `Resize` and `ToTensor`, a `DataLoader` with its best number of
  workers of 0 and 2, loss and accuracy read with `.item()` at every step.

The three take turns, round after round, so that a machine that is busy for a while is busy for all of them. Figures are
images per second, the best of the rounds; what counts are the ratios.

With `--networks published` the engine trains every network that the chapter's builds give a speed for, at their batch
size and resolution, and is set against that speed (assets/published_results.csv, measured there on a GPU); then a run
for 93 % test accuracy is timed. On one H100-class GPU the goals are 10 times that speed, and 10 s.
"""

import argparse
import csv
import os
import sys
import time
from collections.abc import Callable
from itertools import islice, product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as in the worker

import torch
from PIL import Image
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from cnnviz.architectures import build, spec_of
from cnnviz.data import fashion_mnist
from cnnviz.specs.presets import chapter_config
from cnnviz.training import TrainingConfig, train
from cnnviz.training.choices import automatic_threads, set_threads

CASES = {
    "LeNet with batch norm, 28 px, batch 128": (TrainingConfig(architecture="lenet_bn", learning_rate=0.1), 150),
    "ResNet-18, 96 px, batch 64": (
        TrainingConfig(architecture="resnet18", learning_rate=0.05, batch_size=64, optimizer="sgd"), 5,
    ),
}  # fmt: skip
PUBLISHED = Path(__file__).resolve().parents[1] / "assets" / "published_results.csv"
ACCURATE = TrainingConfig(
    architecture=spec_of("resnet18", image_size=28, stem="small", width=0.5), epochs=10, batch_size=512,
    optimizer="sgd", momentum=0.9, weight_decay=5e-4, learning_rate=0.4, schedule="one_cycle",
)  # fmt: skip
GOALS = {"engine / bare": (0.95, 0.95), "engine / textbook": (2.0, 1.5)}


def engine(config: TrainingConfig, steps: int) -> float:
    """Images per second of the engine's own event, measurements of the test set left out."""
    config = config.replace(train_images=config.batch_size * steps, test_images=1, evaluations=1)
    set_threads(config)
    *_, last = train(config)
    return float(last.images_per_second)


def bare(config: TrainingConfig, steps: int, *, bfloat16: bool, channels_last: bool) -> float:
    """Images per second of a loop with nothing in it."""
    images, labels = (torch.tensor(array) for array in fashion_mnist("train"))
    layout = torch.channels_last if channels_last else torch.contiguous_format
    network = build(config.architecture).to(memory_format=layout)
    optimizer = torch.optim.SGD(network.parameters(), lr=config.learning_rate)
    size = config.architecture.image_size
    order = torch.randperm(len(images))
    began = time.perf_counter()
    for step in range(steps):
        batch = order[step * config.batch_size : (step + 1) * config.batch_size]
        inputs = images[batch].unsqueeze(1).float().div_(255)
        if size != inputs.shape[-1]:
            inputs = functional.interpolate(inputs, (size, size), mode="bilinear")
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            logits = network(inputs.contiguous(memory_format=layout))
        loss = functional.cross_entropy(logits.float(), labels[batch].long())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return steps * config.batch_size / (time.perf_counter() - began)


class PictureFiles(Dataset):
    """Garments as PIL images through a chain of transforms, as torchvision's own data set gives them."""

    def __init__(self, size: int) -> None:
        self.images, self.labels = fashion_mnist("train")
        self.transform = transforms.Compose([transforms.Resize(size), transforms.ToTensor()])

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return self.transform(Image.fromarray(self.images[index])), int(self.labels[index])


def textbook(config: TrainingConfig, steps: int, *, workers: int) -> float:
    """Images per second of the loop of a textbook, its loader's start left out."""
    loader = DataLoader(PictureFiles(config.architecture.image_size), config.batch_size, True, num_workers=workers)
    network = build(config.architecture)
    optimizer = torch.optim.SGD(network.parameters(), lr=config.learning_rate)
    batches = iter(loader)
    inputs, labels = next(batches)
    total = right = count = 0.0
    began = time.perf_counter()
    for inputs, labels in islice(batches, steps):
        loss = functional.cross_entropy(logits := network(inputs), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        right += (logits.argmax(1) == labels).sum().item()
        count += len(labels)
    return count / (time.perf_counter() - began)


def contestants(config: TrainingConfig, steps: int) -> dict[tuple[str, str], Callable[[], float]]:
    """Everything that takes its turn in a round: (kind, setting) → images per second."""
    found: dict[tuple[str, str], Callable[[], float]] = {("engine", ""): lambda: engine(config, steps)}
    for bfloat16, channels_last in product((False, True), repeat=2):
        name = f"{'bfloat16' if bfloat16 else 'float32'}{', channels last' if channels_last else ''}"
        found["bare", name] = lambda b=bfloat16, c=channels_last: bare(config, steps, bfloat16=b, channels_last=c)
    for workers in (0, 2):
        found["textbook", f"{workers} workers"] = lambda w=workers: textbook(config, steps, workers=w)
    return found


def against_published(device: str, rounds: int) -> None:
    """Every network with a published speed, and how long 93 % takes."""
    print(f"{'network':14}{'batch':>7}{'px':>5}{'engine':>12}{'published':>12}{'ratio':>8}   images/s")
    with PUBLISHED.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["images_per_second"]]
    for row in rows:
        config = chapter_config(row["network"])
        config = config.replace(
            architecture=config.architecture.replace(image_size=int(row["input_px"])),
            batch_size=int(row["batch_size"]),
            device=device,
        )
        steps = 100 if device == "cuda" else 2
        best = max(engine(config, steps) for _ in range(rounds + 1))  # the first one warms up
        published = float(row["images_per_second"])
        print(
            f"{row['network']:14}{config.batch_size:7}{row['input_px']:>5}{best:12,.0f}{published:12,.0f}"
            f"{best / published:8.2f}",
            flush=True,
        )
    if device == "cuda":
        for event in train(ACCURATE.replace(device=device, evaluations=20)):
            if event.kind == "evaluated":
                print(f"  {event.seconds:6.1f} s  test accuracy {event.test_accuracy:.2%}", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--threads", type=int, default=automatic_threads())
    parser.add_argument("--networks", choices=["two", "published"], default="two")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"{options.threads} threads, torch {torch.__version__}, load {os.getloadavg()[0]:.1f}")
    if options.networks == "published":
        against_published(options.device, options.rounds)
        return
    for place, (title, (config, steps)) in enumerate(CASES.items()):
        print(f"\n{title}")
        best: dict[tuple[str, str], float] = {}
        for number in range(options.rounds):
            for name, measure in contestants(config, steps if number else 2).items():  # the first one warms up
                best[name] = max(best.get(name, 0), measure())
        for (kind, setting), speed in best.items():
            print(f"  {kind:9} {setting:24} {speed:10,.0f} images/s")
        of_kind = {kind: max(speed for (k, _), speed in best.items() if k == kind) for kind, _ in best}
        for ratio, goals in GOALS.items():
            over, under = ratio.split(" / ")
            print(f"  {ratio:34} {of_kind[over] / of_kind[under]:10.2f}   (goal {goals[place]})")


if __name__ == "__main__":
    main()
