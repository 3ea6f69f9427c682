"""Networks that cannot work: the layer named is the one at which PyTorch itself refuses a real forward pass."""

import re

import pytest
import torch
from torch import nn

from cnnviz.architectures import architecture, catalog
from cnnviz.architectures.families import body_of
from cnnviz.inspection import report_of
from cnnviz.inspection.breaking import first_failure, partial_report

PADDED = ("resnet", "googlenet")  # everywhere: any size works
# Every kind of break that knobs reach: (key, fields, the layer that cannot work).
BREAKS = [
    *((entry.key, {"image_size": 1}, None) for entry in catalog() if entry.spec().family not in PADDED),
    ("lenet", {"stride": 8}, "conv2.conv"),  # 28 → 4 → pooled 2, and a 5×5 kernel
    ("lenet", {"kernel_size": 15}, "conv2.conv"),  # larger than the 9 px that are left
    ("lenet", {"padding": 0, "image_size": 8}, "conv2.conv"),  # 8 → 4 → 2; with its padding of 2 it is 8 → 4, too
    ("alexnet", {"strides": (8, 4, 1, 1, 1)}, "pool3"),
    ("nin", {"kernel_sizes": (11, 11, 11)}, "pool3"),
    ("densenet", {"image_size": 8}, "transition2.pool"),
    ("torchvision/alexnet", {"image_size": 28}, "features.5"),
    ("torchvision/inception_v3", {"image_size": 40}, None),
    ("torchvision/squeezenet1_0", {"image_size": 12}, "features.6"),
]  # fmt: skip


def refused_by_pytorch(spec) -> tuple[str, tuple[int, ...]]:
    """Path and input shape of the innermost module that raises, with real weights and hooks."""
    running: list[tuple[str, tuple[int, ...]]] = []
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        model = body_of(spec).eval()
    for path, module in model.named_modules():
        module.register_forward_pre_hook(lambda _, args, path=path: running.append((path, tuple(args[0].shape))))
        module.register_forward_hook(lambda *_: running.pop() and None)
    with pytest.raises(RuntimeError), torch.no_grad():
        model(torch.zeros(2, *spec.input_shape))
    return running[-1]


@pytest.mark.parametrize(("key", "options", "layer"), BREAKS, ids=str)
def test_the_first_layer_that_cannot_work(key, options, layer):
    spec = architecture(key).spec(**options)
    report, problem = partial_report(spec, batch_size=2)
    assert problem is not None
    path, received = refused_by_pytorch(spec.replace(width=1 / 16) if hasattr(spec, "width") else spec)
    assert problem.path == path
    assert layer in (None, path)
    assert problem.received[2:] == received[2:]
    row = report.row(path)
    assert (row.calls, row.output_shape, row.type) == (1, (), problem.type)
    assert row.input_shape == problem.received
    _the_sentence_is_true(problem, row)
    _rows_end_there(report, row)


def _the_sentence_is_true(problem, row):
    assert problem.error.code.startswith("kernel_does_not_fit")
    numbers = [int(number) for number in re.findall(r"(\d+)×", str(problem.error))]
    assert numbers[:2] == [row.kernel[0], problem.received[2]]
    assert row.kernel[0] > problem.received[2] + 2 * row.padding[0]
    assert problem.path in str(problem.error)


def _rows_end_there(report, row):
    """What stands before it has run, what stands after it has not, and what holds it has begun."""
    index = report.layers.index(row)
    ancestors = {""} | {row.path[:at] for at, sign in enumerate(row.path) if sign == "."}
    for position, other in enumerate(report.layers):
        if other.path in ancestors or not other.leaf:
            continue
        assert bool(other.calls) == (position <= index), other.path
        assert bool(other.output_shape) == (position < index), other.path


@pytest.mark.parametrize("entry", catalog(), ids=lambda entry: entry.key)
def test_a_network_that_works_has_its_whole_report(entry, report_by_key):
    report, problem = partial_report(entry.spec())
    assert problem is None
    assert report == report_by_key(entry.key)


def test_the_part_that_ran_is_what_a_larger_input_shows():
    """Parameters do not depend on the input, and neither do kernels; the body before a dense head is all there is."""
    spec = architecture("alexnet").spec(image_size=28)
    partial, problem = partial_report(spec)
    whole = report_of(architecture("alexnet").spec())
    for row in partial.layers[1:]:
        assert row.parameters == whole.row(row.path).parameters
    for row in partial.leaves:
        if row.calls:
            assert row.kernel == whole.row(row.path).kernel
    assert partial.macs == sum(row.macs for row in partial.leaves) > 0
    assert partial.row("flatten") is None
    again = first_failure(spec)
    assert (again.path, str(again.error)) == (problem.path, str(problem.error))


@pytest.mark.parametrize(("name", "size", "suggested"), [("vit_b_16", 100, 96), ("maxvit_t", 96, 224)])
def test_networks_made_for_a_size_say_which(name, size, suggested):
    problem = first_failure(architecture(f"torchvision/{name}").spec(image_size=size))
    assert problem.error.code == "size_not_a_multiple"
    assert problem.error.parameters["suggested"] == suggested


def test_any_other_refusal_is_told_in_torchs_words(monkeypatch):
    def refuses(self, x):
        if x.shape[-1] < 11 and x.dim() == 4:
            raise RuntimeError("not on a Sunday.\nreally")
        return x

    monkeypatch.setattr(nn.Sigmoid, "forward", refuses)
    monkeypatch.setattr("cnnviz.inspection.passes.SHORTCUTS", {})
    problem = first_failure(architecture("lenet").spec())
    assert (problem.path, problem.type) == ("conv2.activation", "Sigmoid")
    assert problem.error.code == "layer_cannot_work"
    assert "conv2.activation cannot work on the 16×10×10 that arrive (not on a Sunday)" in str(problem.error)
