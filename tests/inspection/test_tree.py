"""The tree: order, shared modules, what does not run, and operations without a module."""

import torch
from torch import Tensor, nn
from torchvision.models import get_model

from cnnviz.architectures import build
from cnnviz.inspection import inspect


class Shared(nn.Module):
    """One convolution under two names that runs three times, and a dense layer tied to another."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(2, 2, 3, padding=1, bias=False)
        self.again = self.first
        self.one = nn.Linear(4, 4)
        self.two = nn.Linear(4, 4)
        self.two.weight = self.one.weight

    def forward(self, x: Tensor) -> Tensor:
        x = self.again(self.first(self.first(x)))
        return self.two(self.one(x.mean((2, 3)).repeat(1, 2)))


def test_shared_weights_count_once_and_shared_work_every_time():
    report = inspect(Shared, (1, 2, 8, 8))
    assert report.parameters == 2 * 2 * 9 + 16 + 4 + 4 == sum(p.numel() for p in Shared().parameters())
    assert [row.path for row in report.layers if not row.functional] == ["", "first", "one", "two"]
    first = report.row("first")
    assert (first.calls, first.parameters, first.macs) == (3, 36, 3 * 64 * 36)
    assert (report.row("one").parameters, report.row("two").parameters) == (20, 20)
    assert report.macs == 3 * 64 * 36 + 16 + 16


class Backwards(nn.Module):
    """Runs its parts in another order than it names them, and leaves one out."""

    def __init__(self):
        super().__init__()
        self.unused = nn.Linear(3, 3)
        self.last = nn.Conv2d(4, 1, 1)
        self.branches = nn.ModuleList([nn.Conv2d(1, 4, 1), nn.Conv2d(1, 4, 1)])
        self.start = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = self.start(x)
        return self.last(self.branches[1](x) + self.branches[0](x))


def test_rows_stand_in_the_order_of_execution():
    report = inspect(Backwards, (1, 1, 4, 4))
    assert [row.path for row in report.layers if not row.functional] == [
        "", "start", "branches", "branches.1", "branches.0", "last", "unused",
    ]  # fmt: skip
    assert [row.depth for row in report.layers if not row.functional] == [0, 1, 1, 2, 2, 1, 1]
    unused, branches = report.row("unused"), report.row("branches")
    assert (unused.calls, unused.output_shape, unused.parameters, unused.macs) == (0, (), 12, 0)
    assert (branches.calls, branches.macs, branches.parameters) == (0, 2 * 4 * 16, 16)
    assert report.parameters == sum(parameter.numel() for parameter in Backwards().parameters())


def test_every_row_follows_its_parent():
    report = inspect(lambda: get_model("densenet121"), (1, 3, 224, 224))
    seen = {""}
    for row in report.layers[1:]:
        assert row.parent in seen
        seen.add(row.path)
    stage = report.row("features.denseblock1")
    named = [row.name for row in report.children(stage.path) if not row.functional]
    assert named == [f"denselayer{n}" for n in range(1, 7)]


def test_auxiliary_heads_hold_parameters_and_do_no_work():
    report = inspect(lambda: get_model("inception_v3", init_weights=False), (2, 3, 299, 299))
    head = report.row("AuxLogits")
    assert (head.calls, head.macs) == (0, 0)
    assert head.parameters > 0
    assert report.output_shape == (2, 1000)
    assert report.layers.index(head) > report.layers.index(report.row("fc"))


def test_additions_and_concatenations_are_rows():
    resnet = inspect(lambda: build("resnet18"), (1, 1, 96, 96))
    assert sum(row.type == "Add" for row in resnet.leaves) == 8
    densenet = inspect(lambda: build("densenet"), (1, 1, 96, 96))
    joins = [row for row in densenet.leaves if row.type == "Concatenate"]
    assert len(joins) == 16
    assert joins[0].formula["parts"] == "64 + 32"


def test_work_outside_any_layer_counts_for_the_module_around_it():
    class Product(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 2, 1)

        def forward(self, x: Tensor) -> Tensor:
            return torch.matmul(self.conv(x), x)

    report = inspect(Product, (3, 1, 4, 4))
    assert report.row("conv").macs == 2 * 16
    assert report.macs == 2 * 16 + 2 * 4 * 4 * 4


def test_attention_is_counted():
    """12 layers of 197 tokens of width 768: projections 4·768², mlp 8·768² each token, and two products of 197²·768."""
    report = inspect(lambda: get_model("vit_b_16"), (2, 3, 224, 224))
    tokens, width = 197, 768
    layer = tokens * 12 * width**2 + 2 * tokens**2 * width
    assert report.macs == 12 * layer + 14 * 14 * 16 * 16 * 3 * width + width * 1000


def test_work_that_does_not_depend_on_the_batch_is_not_divided_by_it():
    """Swin v2 computes its position biases once, whatever the batch."""
    one, many = (inspect(lambda: get_model("swin_v2_t"), (size, 3, 64, 64)) for size in (1, 3))
    assert one.macs == many.macs


def test_plain_data():
    report = inspect(lambda: build("lenet"), (1, 1, 28, 28))
    data = report.to_dict()
    assert data["parameters"] == 61_706
    assert data["layers"][0]["path"] == ""
    assert len(report.to_frame()) == len(report.layers)
    assert hash(report.input_shape) and report.row("nothing") is None


def test_windows_of_layers():
    report = inspect(lambda: build("resnext50_32x4d"), (1, 1, 224, 224))
    row = next(row for row in report.leaves if row.groups == 32)
    assert (row.kernel, row.stride, row.padding, row.dilation) == ((3, 3), (1, 1), (1, 1), (1, 1))
    pool = report.row("stem.pool")
    assert (pool.kernel, pool.stride, pool.padding, pool.groups) == ((3, 3), (2, 2), (1, 1), None)
    assert report.row("head.dense").kernel is None
