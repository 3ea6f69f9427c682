"""How long a cold report takes, beside torchinfo alone, and how much memory it needs.

    python benchmarks/inspection.py [--rounds 5] [--torchvision]

Everything is measured in one run on one machine, so that the ratios can be trusted where the milliseconds cannot.
"Cold" means nothing of the network is cached: it is built, run twice on the meta device and turned into rows; only the
imports are done. "torchinfo alone" builds the same network on the meta device and calls `torchinfo.summary` on it.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable

import torch
import torchinfo
from torchvision.models import get_model, list_models

from cnnviz.architectures import build, catalog
from cnnviz.inspection import inspect

SOME_OF_TORCHVISION = (
    "alexnet", "vgg19", "resnet152", "densenet201", "inception_v3", "efficientnet_b7", "convnext_large",
    "regnet_y_400mf", "swin_v2_b", "vit_l_16", "maxvit_t",
)  # fmt: skip
GOAL_MS, GOAL_RATIO, GOAL_SPEEDUP, GOAL_MB = 500, 4, 20, 50

# The peak above what the process held just before, sampled: ru_maxrss would be hidden behind the peak of the imports.
_PEAK = """
import sys, threading, psutil
from cnnviz.architectures import build, architecture
from cnnviz.inspection import inspect
inspect(lambda: build("lenet"), (1, 1, 28, 28))
process, done, seen = psutil.Process(), threading.Event(), []
def sample():
    while not done.wait(0.002):
        seen.append(process.memory_info().rss)
before = process.memory_info().rss
thread = threading.Thread(target=sample)
thread.start()
inspect(lambda: build(sys.argv[1]), architecture(sys.argv[1]).input_shape)
done.set()
thread.join()
print(max(seen) - before)
"""
_FIRST = """
import time, torch, cnnviz.inspection.report
from cnnviz.architectures import build
from cnnviz.inspection import inspect
start = time.perf_counter()
inspect(lambda: build("resnet18"), (1, 1, 96, 96))
print(time.perf_counter() - start)
"""


def milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1e3


def torchinfo_alone(factory: Callable[[], torch.nn.Module], shape: tuple[int, ...]) -> None:
    with torch.device("meta"):
        model = factory()
    torchinfo.summary(model, input_data=[torch.empty(shape, device="meta")], verbose=0)


def torchinfo_on_real_weights() -> None:
    torchinfo.summary(get_model("vgg19"), input_size=(1, 3, 224, 224), verbose=0)


def networks(all_of_torchvision: bool) -> dict[str, tuple[Callable[[], torch.nn.Module], tuple[int, ...]]]:
    found = {entry.key: (lambda key=entry.key: build(key), entry.input_shape) for entry in catalog()}
    names = list_models(module=sys.modules["torchvision.models"]) if all_of_torchvision else SOME_OF_TORCHVISION
    for name in names:
        size = 518 if name == "vit_h_14" else 224
        options = {"image_size": size} if name.startswith("vit_") else {}
        if name in ("googlenet", "inception_v3"):
            options, size = {"init_weights": False}, 299
        found[f"torchvision/{name}"] = (lambda n=name, o=options: get_model(n, **o), (1, 3, size, size))
    return found


def measured(work: Callable[[], object], rounds: int) -> float | None:
    """Median milliseconds, or None where it cannot be done at all."""
    try:
        work()
    except RuntimeError:  # what an operation without a meta kernel raises is one, too
        return None
    return statistics.median(milliseconds(work) for _ in range(rounds))


def in_a_process(code: str, *arguments: str) -> str:
    """What a program prints."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--torchvision", action="store_true", help="all of torchvision's classification networks")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    print(
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; "
        f"Python {platform.python_version()}, torch {torch.__version__}, torchinfo {torchinfo.__version__}"
    )
    print(f"{'network':34} {'report':>10} {'torchinfo':>10} {'ratio':>7}")
    ratios, slow = [], []
    for name, (factory, shape) in networks(options.torchvision).items():
        report = measured(lambda f=factory, s=shape: inspect(f, s), options.rounds)
        alone = measured(lambda f=factory, s=shape: torchinfo_alone(f, s), options.rounds)
        assert report is not None
        if alone:
            ratios.append(report / alone)
        if report > GOAL_MS:
            slow.append(name)
        beside = f"{alone:7.0f} ms {report / alone:7.2f}" if alone else f"{'cannot':>10} {'':>7}"
        print(f"{name:34} {report:7.0f} ms {beside}")
    print(f"\nlargest ratio {max(ratios):.2f} (goal {GOAL_RATIO}), median {statistics.median(ratios):.2f}")
    print(f"over {GOAL_MS} ms: {', '.join(slow) or 'none'}")

    report = measured(lambda: inspect(lambda: get_model("vgg19"), (1, 3, 224, 224)), options.rounds)
    real = measured(torchinfo_on_real_weights, 2)
    assert report and real
    print(f"VGG-19 with real weights, torchinfo alone: {real:.0f} ms, "
          f"{real / report:.0f} times a report's {report:.0f} ms"
          f" (goal {GOAL_SPEEDUP})")  # fmt: skip

    print(f"the first report of a process, ResNet-18, PyTorch imported: {float(in_a_process(_FIRST)) * 1e3:.0f} ms")
    for key in ("vgg19", "resnet152", "densenet201"):
        peak = int(in_a_process(_PEAK, key)) / 1e6
        print(f"peak memory above an idle process, {key}: {peak:.1f} MB (goal {GOAL_MB} MB)")


if __name__ == "__main__":
    main()
