"""The smallest input of every network, found by trying each size, and the sentence for one that is too small."""

import pytest
import torch
from torch import nn

from cnnviz.architectures import architecture, build, catalog
from cnnviz.architectures.failure import find_failure
from cnnviz.architectures.families import body_of
from cnnviz.architectures.limits import check_input, explain, smallest_image_size
from cnnviz.errors import CnnvizError
from tests.heavy import heavy_in_soak


def body(spec):
    with torch.device("meta"):
        return body_of(spec)


# Each with the number of sizes that are tried; the networks with batch norm are slow on the meta device.
ONE_OF_EACH = {
    "lenet": 60, "lenet_bn": 60, "alexnet": 100, "vgg11": 60, "nin": 100, "googlenet": 30, "resnet18": 30,
    "resnext50_32x4d": 10, "densenet": 40,
}  # fmt: skip
VARIANTS = [
    ("lenet", {"channels": (6, 16, 32), "kernel_size": 3, "padding": 1}),
    ("lenet", {"kernel_size": 7, "stride": 3}),
    ("alexnet", dict(architecture("alexnet").presets[0].options)),
    ("nin", {"pointwise": 3, "paddings": (0, 0, 0)}),
    ("vgg11", {"channels": (8, 8), "convolutions": (3, 1)}),
    ("densenet", {"stem": "small", "convolutions": (2, 2)}),
    ("googlenet", {"pooling": "average", "norm": "after"}),
    ("resnet18", {"stem": "small", "preactivation": True}),
]


@pytest.mark.parametrize(("key", "options"), [*((key, {}) for key in ONE_OF_EACH), *VARIANTS], ids=str)
def test_it_is_the_smallest_of_all_sizes_tried(key, options):
    spec = architecture(key).spec(**{"image_size": 224, **options})
    model, most = body(spec), ONE_OF_EACH[key] + (60 if key == "nin" and options else 0)
    works = [size for size in range(1, most) if find_failure(model, (1, 1, size, size)) is None]
    assert smallest_image_size(spec) == works[0]
    assert works == list(range(works[0], most))  # what works at one size works at every larger one


@pytest.mark.parametrize("key", ["lenet", "nin", "alexnet", "densenet", "vgg11_small"])
def test_the_cpu_agrees_with_the_meta_device(key):
    options = {} if key == "vgg11_small" else {"width": 0.1}
    smallest = smallest_image_size(architecture(key).spec(**options))
    model = build(key, image_size=smallest, **options).eval()
    assert model(torch.rand(1, 1, smallest, smallest)).shape == (1, 10)
    with pytest.raises(CnnvizError) as caught:
        model(torch.rand(1, 1, smallest - 1, smallest - 1))
    assert caught.value.code == "input_too_small"


SENTENCES = [
    ("vgg11", 8, "VGG-11 needs at least 32 px: at 8 px, layer block4.pool receives 512×1×1 and cannot work."),
    ("vgg11", 31, "VGG-11 needs at least 32 px: at 31 px, layer block5.pool receives 512×1×1 and cannot work."),
    ("lenet", 5, "LeNet-5 needs at least 12 px: at 5 px, layer conv2.conv receives 6×2×2 and cannot work."),
    ("alexnet", 28, "AlexNet needs at least 65 px: at 28 px, layer pool2 receives 256×2×2 and cannot work."),
    ("densenet121", 20, "DenseNet-121 needs at least 29 px: at 20 px, layer transition3.pool receives 512×1×1 and "
                        "cannot work."),
]  # fmt: skip


@pytest.mark.parametrize(("key", "size", "sentence"), SENTENCES)
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_building_for_too_small_an_input_is_a_sentence_at_the_field(key, size, sentence, device):
    with pytest.raises(CnnvizError) as caught, torch.device(device):
        build(key, image_size=size)
    assert str(caught.value) == sentence
    assert caught.value.field == "image_size"


@pytest.mark.parametrize(
    ("key", "shape", "code", "words"),
    [
        ("lenet", (1, 1, 5, 5), "input_too_small", "layer conv2.conv receives 6×2×2"),
        ("lenet", (1, 1, 40, 5), "input_too_small", "at 5 px"),
        ("lenet", (1, 1, 32, 32), "input_wrong", "LeNet-5 cannot take an input of 1×32×32: layer dense1.dense fails"),
        ("lenet", (2, 3, 28, 28), "input_wrong", "3×28×28: layer conv1.conv"),
        ("lenet", (28, 28), "input_wrong", "layer conv1.conv"),
        ("densenet", (1, 1, 16, 16), "input_too_small", "needs at least 29 px"),
    ],
)
def test_a_forward_pass_that_cannot_work_says_why(key, shape, code, words):
    model = build(key).eval()
    with pytest.raises(CnnvizError) as caught:
        model(torch.rand(shape))
    assert caught.value.code == code and words in str(caught.value)


def test_what_is_not_the_inputs_fault_stays_what_it_is():
    model = build("lenet")
    with pytest.raises(RuntimeError, match=r"type"):
        model(torch.zeros(1, 1, 28, 28, dtype=torch.long))
    assert explain(model.spec, (4, 1, 28, 28)) is None


@pytest.mark.parametrize("entry", heavy_in_soak(catalog()), ids=lambda entry: entry.key)
def test_every_default_passes(entry):
    check_input(entry.spec())
    assert smallest_image_size(entry.spec()) <= entry.spec().image_size


@pytest.mark.parametrize("key", ["resnet18", "resnet50", "googlenet"])
def test_networks_that_average_take_a_single_pixel(key):
    model = build(key, image_size=1, generator=torch.Generator()).eval()
    assert model(torch.rand(1, 1, 1, 1)).isfinite().all()


def test_enormous_strides_still_have_an_answer():
    spec = architecture("alexnet").spec(strides=(8, 8, 8, 8, 8), kernel_sizes=(15, 15, 15, 15, 15), image_size=1024)
    smallest = smallest_image_size(spec)
    model = body(spec.skeleton())
    assert find_failure(model, (1, 1, smallest, smallest)) is None
    assert find_failure(model, (1, 1, smallest - 1, smallest - 1)) is not None
    with pytest.raises(CnnvizError, match=str(smallest)):
        build(spec)


class Picky(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU())
        self.second = nn.Conv2d(2, 2, 3)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        if x.shape[2] > 20:
            raise ValueError("too much\nfor me")
        return self.second(self.drop(self.first(x)))


def test_the_failure_is_the_innermost_module_and_the_network_stays_as_it_was():
    model = Picky()
    model.drop.eval()
    before = {name: module.training for name, module in model.named_modules()}
    state = torch.random.get_rng_state()
    assert find_failure(model, (1, 1, 8, 8)) is None
    failure = find_failure(model, (2, 1, 3, 3))
    assert (failure.path, failure.type, failure.received) == ("second", "Conv2d", (2, 2, 1, 1))
    assert "Kernel size" in failure.reason
    failure = find_failure(model, (2, 1, 30, 30))
    assert (failure.path, failure.type, failure.received, failure.reason) == ("", "Picky", (2, 1, 30, 30), "too much")
    assert before == {name: module.training for name, module in model.named_modules()}
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    assert torch.equal(state, torch.random.get_rng_state())
