"""Checkpoints brought back to life: what is shown is what the network computes."""

import numpy as np
import pytest
import torch

from cnnviz.data import fashion_mnist
from cnnviz.insight.replay import inputs_of, look, norms, restored
from cnnviz.specs.training import TrainingConfig
from cnnviz.training import train
from cnnviz.training.batches import Batches
from cnnviz.training.choices import choose
from cnnviz.training.history import LAST, history

PICTURE = fashion_mnist("test").images[7]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    config = TrainingConfig.parse(
        {"architecture": "lenet_bn", "train_images": 640, "batch_size": 64, "test_images": 100, "evaluations": 1,
         "optimizer": "adam", "learning_rate": 0.01}
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("run")
    list(train(config, folder=folder))
    return config, folder


@pytest.mark.parametrize("size", [28, 32, 96, 20])
def test_inputs_are_those_of_the_training(size):
    config = TrainingConfig.parse({"architecture": "lenet", "test_images": 50})
    config = config.replace(architecture=config.architecture.replace(image_size=size))
    expected, _labels = next(iter(Batches(config, choose(config)).testing()))
    assert torch.equal(inputs_of(fashion_mnist("test").images[: len(expected)], config), expected)


def test_filters_and_maps_are_the_networks_own(run):
    config, folder = run
    found = look(config, folder / LAST, PICTURE)
    network = restored(config, folder / LAST)
    first = network.conv1
    weight = next(module for module in first.modules() if isinstance(module, torch.nn.Conv2d)).weight
    assert found.filters == pytest.approx(weight[:, 0].detach().numpy())
    with torch.no_grad():
        value = inputs_of(PICTURE[None], config)
        for stage in found.stages:
            value = getattr(network, stage.name)(value)
            assert stage.channels == value.shape[1]
            assert stage.maps == pytest.approx(value[0, : len(stage.maps)].numpy(), abs=1e-6)
        assert found.probabilities == pytest.approx(network(inputs_of(PICTURE[None], config))[0].softmax(0).numpy())
    assert [stage.name for stage in found.stages] == ["conv1", "pool1", "conv2", "pool2"]


def test_the_past_differs_from_the_present(run):
    config, folder = run
    kept = history(folder)
    assert len(kept) >= 2
    before, after = (look(config, path, PICTURE) for path in (kept[0][1], kept[-1][1]))
    assert not np.allclose(before.filters, after.filters)


def test_sizes_of_weights_and_gradients(run):
    config, folder = run
    found = {row.layer: row for row in norms(config, folder / LAST)}
    network = restored(config, folder / LAST).train()
    images, labels = fashion_mnist("train")
    loss = torch.nn.functional.cross_entropy(
        network(inputs_of(images[:64], config)), torch.tensor(labels[:64].astype("int64"))
    )
    layers = {name: m for name, m in network.named_modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear)}
    assert list(found) == list(layers), "from the input to the output"
    gradients = torch.autograd.grad(loss, [layer.weight for layer in layers.values()])
    for (name, layer), gradient in zip(layers.items(), gradients, strict=True):
        assert found[name].weight == pytest.approx(float(layer.weight.detach().square().mean() ** 0.5), rel=1e-4)
        assert found[name].gradient == pytest.approx(float(gradient.square().mean() ** 0.5), rel=1e-3)


def test_a_network_with_dropout_draws_nothing_from_the_global_state(tmp_path):
    config = TrainingConfig.parse({"architecture": "lenet", "train_images": 64, "batch_size": 64, "test_images": 10})
    config = config.replace(architecture=config.architecture.replace(dropout=0.5))
    list(train(config, folder=tmp_path))
    state = torch.get_rng_state()
    assert norms(config, tmp_path / LAST) == norms(config, tmp_path / LAST), "no chance in it"
    assert torch.equal(state, torch.get_rng_state())
