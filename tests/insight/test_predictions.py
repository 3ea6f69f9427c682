"""Every number of the results page, computed a second time from the stored predictions by other means."""

from collections import Counter

import numpy as np
import pytest
import torch

from cnnviz.data import fashion_mnist
from cnnviz.errors import CnnvizError
from cnnviz.insight.predictions import (
    Predictions,
    class_scores,
    confused_pairs,
    confusion,
    examples,
    predict,
    worst,
)
from cnnviz.specs.training import TrainingConfig
from cnnviz.training import train
from cnnviz.training.history import LAST


@pytest.fixture(scope="module", params=["lenet_bn", "resnet18"])
def trained(request, tmp_path_factory):
    """(config, folder, last event) of a short run."""
    sizes = {"architecture": request.param, "train_images": 640, "batch_size": 64, "test_images": 300, "evaluations": 1}
    shape = {} if request.param == "lenet_bn" else {"image_size": 32, "width": 0.25}
    config = TrainingConfig.parse({**sizes, "optimizer": "adam", "learning_rate": 0.005, "precision": "float32"})
    config = config.replace(architecture=config.architecture.replace(in_channels=1, **shape))
    folder = tmp_path_factory.mktemp("run")
    return config, folder, list(train(config, folder=folder))[-1]


@pytest.fixture(scope="module")
def found(trained):
    config, folder, _last = trained
    return predict(config, folder / LAST)


def test_the_checkpoint_says_what_the_training_measured(trained, found):
    _config, _folder, last = trained
    assert found.accuracy == pytest.approx(last.test_accuracy, abs=1 / 300 + 1e-9)
    assert found.loss == pytest.approx(last.test_loss, rel=1e-3)
    assert found.probabilities.sum(1) == pytest.approx(np.ones(300), abs=1e-5)
    assert (found.labels == fashion_mnist("test").labels[:300]).all()


def test_counts_of_the_matrix(found):
    pairs = Counter()
    for label, row in zip(found.labels.tolist(), found.probabilities.tolist(), strict=True):
        pairs[label, max(range(10), key=row.__getitem__)] += 1
    matrix = confusion(found.labels, found.predicted)
    assert {(i, j): int(matrix[i, j]) for i in range(10) for j in range(10) if matrix[i, j]} == dict(pairs)
    assert matrix.sum() == 300 and matrix.trace() / 300 == pytest.approx(found.accuracy)


def test_shares_of_the_classes(found):
    for score in class_scores(confusion(found.labels, found.predicted)):
        own = [p for label, p in zip(found.labels, found.predicted, strict=True) if label == score.label]
        said = [label for label, p in zip(found.labels, found.predicted, strict=True) if p == score.label]
        assert score.images == len(own)
        assert score.recall == pytest.approx(sum(p == score.label for p in own) / len(own))
        right = sum(label == score.label for label in said)
        assert score.precision == (pytest.approx(right / len(said)) if said else None)


def test_the_pairs_are_the_largest_and_their_pictures_are_such_mistakes(found):
    matrix = confusion(found.labels, found.predicted)
    both = {(i, j): matrix[i, j] + matrix[j, i] for i in range(10) for j in range(i)}
    pairs = confused_pairs(matrix, 4)
    assert [pair.count for pair in pairs] == sorted(both.values(), reverse=True)[:4]
    for pair in pairs:
        assert pair.forth == matrix[pair.first, pair.second] >= pair.back == matrix[pair.second, pair.first]
        shown = examples(found, pair.first, pair.second, 3)
        assert len(shown) == min(3, pair.forth)
        sure = [found.probabilities[number, pair.second] for number in shown]
        assert sure == sorted(sure, reverse=True)
        assert all(found.labels[n] == pair.first and found.predicted[n] == pair.second for n in shown)


def test_the_worst_mistakes_have_the_largest_loss(found):
    loss = torch.nn.functional.nll_loss(
        torch.tensor(np.log(np.maximum(found.probabilities, 1e-30))), torch.tensor(found.labels.astype(np.int64)),
        reduction="none",
    ).numpy()  # fmt: skip
    wrong = [n for n in range(300) if found.predicted[n] != found.labels[n]]
    shown = worst(found, 10)
    assert len(shown) == min(10, len(wrong)) and set(shown) <= set(wrong)
    assert min(loss[list(shown)]) >= max((loss[n] for n in wrong if n not in shown), default=0) - 1e-5


def test_of_no_mistakes_there_is_nothing_to_show():
    perfect = Predictions(np.eye(10, dtype=np.float32)[[3, 4]], np.array([3, 4], np.uint8))
    assert worst(perfect) == () and confused_pairs(confusion(perfect.labels, perfect.predicted)) == ()
    assert class_scores(confusion(perfect.labels, perfect.predicted))[0].recall is None
    assert perfect.accuracy == 1


def test_a_checkpoint_that_has_gone_is_a_sentence(trained, tmp_path):
    with pytest.raises(CnnvizError, match="cannot be read"):
        predict(trained[0], tmp_path / LAST)
