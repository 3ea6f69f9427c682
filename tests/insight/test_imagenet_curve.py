"""Is it still a cat? Networks are found by their weights on disk, and their answers are torchvision's own."""

import pytest
import torch
from torchvision.models import SqueezeNet1_1_Weights, get_model

from cnnviz.data import cat
from cnnviz.insight.imagenet_curve import CATS, category_names, imagenet_curve, networks_on_disk
from cnnviz.specs.augmentation import Brightness, Grayscale


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """Weights of one network, drawn at random, where torch keeps those that it has fetched."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert networks_on_disk() == ()
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = get_model("squeezenet1_1", weights=None).eval()
    torch.save(network.state_dict(), folder / SqueezeNet1_1_Weights.IMAGENET1K_V1.url.rpartition("/")[2])
    return network


def test_a_network_whose_weights_are_there_is_asked_as_they_want_it(weights):
    assert networks_on_disk() == ("squeezenet1_1",)
    curve = imagenet_curve("squeezenet1_1", Grayscale(), "applied")
    picture = SqueezeNet1_1_Weights.IMAGENET1K_V1.transforms()(cat())
    with torch.inference_mode():
        expected = weights(picture[None]).softmax(1)[0]
    assert curve.values == (0, 1) and curve.label == CATS.start
    assert curve.probabilities[0] == pytest.approx(float(expected[281:286].sum()), rel=0.02)
    assert curve.probabilities[0] != curve.probabilities[1]
    assert all(answer == CATS.start or answer not in CATS for answer in curve.answers)


def test_a_network_that_is_not_there_is_not_asked(weights):
    with pytest.raises(KeyError):
        imagenet_curve("resnet18", Brightness(), "brightness")


def test_the_cats_of_imagenet():
    names = category_names()
    assert len(names) == 1000
    assert [names[number] for number in CATS] == ["tabby", "tiger cat", "Persian cat", "Siamese cat", "Egyptian cat"]
