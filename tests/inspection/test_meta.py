"""Quick answers on the meta device against PyTorch's own, and building there."""

import subprocess
import sys
import threading

import pytest
import torch
from torch import nn
from torch.nn import functional
from torchvision.models import get_model

from cnnviz.architectures import build, catalog
from cnnviz.inspection import inspect
from cnnviz.inspection import meta as meta_module
from cnnviz.inspection.meta import FastMeta, build_on_meta


class Compared(FastMeta):
    """Asks PyTorch too, and notes every operation that was answered here."""

    def __init__(self):
        super().__init__()
        self.answered = {}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        answer = meta_module._ANSWERS.get(func)
        mine = answer(*args, **kwargs) if answer else None
        theirs = func(*args, **kwargs)
        if mine is not None:
            pairs = list(zip(mine, theirs, strict=True)) if isinstance(mine, tuple) else [(mine, theirs)]
            if func is torch.ops.aten.native_batch_norm.default and not args[5]:
                assert [tensor.numel() for tensor in mine[1:]] == [
                    0,
                    0,
                ]  # predicting keeps no statistics, as on the CPU
                pairs = pairs[:1]
            for one, other in pairs:
                assert (one.shape, one.stride(), one.dtype) == (other.shape, other.stride(), other.dtype), func
                assert one.device == other.device
            if not func._schema.name.endswith("_"):
                given = {t.untyped_storage()._cdata for t in args if isinstance(t, torch.Tensor)}
                made = [t.untyped_storage()._cdata for t in (mine if isinstance(mine, tuple) else [mine])]
                assert not given & set(made) and len(made) == len(set(made)), func
            self.answered[func] = self.answered.get(func, 0) + 1
        return theirs


NETWORKS = {
    # the chapter's networks; the larger ones of a family repeat the operations of the smaller
    **{entry.key: (lambda key=entry.key: build(key), entry.input_shape) for entry in catalog() if entry.card},
    "densenet121": (lambda: build("densenet121"), (1, 1, 224, 224)),
    "convnext_tiny": (lambda: get_model("convnext_tiny"), (1, 3, 224, 224)),
    "swin_t": (lambda: get_model("swin_t"), (1, 3, 224, 224)),
    "efficientnet_b0": (lambda: get_model("efficientnet_b0"), (1, 3, 224, 224)),
    "vit_b_16": (lambda: get_model("vit_b_16"), (1, 3, 224, 224)),
}


ELSEWHERE = ("silu", "leaky_relu", "hardtanh", "hardswish", "hardsigmoid")
IN_PLACE = ("relu", "silu", "hardtanh", "hardswish")


@pytest.fixture(scope="module")
def answered():
    """Runs every network in both modes; which operations were answered how often."""
    counts: dict[object, int] = {}
    for factory, shape in NETWORKS.values():
        compared = Compared()
        with torch.device("meta"), compared:
            model = factory()
        for training in (True, False):
            model.train(training)
            with compared, torch.set_grad_enabled(training):
                model(torch.empty(2, *shape[1:], device="meta"))
        for func, count in compared.answered.items():
            counts[func] = counts.get(func, 0) + count
    return counts


def test_answers_equal_pytorchs_on_every_network(answered):
    assert sum(answered.values()) > 3_000


def test_every_answer_was_put_to_the_test(answered):
    x, compared = torch.empty(2, 3, device="meta"), Compared()
    with compared:  # activations that are knobs, or of networks that are not among these
        for function in (torch.tanh, *(getattr(functional, name) for name in ELSEWHERE)):
            function(x)
        for name in IN_PLACE:
            getattr(functional, name)(x, inplace=True)
        functional.dropout(x, 0.5)
    assert set(answered) | set(compared.answered) == set(meta_module._ANSWERS)
    assert len(compared.answered) >= 1 + len(ELSEWHERE) + len(IN_PLACE)


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.cat([torch.empty(2, 3, device="meta"), torch.empty(3, 4, device="meta")]),
        lambda: nn.functional.linear(
            torch.empty(2, 3, device="meta"), torch.empty(4, 5, device="meta"), torch.empty(4, device="meta")
        ),
        lambda: torch.empty(2, 3, device="meta") + torch.empty(4, device="meta"),
    ],
    ids=["cat", "linear", "add"],
)
def test_what_pytorch_refuses_is_refused(make):
    with pytest.raises(RuntimeError), FastMeta():
        make()


def test_unusual_layouts_are_left_to_pytorch():
    x = torch.empty(2, 3, 4, 4, device="meta").to(memory_format=torch.channels_last)
    with FastMeta():
        assert nn.functional.gelu(x).stride() == x.stride()
        assert (x + x).is_contiguous(memory_format=torch.channels_last)


def test_the_factory_is_called_once():
    calls = []

    def factory():
        calls.append(torch.empty(0).device.type)
        return build("lenet")

    inspect(factory, (1, 1, 28, 28))
    assert calls == ["meta"]


def test_a_factory_that_needs_values_while_it_builds():
    """torchvision's RegNets compute their widths with tensors."""
    model = build_on_meta(lambda: get_model("regnet_y_400mf"))
    assert all(parameter.is_meta for parameter in model.parameters())


def test_real_weights_are_left_alone():
    with torch.random.fork_rng(devices=[]):
        model = build("resnet18", image_size=64, width=0.25)
    model.eval()
    model.head.dense.bias.requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    report = inspect(lambda: model, (2, 1, 64, 64))
    fresh = inspect(lambda: build("resnet18", image_size=64, width=0.25), (2, 1, 64, 64))
    assert report.to_dict()["layers"] == fresh.to_dict()["layers"]
    assert not model.training and not any(tensor.is_meta for tensor in model.state_dict().values())
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_lazy_layers_take_their_size_from_the_input():
    def factory():
        return nn.Sequential(nn.LazyConv2d(6, 5), nn.ReLU(), nn.Flatten(), nn.LazyLinear(10))

    report = inspect(factory, (1, 1, 28, 28))
    assert report.parameters == (25 + 1) * 6 + (6 * 24 * 24 + 1) * 10
    here = factory()
    assert inspect(lambda: here, (1, 1, 28, 28)) == report
    assert isinstance(here[0].weight, nn.UninitializedParameter)


def test_thirty_threads_see_what_one_sees():
    factories = [(lambda key=key: build(key), shape) for key, shape in (
        ("lenet", (4, 1, 28, 28)), ("resnet18", (4, 1, 96, 96)), ("googlenet", (4, 1, 96, 96)))]  # fmt: skip
    alone = [inspect(*factory) for factory in factories]
    found: dict[int, object] = {}
    start = threading.Barrier(30)

    def work(number: int) -> None:
        start.wait()
        found[number] = inspect(*factories[number % 3])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 30
    assert all(report == alone[number % 3] for number, report in found.items())


_REPORTS = """
import sys
import torch
from cnnviz.architectures import catalog
from cnnviz.inspection import inspect, report_of
from tests.heavy import LARGE
before = torch.get_rng_state()
for entry in catalog():
    if entry.key not in LARGE:
        report_of(entry.spec())
print([name for name in ("torch._dynamo", "sympy") if name in sys.modules])
from torchvision.models import get_model
inspect(lambda: get_model("efficientnet_b0"), (2, 3, 224, 224))
print(torch.equal(torch.get_rng_state(), before))
"""


@pytest.fixture(scope="module")
def reported():
    """What a fresh process says that has reported the catalogue; the largest repeat the operations of the smaller."""
    done = subprocess.run([sys.executable, "-c", _REPORTS], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_no_report_of_the_project_waits_for_pytorchs_compiler(reported):
    """Some meta kernels of PyTorch import it or its algebra: 40 MB and most of a second."""
    assert reported[0] == "[]"


def test_the_global_random_state_is_untouched(reported):
    assert reported[1] == "True"


_MEMORY = """
import threading, time, psutil, torch
from torchvision.models import get_model
from cnnviz.inspection import inspect
inspect(lambda: get_model("vgg11"), (1, 3, 224, 224))
process, done, seen = psutil.Process(), threading.Event(), []
def sample():
    while not done.wait(0.002):
        seen.append(process.memory_info().rss)
before = process.memory_info().rss
thread = threading.Thread(target=sample)
thread.start()
inspect(lambda: get_model("vgg19"), (64, 3, 224, 224))
inspect(lambda: get_model("densenet121"), (64, 3, 224, 224))
print(max(seen) - before)
with torch.device("meta"):
    shapes = [parameter.shape for parameter in get_model("vgg19").parameters()]
weights = [torch.ones(shape) for shape in shapes]
time.sleep(0.1)
done.set()
thread.join()
print(max(seen) - before)
"""


def test_no_weights_in_memory():
    """VGG-19 has 575 MB of weights; the peak of the process grows by less than 50 MB, and the measurement would see."""
    done = subprocess.run([sys.executable, "-c", _MEMORY], capture_output=True, text=True, check=True)
    report, weights = map(int, done.stdout.split())
    assert weights > 500e6
    assert report < 50e6
