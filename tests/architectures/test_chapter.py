"""The chapter's table as facts: the shape after every stage, the totals, and every block's example."""

import pytest
import torch
from torch import nn

from cnnviz.architectures import build, catalog
from cnnviz.architectures.batch_norm import BatchNorm
from cnnviz.architectures.densenet import DenseBlock, TransitionBlock
from cnnviz.architectures.googlenet import InceptionBlock
from cnnviz.architectures.nin import nin_block
from cnnviz.architectures.resnet import ResidualBlock
from cnnviz.architectures.resnext import ResNeXtBlock
from cnnviz.architectures.vgg import vgg_block
from cnnviz.errors import CnnvizError
from tests.reports import report


def square(channels, *sizes):
    return [(channels, size, size) for size in sizes]


HEAD = [(4096,), (4096,), (10,)]
SHAPES = {
    "lenet": [*square(6, 28, 14), *square(16, 10, 5), (400,), (120,), (84,), (10,)],
    "lenet_bn": [*square(6, 24, 12), *square(16, 8, 4), (256,), (120,), (84,), (10,)],
    "alexnet": [*square(96, 54, 26), *square(256, 26, 12), *square(384, 12), *square(384, 12), *square(256, 12, 5),
                (6400,), *HEAD],
    "vgg11": [*square(64, 112), *square(128, 56), *square(256, 28), *square(512, 14), *square(512, 7), (25088,), *HEAD],
    "vgg11_small": [*square(16, 112), *square(32, 56), *square(64, 28), *square(128, 14), *square(128, 7), (6272,),
                    *HEAD],
    "nin": [*square(96, 54, 26), *square(256, 26, 12), *square(384, 12, 5), *square(10, 5, 1), (10,)],
    "googlenet": [*square(64, 24), *square(192, 12), *square(480, 6), *square(832, 3), (1024,), (10,)],
    "resnet18": [*square(64, 24), *square(64, 24), *square(128, 12), *square(256, 6), *square(512, 3), (10,)],
    "densenet": [*square(64, 24), *square(192, 24), *square(96, 12), *square(224, 12), *square(112, 6), *square(240, 6),
                 *square(120, 3), *square(248, 3), (10,)],
}  # fmt: skip


@pytest.mark.parametrize("key", SHAPES)
def test_every_shape_of_the_table_appears_in_its_order(key):
    entry = next(entry for entry in catalog() if entry.key == key)
    outputs = iter([row.output_shape[1:] for row in report(entry.key).layers])
    missing = [shape for shape in SHAPES[key] if not any(shape == found for found in outputs)]
    assert not missing


@pytest.mark.parametrize("entry", catalog(), ids=lambda entry: entry.key)
def test_every_network_maps_a_picture_to_its_classes(entry):
    with torch.device("meta"):
        model = build(entry.key).eval()
        assert model(torch.empty(entry.input_shape)).shape == (1, entry.spec().num_classes)


PAPER = [entry.key for entry in catalog() if entry.form == "paper"]


@pytest.mark.parametrize("key", PAPER)
def test_the_papers_form_weighs_what_torchvisions_does(key):
    import torchvision

    with torch.device("meta"):
        ours = build(key, in_channels=3, num_classes=1000)
        theirs = getattr(torchvision.models, key)()
    assert sum(p.numel() for p in ours.parameters()) == sum(p.numel() for p in theirs.parameters())


BLOCKS = [
    (lambda: vgg_block(2, 3, 8), (2, 3, 16, 16), (2, 8, 8, 8)),
    (lambda: nin_block(1, 96, 11, stride=4), (1, 1, 224, 224), (1, 96, 54, 54)),
    (lambda: InceptionBlock(192, 64, (96, 128), (16, 32), 32), (1, 192, 28, 28), (1, 256, 28, 28)),
    (lambda: ResidualBlock(3, 3), (4, 3, 6, 6), (4, 3, 6, 6)),
    (lambda: ResidualBlock(3, 6, 2, use_projection=True), (4, 3, 6, 6), (4, 6, 3, 3)),
    (lambda: ResNeXtBlock(32, 16), (4, 32, 96, 96), (4, 32, 96, 96)),
    (lambda: ResNeXtBlock(32, 16, use_projection=True, stride=2), (4, 32, 96, 96), (4, 32, 48, 48)),
    (lambda: DenseBlock(2, 3, 10), (4, 3, 8, 8), (4, 23, 8, 8)),
    (lambda: TransitionBlock(23, 10), (4, 23, 8, 8), (4, 10, 4, 4)),
]


@pytest.mark.parametrize(("make", "given", "expected"), BLOCKS)
def test_the_blocks_of_the_chapter(make, given, expected):
    assert make()(torch.randn(given)).shape == expected


@pytest.mark.parametrize(("channels", "stride"), [(6, 1), (3, 2)])
def test_a_shortcut_that_does_not_fit_is_refused(channels, stride):
    with pytest.raises(CnnvizError) as caught:
        ResidualBlock(3, channels, stride)(torch.randn(4, 3, 6, 6))
    assert caught.value.code == "shortcut_needed"


@pytest.mark.parametrize(("reference", "shape"), [(nn.BatchNorm1d(7), (16, 7)), (nn.BatchNorm2d(7), (8, 7, 5, 5))])
def test_batch_norm_from_scratch_equals_torchs(reference, shape):
    own, generator = BatchNorm(7), torch.Generator().manual_seed(1)
    for _batch in range(5):
        batch = torch.randn(shape, generator=generator) * 3 + 2
        torch.testing.assert_close(own.train()(batch), reference.train()(batch), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(own.eval()(batch), reference.eval()(batch), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(own.running_var, reference.running_var, atol=1e-5, rtol=1e-5)


def test_the_same_generator_gives_the_same_weights():
    first, again = (build("lenet", generator=torch.Generator().manual_seed(5)) for _time in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))


@pytest.mark.parametrize(("key", "smallest"), [("vgg11", 32), ("lenet", 14)])
def test_too_small_an_input_names_the_layer_and_the_smallest_that_works(key, smallest):
    with pytest.raises(CnnvizError) as caught:
        build(key, image_size=4)
    assert caught.value.code == "input_too_small"
    found = caught.value.parameters["smallest"]
    build(key, image_size=found)
    with pytest.raises(CnnvizError):
        build(key, image_size=found - 1)
    assert found <= smallest and caught.value.parameters["layer"]


def test_an_unknown_network_is_named():
    with pytest.raises(CnnvizError, match="perceptron9000"):
        build("perceptron9000")
