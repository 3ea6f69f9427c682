"""What augmentation costs: the page's grid, a training batch, and the share of a run's speed that is left.

Everything in one run, alternating, so that the ratios hold on a busy machine too: `python benchmarks/augmentation.py`.
The page's part runs on one thread, as the server does; OMP_NUM_THREADS sets those of the rest. The goals are 40 ms for
the grid, 4 ms for a batch on two threads, and of the plain run's images per second 75 % for LeNet with batch norm and
90 % for ResNet-18.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from torch.nn.functional import cross_entropy
from torchvision.transforms.v2 import functional

from cnnviz.architectures import build
from cnnviz.augmentation import CHAPTER_PIPELINES, Pipeline, encode_jpeg
from cnnviz.data import cat, fashion_mnist
from cnnviz.specs.augmentation import MIXING_OPERATIONS, PICTURE_OPERATIONS

BATCH = 128
CHAPTER = Pipeline.of(CHAPTER_PIPELINES["combined"].pipeline)


def alternate(functions: dict[str, Callable[[], object]], rounds: int) -> dict[str, tuple[float, float]]:
    """(median, fastest) milliseconds of each, called in turn."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for function in functions.values():
        function()
    for _round in range(rounds):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            times[name].append(1000 * (time.perf_counter() - start))
    return {name: (median(values), min(values)) for name, values in times.items()}


def report(title: str, results: dict[str, tuple[float, float]]) -> None:
    print(f"\n{title}")
    first = next(iter(results.values()))[0]
    for name, (middle, fastest) in results.items():
        print(f"  {name:58} {middle:8.2f} ms (fastest {fastest:.2f}) {middle / first:6.2f} ×")


def page() -> None:
    """Eight pictures of the cat, 451×300 px, through the chapter's whole chain to 200 px."""
    picture = cat()
    samples = CHAPTER.samples(picture)

    def torchvision_alone() -> None:
        for sample in samples:
            (_flip, flip), (_colour, colour), (_crop, crop) = sample.drawn
            image = functional.pil_to_tensor(picture)
            if flip["flipped"]:
                image = functional.horizontal_flip(image)
            for name in colour["order"]:
                image = getattr(functional, f"adjust_{name}")(image, colour[name])
            box = [crop[name] for name in ("top", "left", "height", "width")]
            functional.to_pil_image(functional.resized_crop(image, *box, size=[200, 200]))

    transform = CHAPTER.transform()
    report(
        "Eight pictures for the page",
        alternate(
            {
                "Pipeline.samples": lambda: CHAPTER.samples(picture),
                "torchvision's functions on tensors, same draws": torchvision_alone,
                "torchvision's transform on a PIL picture": lambda: [transform(picture) for _ in range(8)],
                "encoding the eight as JPEG": lambda: [encode_jpeg(sample.image) for sample in samples],
            },
            rounds=30,
        ),
    )


def batch() -> None:
    """128 garments, and the same number of colour pictures of 96 px, for training."""
    generator = torch.Generator().manual_seed(0)
    garments = torch.tensor(fashion_mnist("train").images[:BATCH]).unsqueeze(1)
    colour = functional.resize(functional.pil_to_tensor(cat()), [96, 96]).expand(BATCH, -1, -1, -1).contiguous()
    for title, images, size in (("128 garments of 28 px", garments, 28), ("128 colour pictures of 96 px", colour, 96)):
        chain = CHAPTER.with_output_size(size)
        transform = chain.transform()
        floats = images / 255
        functions: dict[str, Callable[[], object]] = {
            "Pipeline.apply_batch, uint8": lambda c=chain, x=images: c.apply_batch(x, generator),
            "Pipeline.apply_batch, float32": lambda c=chain, x=floats: c.apply_batch(x, generator),
            "torchvision's transform, image by image": lambda t=transform, x=images: [t(image) for image in x],
        }
        report(title, alternate(functions, rounds=40 if size == 28 else 5))


def every_operation() -> None:
    """What each operation costs on a training batch of garments, by its own settings."""
    generator = torch.Generator().manual_seed(0)
    images = torch.tensor(fashion_mnist("train").images[:BATCH]).unsqueeze(1) / 255
    targets = torch.nn.functional.one_hot(torch.arange(BATCH) % 10, 10).float()
    functions: dict[str, Callable[[], object]] = {"copying the batch": images.clone}
    for kind in PICTURE_OPERATIONS:
        chain = Pipeline(operations=(kind(),)).with_output_size(28)
        functions[kind.__name__] = lambda c=chain: c.apply_batch(images, generator)
    for kind in MIXING_OPERATIONS:
        chain = Pipeline(operations=(kind(),))
        functions[kind.__name__] = lambda c=chain: c.mix(images, targets, generator)
    report("Each operation on 128 garments", alternate(functions, rounds=15))


def training(key: str, rounds: int) -> None:
    """Steps of a network and SGD on the same batch, plain and augmented, in turn."""
    model = build(key)
    side = 28 if key == "lenet_bn" else 96
    chain = CHAPTER.with_output_size(28)
    generator = torch.Generator().manual_seed(0)
    images = torch.tensor(fashion_mnist("train").images[:BATCH]).unsqueeze(1) / 255
    labels = torch.tensor(fashion_mnist("train").labels[:BATCH]).long()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def step(augment: bool) -> None:
        pixels = chain.apply_batch(images, generator) if augment else images
        if side != 28:
            pixels = torch.nn.functional.interpolate(pixels, (side, side), mode="bilinear", align_corners=False)
        loss = cross_entropy(model(pixels), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    results = alternate({"plain step": lambda: step(False), "augmented step": lambda: step(True)}, rounds)
    report(f"{key}, a step of 128 at {side} px", results)
    plain, augmented = (middle for middle, _fastest in results.values())
    speeds = 1000 * BATCH / plain, 1000 * BATCH / augmented
    print(f"  {speeds[0]:,.0f} → {speeds[1]:,.0f} images/s: {plain / augmented:.0%} are left")


if __name__ == "__main__":
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    page()
    torch.set_num_threads(threads)
    batch()
    every_operation()
    training("lenet_bn", rounds=200)
    training("resnet18", rounds=7)
