"""Is it still a cat? Networks are found by their weights on disk, and their answers are torchvision's own."""

import pytest
import torch
from safetensors.torch import save_file
from torchvision.models import AlexNet_Weights, get_model
from torchvision.transforms.v2 import functional

from cnnviz.data import cat
from cnnviz.insight.imagenet_curve import CATS, imagenet_curve
from cnnviz.insight.inside import prepared
from cnnviz.insight.published import VARIABLE, available, class_names, spec_of
from cnnviz.specs.augmentation import Brightness, Grayscale


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """Weights of one network, drawn at random, where the server looks for them."""
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert available() == {}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = get_model("alexnet", weights=None).eval()
    save_file(network.state_dict(), tmp_path / "alexnet.safetensors")
    return network


def test_a_network_whose_weights_are_there_is_asked_as_they_want_it(weights):
    assert tuple(available()) == ("alexnet",)
    curve = imagenet_curve("alexnet", Grayscale(), "applied")
    wanted = AlexNet_Weights.IMAGENET1K_V1.transforms()
    picture = functional.normalize(torch.from_numpy(prepared(cat(), spec_of("alexnet"))), wanted.mean, wanted.std)
    with torch.inference_mode():
        expected = weights(picture).softmax(1)[0]
    assert curve.values == (0, 1) and curve.label == CATS.start
    assert curve.probabilities[0] == pytest.approx(float(expected[281:286].sum()), rel=1e-5)
    assert curve.probabilities[0] != curve.probabilities[1]
    assert all(answer == CATS.start or answer not in CATS for answer in curve.answers)


def test_a_network_that_is_not_there_is_not_asked(weights):
    with pytest.raises(KeyError):
        imagenet_curve("resnet18", Brightness(), "brightness")


def test_the_cats_of_imagenet():
    names = class_names("resnet18")
    assert len(names) == 1000
    assert [names[number] for number in CATS] == ["tabby", "tiger cat", "Persian cat", "Siamese cat", "Egyptian cat"]
