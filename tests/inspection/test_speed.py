"""How long a cold report takes: generous ceilings, and ratios within one run; the figures are in `benchmarks/`."""

import time

import pytest
import torch
import torchinfo

from cnnviz.architectures import architecture, build
from cnnviz.inspection import report_of
from tests.heavy import heavy_in_soak


def fastest(*contestants, rounds=3) -> list[float]:
    """The shortest processor time of each in seconds, in turns: what else runs on the machine only adds to it."""
    best = [float("inf")] * len(contestants)
    for _ in range(rounds):
        for index, work in enumerate(contestants):
            start = time.thread_time()
            work()
            best[index] = min(best[index], time.thread_time() - start)
    return best


def torchinfo_alone(spec):
    with torch.device("meta"):
        model = build(spec)
    torchinfo.summary(model, input_data=[torch.empty(1, *spec.input_shape, device="meta")], verbose=0)


REPORTED = ["resnet50", "densenet121", "densenet201", "torchvision/convnext_tiny", "torchvision/swin_t"]


@pytest.mark.parametrize("key", heavy_in_soak(REPORTED))
def test_a_report_costs_at_most_four_times_torchinfo_alone(key):
    spec = architecture(key).spec()
    report, alone = fastest(lambda: report_of(spec), lambda: torchinfo_alone(spec))
    assert report < 4 * alone
    assert report < 1.5  # s; the goal is 0.5 on a quiet machine


def test_a_report_is_twenty_times_faster_than_torchinfo_on_real_weights():
    spec = architecture("torchvision/vgg19").spec()
    (report,) = fastest(lambda: report_of(spec))
    with torch.random.fork_rng(devices=[]):
        start = time.perf_counter()  # its convolutions run in several threads
        torchinfo.summary(build(spec), input_data=[torch.empty(1, *spec.input_shape)], verbose=0)
        real = time.perf_counter() - start
    assert real > 20 * report
