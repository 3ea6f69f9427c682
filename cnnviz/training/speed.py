"""How fast a network is on this machine: `torch.utils.benchmark` around forward and training steps, in a process of its
own (`python -m cnnviz.training.speed`), so that a measurement neither blocks a page nor loads it with threads.

The process reads one job as JSON from its standard input, prints one JSON line for each network and ends.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from cnnviz.specs.architectures import ArchitectureSpec
from cnnviz.specs.catalog import spec_of
from cnnviz.training.process import QUIET_THREADS
from cnnviz.training.store import PROJECT

SECONDS: Final = 1.0  # of measuring for each of forward and training step


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of one batch: the median of the measured blocks and their interquartile range."""

    median: float
    spread: float
    blocks: int


@dataclass(frozen=True, slots=True)
class Speed:
    """What was measured of a network.

    Attributes:
        batch_size: images in a batch.
        threads: of torch.
        forward: evaluation mode, no gradients.
        step: training mode, forward and backward; no optimiser.
    """

    batch_size: int
    threads: int
    forward: Timing
    step: Timing

    @property
    def images_per_second(self) -> float:
        """Through forward and backward."""
        return self.batch_size / self.step.median


def measure(spec: ArchitectureSpec, batch_size: int, seconds: float = SECONDS) -> Speed:
    """Time a network in this process, in float32 on the CPU.

    Args:
        spec: the network.
        batch_size: images.
        seconds: at least so long for each figure.
    """
    import torch
    from torch.nn.functional import cross_entropy
    from torch.utils.benchmark import Timer

    from cnnviz.architectures import build

    network = build(spec, generator=torch.Generator().manual_seed(0))
    images = torch.rand(batch_size, *spec.input_shape, generator=torch.Generator().manual_seed(1))
    labels = torch.arange(batch_size) % spec.num_classes

    def forward() -> None:
        with torch.inference_mode():
            network(images)

    def step() -> None:
        network.zero_grad(set_to_none=True)
        cross_entropy(network(images), labels).backward()  # type: ignore[no-untyped-call]

    def timing(function: Any) -> Timing:
        function()
        timer = Timer("f()", globals={"f": function}, num_threads=torch.get_num_threads())
        found = timer.blocked_autorange(min_run_time=seconds)
        return Timing(found.median, found.iqr, len(found.times))

    network.eval()
    ahead = timing(forward)
    network.train()
    return Speed(batch_size, torch.get_num_threads(), ahead, timing(step))


def measure_apart(specs: Sequence[ArchitectureSpec], batch_size: int, seconds: float = SECONDS) -> Iterator[Speed]:
    """Time networks one after another in another process; each comes as soon as it is measured.

    Raises:
        OSError: if the process cannot be started.
        RuntimeError: if it ends early, with the end of what it said.
    """
    job = {"specs": [spec.model_dump(mode="json") for spec in specs], "batch_size": batch_size, "seconds": seconds}
    path = os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH"))))
    with subprocess.Popen(
        [sys.executable, "-m", "cnnviz.training.speed"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **QUIET_THREADS, "PYTHONPATH": path},
        text=True,
    ) as process:
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        process.stdin.write(json.dumps(job))
        process.stdin.close()
        try:
            count = 0
            for line in process.stdout:
                yield _parse(json.loads(line))
                count += 1
            if count < len(specs):
                raise RuntimeError(process.stderr.read()[-2000:])
        finally:
            process.kill()


def _parse(data: dict[str, Any]) -> Speed:
    return Speed(**{**data, "forward": Timing(**data["forward"]), "step": Timing(**data["step"])})


def main() -> None:
    """Measure the job of the standard input."""
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")  # what anything else prints must not mix with the lines
    os.dup2(2, 1)
    job = json.load(sys.stdin)
    for data in job["specs"]:
        print(json.dumps(asdict(measure(spec_of(data), job["batch_size"], job["seconds"]))), file=output, flush=True)


if __name__ == "__main__":
    main()
