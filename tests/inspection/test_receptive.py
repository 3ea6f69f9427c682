"""Receptive fields against published ones, and against what gradients really reach."""

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import get_model

from cnnviz.architectures import build, catalog
from cnnviz.architectures.families import body_of
from cnnviz.architectures.join import Add, Concatenate
from cnnviz.inspection import inspect


def seen(report, path):
    row = report.row(path)
    return row.receptive_field, row.jump


# Araujo et al., "Computing receptive fields of convolutional neural networks", Distill 2019, table of architectures.


def test_alexnet_as_published():
    report = inspect(lambda: build("alexnet"), (1, 1, 224, 224))
    assert seen(report, "pool3") == ((195, 195), (32, 32))


def test_vgg16_as_published():
    report = inspect(lambda: get_model("vgg16"), (1, 3, 224, 224))
    assert seen(report, "features.28") == ((196, 196), (16, 16))  # conv5_3
    assert seen(report, "features.30") == ((212, 212), (32, 32))  # pool5


class SlimBottleneck(nn.Module):
    """The bottleneck of TF-Slim's ResNet v1, whose stride is in the last block of a stage."""

    def __init__(self, channels: int, out: int, stride: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, 1, 1), nn.ReLU(inplace=True), nn.Conv2d(1, 1, 3, stride, 1), nn.Conv2d(1, out, 1)
        )
        self.shortcut = nn.MaxPool2d(1, stride) if channels == out else nn.Conv2d(channels, out, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.body(x) + self.shortcut(x))


def slim_resnet(blocks):
    stages: list[nn.Module] = [nn.Conv2d(3, 1, 7, 2, 3), nn.MaxPool2d(3, 2, 1)]
    for number, count in enumerate(blocks):
        for index in range(count):
            stride = 2 if index == count - 1 and number < 3 else 1
            stages.append(SlimBottleneck(1 if number == index == 0 else 2, 2, stride))
    return nn.Sequential(*stages)


@pytest.mark.parametrize(
    ("blocks", "size"), [((3, 4, 6, 3), 483), ((3, 4, 23, 3), 1027), ((3, 8, 36, 3), 1507)], ids=str
)
def test_resnets_as_published(blocks, size):
    report = inspect(lambda: slim_resnet(blocks), (1, 3, 224, 224))
    assert (report.root.receptive_field, report.root.jump) == ((size, size), (32, 32))


def test_two_3x3_see_5x5_and_three_see_7x7():
    report = inspect(lambda: nn.Sequential(*(nn.Conv2d(1, 1, 3) for _ in range(3))), (1, 1, 32, 32))
    assert [row.receptive_field for row in report.stages] == [(3, 3), (5, 5), (7, 7)]


# Against gradients: with positive weights the gradient of one output position reaches exactly what it sees.


def reached(model: nn.Module, size: int, place: tuple[int, int] | None = None):
    """(top, height, left, width) of the input that one position of the output depends on."""
    for parameter in model.parameters():
        nn.init.constant_(parameter, 0.01)
    picture = torch.ones(1, 1, size, size, dtype=torch.float64, requires_grad=True)
    output = model.double().eval()(picture)
    y, x = place or (output.shape[2] // 2, output.shape[3] // 2)
    (gradient,) = torch.autograd.grad(output[0, :, y, x].sum(), picture)
    rows = gradient[0, 0].abs().sum(1).nonzero().flatten()
    columns = gradient[0, 0].abs().sum(0).nonzero().flatten()
    return (
        int(rows[0]),
        int(rows[-1] - rows[0]) + 1,
        int(columns[0]),
        int(columns[-1] - columns[0]) + 1,
    )


def averaging(model: nn.Module) -> nn.Module:
    """Every max-pooling, whose gradient takes one path only, as an average over the same window."""
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.MaxPool2d):
                setattr(module, name, nn.AvgPool2d(child.kernel_size, child.stride, child.padding))
    return model


def body(key: str, stages: int, **options):
    """The first stages of a network, without its head."""
    return averaging(nn.Sequential(*list(build(key, **options).children())[:stages]))


class Odd(nn.Module):
    """Branches of different reach that meet in plain arithmetic, a slice, a padding and a permutation."""

    def __init__(self):
        super().__init__()
        self.wide = nn.Conv2d(1, 2, (3, 7), (2, 1), (1, 3))
        self.dilated = nn.Conv2d(2, 2, 3, padding=2, dilation=2)
        self.dense = nn.Linear(4, 2)
        self.last = nn.Conv2d(2, 2, 3, groups=2)
        self.add = Add()
        self.join = Concatenate()

    def forward(self, x: Tensor) -> Tensor:
        x = self.wide(x)
        x = self.join(x, self.dilated(x))
        x = self.dense(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        x = self.add(x, nn.functional.pad(x[:, :1], (0, 0, 0, 0, 0, 1)))
        first, second = x.chunk(2, dim=1)
        x = torch.cat([second, first * 2], 1).view(1, 2, *x.shape[2:])
        return self.last(x[:, :, ::2, ::3])


REACHING = {
    "lenet": (lambda: body("lenet", 4), 40),
    "alexnet": (lambda: body("alexnet", 8, width=1 / 32), 515),
    "nin": (lambda: body("nin", 7, width=1 / 32), 515),
    "vgg11": (lambda: body("vgg11", 5, width=1 / 32), 384),
    "googlenet": (lambda: body("googlenet", 3, width=1 / 16), 256),
    "resnet": (lambda: body("resnet18", 3, width=1 / 32, blocks=(1, 1, 1, 1)), 256),
    "identity shortcuts": (lambda: body("resnet18", 3, width=1 / 32, shortcut="identity"), 384),
    "densenet": (lambda: body("densenet", 4, width=1 / 16, convolutions=(2, 2, 1, 1)), 256),
    "odd": (Odd, 64),
}


@pytest.mark.parametrize("name", REACHING)
def test_fields_are_what_gradients_reach(name):
    factory, size = REACHING[name]
    with torch.random.fork_rng(devices=[]):
        model = factory()
    report = inspect(factory, (1, 1, size, size))
    top, height, left, width = reached(model, size)
    assert report.root.receptive_field == (height, width)
    assert height < size and width < size  # or nothing was measured
    y, x = report.output_shape[2] // 2, report.output_shape[3] // 2
    below, _, right, _ = reached(model, size, (y + 1, x + 1))
    assert report.root.jump == (below - top, right - left)


# The same for every network of the project, of which some see thousands of pixels: on a tall and narrow picture.

NARROWEST = {"lenet": 28, "alexnet": 96, "vgg": 32, "nin": 96, "googlenet": 1, "resnet": 1, "densenet": 32}


def spreading(model: nn.Module) -> nn.Module:
    """Weights that average: over a hundred layers neither values nor gradients fade away."""
    for module in averaging(model).modules():
        if isinstance(module, nn.Conv2d):
            nn.init.constant_(module.weight, 1 / module.weight[0].numel())
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model.double().eval()


def rows_reached(model: nn.Module, height: int, width: int) -> tuple[int, int]:
    """How many rows of the input the position in the middle depends on, and how much further down the next one is."""
    picture = torch.ones(1, 1, height, width, dtype=torch.float64, requires_grad=True)
    output = model(picture)
    middle = output.shape[2] // 2
    found = []
    for place in (middle, middle + 1):
        (gradient,) = torch.autograd.grad(output[0, :, place].sum(), picture, retain_graph=True)
        rows = gradient[0, 0].abs().sum(1).nonzero().flatten()
        found.append((int(rows[0]), int(rows[-1]) + 1))
    assert found[0][0] > 0 and found[0][1] < height  # or nothing was measured
    return found[0][1] - found[0][0], found[1][0] - found[0][0]


@pytest.mark.parametrize("entry", catalog(), ids=lambda entry: entry.key)
def test_every_network_sees_what_its_gradients_reach(entry, report_by_key):
    spec = entry.spec()
    with torch.random.fork_rng(devices=[]):
        body = body_of(spec.replace(width=1 / 32) if hasattr(spec, "width") else spec)
    seeing = [row for row in report_by_key(entry.key).stages if row.receptive_field]
    stages = [(name, stage) for name, stage in body.named_children() if name in {row.path for row in seeing}]
    assert [name for name, _ in stages] == [row.path for row in seeing][: len(stages)] and len(stages) >= 4
    last = seeing[len(stages) - 1]
    height = last.receptive_field[0] + 12 * last.jump[0]
    model = spreading(nn.Sequential(*(stage for _, stage in stages)))
    assert rows_reached(model, height, NARROWEST[spec.family]) == (last.receptive_field[0], last.jump[0])
    assert last.receptive_field[0] == last.receptive_field[1]


# Where there are no positions any more


def test_dense_layers_and_global_averages_have_no_field():
    report = inspect(lambda: build("lenet"), (1, 1, 28, 28))
    assert seen(report, "pool2") == ((16, 16), (4, 4))
    for path in ("flatten", "dense1", "output", ""):
        assert seen(report, path) == (None, None)
    resnet = inspect(lambda: build("resnet18"), (1, 1, 96, 96))
    assert seen(resnet, "head.pool") == (None, None)


def test_scaling_by_a_global_average_lets_every_position_see_everything():
    """Squeeze-and-excitation: still a map of positions, but no window any more."""
    report = inspect(lambda: get_model("efficientnet_b0"), (1, 3, 224, 224))
    row = next(row for row in report.layers if row.type == "SqueezeExcitation")
    assert row.receptive_field is None
    assert row.jump == (2, 2)


def test_attention_sees_everything():
    report = inspect(lambda: get_model("vit_b_16"), (1, 3, 224, 224))
    assert seen(report, "conv_proj") == ((16, 16), (16, 16))
    assert seen(report, "encoder") == (None, None)


def test_normalising_over_positions_sees_everything():
    report = inspect(lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.LayerNorm((30, 30))), (1, 1, 32, 32))
    assert seen(report, "1") == (None, (1, 1))


@pytest.mark.parametrize("entry", catalog(), ids=lambda entry: entry.key)
def test_fields_only_grow_along_a_network(entry, report_by_key):
    report = report_by_key(entry.key)
    sizes = [row.receptive_field for row in report.stages if row.receptive_field]
    assert sizes == sorted(sizes)
    assert len(sizes) >= 4
    assert report.root.receptive_field is None
