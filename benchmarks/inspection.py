"""How long a cold report takes, beside torchinfo alone, and how much memory it needs.

    python benchmarks/inspection.py [--rounds 5] [--torchvision]

Everything is measured in one run on one machine, the contestants in turns, so that the ratios can be trusted where the
milliseconds cannot.
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
from torchvision.models import get_model

from cnnviz.architectures import architecture, build, catalog
from cnnviz.inspection import report_of
from cnnviz.specs.catalog import torchvision_catalog

SOME = tuple(f"torchvision/{name}" for name in (
    "alexnet", "vgg19", "resnet152", "densenet201", "inception_v3", "efficientnet_b7", "convnext_large",
    "regnet_y_400mf", "swin_v2_b", "vit_l_16", "vit_h_14", "maxvit_t",
))  # fmt: skip
GOAL_MS, GOAL_SHELF_MS, GOAL_RATIO, GOAL_SPEEDUP, GOAL_MB = 500, 1500, 4, 20, 50

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


def measured(contestants: dict[str, Callable[[], object]], rounds: int) -> dict[str, float | None]:
    """Median milliseconds of each, in turns; None for what cannot be done at all."""
    able: dict[str, list[float]] = {}
    for name, work in contestants.items():
        try:
            work()
        except RuntimeError:  # what an operation without a meta kernel raises is one, too
            continue
        able[name] = []
    for _ in range(rounds):
        for name, times in able.items():
            times.append(milliseconds(contestants[name]))
    return {name: statistics.median(able[name]) if name in able else None for name in contestants}


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
    ratios, times = {}, {}
    entries = [*catalog(), *(entry for entry in torchvision_catalog() if options.torchvision or entry.key in SOME)]
    for entry in entries:
        spec = entry.spec()
        shape = (1, *spec.input_shape)
        found = measured(
            {
                "report": lambda spec=spec: report_of(spec),
                "torchinfo": lambda spec=spec, shape=shape: torchinfo_alone(lambda: build(spec), shape),
            },
            options.rounds,
        )
        report, alone = found["report"], found["torchinfo"]
        assert report is not None
        times[entry.key] = report
        if alone:
            ratios[entry.key] = report / alone
        beside = f"{alone:7.0f} ms {report / alone:7.2f}" if alone else f"{'cannot':>10} {'':>7}"
        print(f"{entry.key:34} {report:7.0f} ms {beside}", flush=True)
    for goal, shelf in ((GOAL_MS, [e.key for e in catalog()]), (GOAL_SHELF_MS, [e.key for e in torchvision_catalog()])):
        mine = {key: times[key] for key in shelf if key in times}
        slow = [f"{key} ({value:.0f} ms)" for key, value in mine.items() if value > goal]
        print(f"\nover {goal} ms: {', '.join(slow) or 'none'}; {1 - len(slow) / len(mine):.1%} within")
    print(f"largest ratio {max(ratios.values()):.2f} ({max(ratios, key=ratios.__getitem__)}, goal {GOAL_RATIO}), "
          f"median {statistics.median(ratios.values()):.2f}")  # fmt: skip

    spec = architecture("torchvision/vgg19").spec()
    found = measured({"report": lambda: report_of(spec), "torchinfo": torchinfo_on_real_weights}, 3)
    report, real = found["report"], found["torchinfo"]
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
