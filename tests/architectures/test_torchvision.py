"""The second shelf against the installed torchvision: the same names, figures and networks."""

import json

import pytest
import torch
import torchvision
from torch import nn

from cnnviz.architectures import architecture, build
from cnnviz.architectures.failure import find_failure
from cnnviz.architectures.limits import smallest_image_size
from cnnviz.architectures.published import published, table, title, written
from cnnviz.errors import CnnvizError
from cnnviz.specs.catalog import torchvision_catalog
from cnnviz.specs.torchvision import FILE
from tests.heavy import heavy_in_soak

NAMES = torchvision.models.list_models(module=torchvision.models)
PARAMETERS_OF_AUXILIARY_HEADS = {"inception_v3": 3_326_696}  # published with its head; the network in use has none


def test_the_shelf_holds_what_torchvision_lists():
    assert [entry.key for entry in torchvision_catalog()] == [f"torchvision/{name}" for name in NAMES]


@pytest.mark.parametrize("name", NAMES)
def test_the_figures_are_torchvisions(name):
    entry = architecture(f"torchvision/{name}")
    assert entry.published == published(name)
    assert entry.title == title(name) and entry.title.endswith("(torchvision)") and "_" not in entry.title
    assert entry.spec().image_size == entry.published.crop_size
    assert entry.parameters == entry.published.parameters - PARAMETERS_OF_AUXILIARY_HEADS.get(name, 0)
    digit = 0.0006  # thousand million: they are printed to three decimals
    assert entry.macs / 1e9 == pytest.approx(entry.published.gmacs, rel=0.01, abs=digit)
    assert entry.form == "torchvision" and entry.paper.reference.startswith("arXiv ")


@pytest.mark.parametrize("name", heavy_in_soak(NAMES))
def test_every_network_builds_on_meta_with_the_published_parameters(name):
    entry = architecture(f"torchvision/{name}")
    with torch.device("meta"):
        model = build(entry.key)
    tensors = [*model.parameters(), *model.buffers()]
    assert {tensor.device.type for tensor in tensors} == {"meta"}
    assert sum(parameter.numel() for parameter in model.parameters()) == entry.parameters
    assert model.spec == entry.spec()


# One network of each family, at a size that is quick.
FAMILIES = {
    "alexnet": 64, "convnext_tiny": 32, "densenet121": 32, "efficientnet_b0": 32, "efficientnet_v2_s": 32,
    "googlenet": 32, "inception_v3": 75, "maxvit_t": 224, "mnasnet0_5": 32, "mobilenet_v2": 32,
    "mobilenet_v3_small": 32, "regnet_x_400mf": 32, "regnet_y_400mf": 32, "resnet18": 32, "resnext50_32x4d": 32,
    "shufflenet_v2_x0_5": 32, "squeezenet1_1": 32, "swin_t": 32, "swin_v2_t": 32, "vgg11": 32, "vgg11_bn": 32,
    "vit_b_32": 64, "wide_resnet50_2": 32,
}  # fmt: skip


def test_every_family_has_its_example():
    papers = {entry.paper.reference for entry in torchvision_catalog()}
    assert {architecture(f"torchvision/{name}").paper.reference for name in FAMILIES} == papers


@pytest.mark.parametrize("name", FAMILIES)
def test_other_channels_and_classes(name):
    size = FAMILIES[name]
    with torch.device("meta"):
        model = build(f"torchvision/{name}", in_channels=1, num_classes=10, image_size=size)
    assert find_failure(model, (2, 1, size, size)) is None
    with torch.no_grad():
        assert model.eval()(torch.empty(2, 1, size, size, device="meta")).shape == (2, 10)


SMALL = {"mobilenet_v3_small": 32, "regnet_x_400mf": 32, "swin_t": 32, "googlenet": 32, "efficientnet_b0": 32}


@pytest.mark.parametrize("name", SMALL)
def test_real_networks_start_from_torchvisions_weights(name):
    """The generator's seed gives what torchvision draws after `torch.manual_seed`, and the global state stays."""
    size = SMALL[name]
    options = {"aux_logits": False, "init_weights": True} if name == "googlenet" else {}
    with torch.random.fork_rng():
        torch.manual_seed(4)
        theirs = torchvision.models.get_model(name, num_classes=10, **options).eval()
    before = torch.random.get_rng_state()
    ours = build(
        f"torchvision/{name}", num_classes=10, image_size=size, generator=torch.Generator().manual_seed(4)
    ).eval()
    assert torch.equal(before, torch.random.get_rng_state())
    state = theirs.state_dict()
    assert ours.state_dict().keys() == state.keys()
    for key, value in ours.state_dict().items():
        assert torch.equal(value, state[key]), key
    images = torch.rand(2, 3, size, size)
    with torch.no_grad():
        torch.testing.assert_close(ours(images), theirs(images))


def test_xavier_reaches_torchvisions_convolutions():
    model = build("torchvision/mobilenet_v3_small", generator=torch.Generator().manual_seed(1), initialization="xavier")
    dense = model.classifier[0].weight
    bound = (6 / sum(dense.shape)) ** 0.5
    assert 0.99 * bound < dense.abs().max() <= bound


def test_the_first_convolution_keeps_its_settings():
    with torch.device("meta"):
        one, three = (build("torchvision/resnet18", in_channels=channels) for channels in (1, 3))
    assert repr(one.conv1) == repr(three.conv1).replace("Conv2d(3,", "Conv2d(1,")
    assert repr(one.layer4) == repr(three.layer4)


def test_auxiliary_heads_are_left_out():
    with torch.device("meta"):
        for name in ("googlenet", "inception_v3"):
            model = build(f"torchvision/{name}")
            assert not any("aux" in path for path, module in model.named_modules() if isinstance(module, nn.Linear))
            assert isinstance(model(torch.empty(2, 3, 299, 299)), torch.Tensor)  # in training mode too


@pytest.mark.parametrize(
    ("name", "size", "code", "words"),
    [
        ("vit_b_16", 100, "size_not_a_multiple", "multiple of 16. Try 96."),
        ("vit_h_14", 8, "size_not_a_multiple", "multiple of 14. Try 14."),
        ("maxvit_t", 96, "size_not_a_multiple", "multiple of 224. Try 224."),
        ("inception_v3", 40, "input_too_small", "needs at least 75 px: at 40 px, layer"),
        ("alexnet", 28, "input_too_small", "needs at least 63 px: at 28 px, layer features.5 receives 192×2×2"),
    ],
)
def test_a_size_that_cannot_work_is_a_sentence(name, size, code, words):
    with pytest.raises(CnnvizError) as caught:
        build(f"torchvision/{name}", image_size=size)
    assert (caught.value.code, caught.value.field) == (code, "image_size")
    assert words in str(caught.value)


@pytest.mark.parametrize("name", ["alexnet", "vgg11", "squeezenet1_0", "inception_v3", "densenet121"])
def test_the_smallest_input_is_what_torchvision_states(name):
    entry = architecture(f"torchvision/{name}")
    smallest = smallest_image_size(entry.spec())
    assert smallest <= entry.published.min_size
    if name in ("alexnet", "vgg11", "inception_v3", "densenet121"):
        assert smallest == entry.published.min_size


@pytest.mark.parametrize(("name", "smallest"), [("vit_b_16", 16), ("vit_h_14", 14), ("maxvit_t", 224)])
def test_networks_built_for_a_size_have_the_smallest_that_they_can_be_built_for(name, smallest):
    assert smallest_image_size(architecture(f"torchvision/{name}").spec()) == smallest
    with torch.device("meta"):
        build(f"torchvision/{name}", image_size=smallest)


def test_the_file_is_what_the_command_prints(monkeypatch):
    """The whole file would take a minute, so three networks stand for it; the figures above hold the rest."""
    some = ["alexnet", "regnet_x_400mf", "mobilenet_v3_small"]
    monkeypatch.setattr(torchvision.models, "list_models", lambda module: some)
    printed, kept = json.loads(written(table())), json.loads(FILE.read_text(encoding="utf-8"))
    assert printed["networks"] == {name: kept["networks"][name] for name in some}
    assert written(kept) == FILE.read_text(encoding="utf-8")


def test_the_file_is_small():
    assert FILE.stat().st_size < 40_000
