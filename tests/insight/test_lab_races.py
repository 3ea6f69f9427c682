"""What the labs' races show, trained to the end: minutes, so only `make soak` runs them."""

import pytest

from cnnviz.specs.labs import batch_norm, residual
from cnnviz.training import train


def accuracies(racers):
    """Test accuracy of each racer at its end, in their order."""
    return [list(train(racer.config))[-1].test_accuracy for racer in racers]


@pytest.mark.soak
def test_after_one_epoch_at_a_tenth_only_batch_norm_has_learnt():
    with_it, without = accuracies(batch_norm.racers(0.1))
    assert with_it > 0.75
    assert without < 0.15, "one of ten classes, guessed"


@pytest.mark.soak
def test_the_plain_network_with_56_layers_ends_last():
    deep_plain, deep_residual, plain, residual_ = accuracies(residual.racers())
    assert deep_plain < min(deep_residual, plain, residual_)


def test_the_races_are_what_their_texts_say():
    for rate in (0.01, 3.0):
        with_it, without = (racer.config for racer in batch_norm.racers(rate))
        assert with_it.replace(architecture="lenet") == without.replace(architecture="lenet")
        assert (with_it.architecture.key, without.architecture.key) == ("lenet_bn", "lenet")
        assert (with_it.epochs, with_it.optimizer, with_it.momentum, with_it.train_images) == (1, "sgd", 0, 60_000)
        assert with_it.learning_rate == rate
    for racer in residual.racers():
        config = racer.config
        assert (config.epochs, config.optimizer, config.train_images) == (3, "adam", 6_000)
