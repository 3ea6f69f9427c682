"""What augmentation costs: the page's grid, a training batch, and the share of a run's speed that is left.

Everything in one run, alternating, so that the ratios hold on a busy machine too: `python benchmarks/augmentation.py`.
The page's part runs on one thread, as the server does; OMP_NUM_THREADS sets those of the rest. The goals are 40 ms for
the grid, 4 ms for a batch on two threads, and of the plain run's images per second 75 % for LeNet with batch norm and
90 % for ResNet-18.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as in the server and in the worker

import torch
from torchvision.transforms.v2 import functional

from cnnviz.augmentation import CHAPTER_PIPELINES, Pipeline, encode_jpeg
from cnnviz.data import cat, fashion_mnist
from cnnviz.specs.augmentation import MIXING_OPERATIONS, PICTURE_OPERATIONS
from cnnviz.training import TrainingConfig, train
from cnnviz.training.choices import set_threads
from cnnviz.ui.components.live_pictures import draw_live
from cnnviz.ui.latency import keep_memory

BATCH = 128
LENET = TrainingConfig(architecture="lenet_bn", learning_rate=0.1, batch_size=BATCH)
RESNET = TrainingConfig(architecture="resnet18", learning_rate=0.05, batch_size=64, optimizer="sgd")
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
                "the page's sheet: two threads, words, JPEG": lambda: draw_live(CHAPTER, picture),
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


def training(config: TrainingConfig, side: int, steps: int, rounds: int) -> None:
    """Runs of the engine with what it chooses by itself, plain and augmented, in turn; the first round warms up."""
    chain = CHAPTER_PIPELINES["combined"].pipeline.with_output_size(side)
    plain = config.replace(train_images=config.batch_size * steps, test_images=1, evaluations=1)
    contestants = {"plain": plain, "augmented": plain.replace(augmentation=chain)}
    speeds: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds + 1):
        for name, contestant in contestants.items():
            set_threads(contestant)
            *_, last = train(contestant)
            if number:
                speeds[name].append(float(last.images_per_second))
    middle = {name: median(found) for name, found in speeds.items()}
    pairs = median(one / other for one, other in zip(speeds["augmented"], speeds["plain"], strict=True))
    print(f"\n{config.architecture.family}, batches of {config.batch_size} at {side} px")
    print(f"  {middle['plain']:,.0f} → {middle['augmented']:,.0f} images/s (medians)")
    print(f"  {middle['augmented'] / middle['plain']:.0%} are left, {pairs:.0%} in the median of the rounds")


if __name__ == "__main__":
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    keep_memory()  # as in the server
    page()
    torch.set_num_threads(threads)
    batch()
    every_operation()
    training(LENET, 28, steps=150, rounds=10)
    training(RESNET, 96, steps=5, rounds=4)
