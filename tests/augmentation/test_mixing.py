"""MixUp and CutMix against torchvision's classes: the shares, the rectangles, the pixels and the labels."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy, one_hot
from torchvision.transforms import v2

from cnnviz.augmentation import Pipeline, distribution
from cnnviz.augmentation.mixing import apply_mix, draw_mix, pack, plain
from cnnviz.data import fashion_mnist
from cnnviz.language import Language
from cnnviz.specs.augmentation import MIXING_OPERATIONS, CutMix, HorizontalFlip, MixUp
from tests.augmentation.test_distributions import COUNT, LIMIT, distance


def _batch(count=16):
    images = torch.tensor(fashion_mnist("train").images[:count]).unsqueeze(1) / 255
    labels = torch.tensor(fashion_mnist("train").labels[:count], dtype=torch.long)
    return images, labels, one_hot(labels, 10).float()


def _torchvisions(operation, size):
    transform = Pipeline(operations=(operation,)).mix_transform().transforms[0]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        draws = [transform.make_params([torch.zeros(2, 1, *size)]) for _ in range(COUNT)]
    if isinstance(operation, MixUp):
        return {"share": np.array([draw["lam"] for draw in draws])}
    sides = zip(("left", "top", "right", "bottom"), np.array([draw["box"] for draw in draws]).T, strict=True)
    return {**dict(sides), "share": np.array([draw["lam_adjusted"] for draw in draws])}


@pytest.mark.parametrize("operation", [MixUp(), MixUp(alpha=0.2), CutMix(), CutMix(alpha=3)], ids=str)
def test_draws_have_torchvisions_distribution(operation):
    size = (28, 40)
    ours = draw_mix(operation, torch.Generator().manual_seed(5), COUNT, size)
    theirs = _torchvisions(operation, size)
    assert set(ours) == set(theirs)
    for name, values in theirs.items():
        assert distance(ours[name].numpy().astype(float), values.astype(float)) < LIMIT, name
    assert np.array_equal(
        distribution(operation, "share", 5, 5, size),
        draw_mix(operation, torch.Generator().manual_seed(5), 5, size)["share"].numpy(),
    )


@pytest.mark.parametrize("kind", MIXING_OPERATIONS)
def test_with_one_draw_for_all_it_is_torchvisions(kind):
    """Torchvision draws once for the batch: the same draw given to each picture makes the same batch."""
    images, labels, targets = _batch()
    for seed in range(6):
        drawn = draw_mix(kind(), torch.Generator().manual_seed(seed), 1, (28, 28))
        (values,) = plain(drawn)
        transform = getattr(v2, kind.__name__)(num_classes=10)
        box = tuple(values.get(side) for side in ("left", "top", "right", "bottom"))
        transform.make_params = lambda _inputs, v=values, b=box: {
            "lam": v["share"],
            "lam_adjusted": v["share"],
            "box": b,
        }
        expected = transform(images, labels)
        result = apply_mix(images, targets, pack([values] * len(images)))
        for own, other in zip(result, expected, strict=True):
            torch.testing.assert_close(own, other, atol=1e-5, rtol=0)


def test_each_picture_has_a_draw_of_its_own():
    images, _labels, targets = _batch(64)
    for kind in MIXING_OPERATIONS:
        mixed, soft = Pipeline(operations=(kind(),)).mix(images, targets, torch.Generator().manual_seed(0))
        own = soft.gather(1, targets.argmax(1, keepdim=True))
        assert own.unique().numel() > 16
        torch.testing.assert_close(soft.sum(1), torch.ones(64))
        assert mixed.shape == images.shape and mixed.dtype == images.dtype
        assert cross_entropy(torch.zeros(64, 10), soft).item() == pytest.approx(np.log(10), abs=1e-5)


def test_a_batch_is_left_as_it_was_and_the_seed_repeats_it():
    images, _labels, targets = _batch()
    before = images.clone(), targets.clone()
    chain = Pipeline(operations=(MixUp(), CutMix()))
    results = [chain.mix(images, targets, torch.Generator().manual_seed(4)) for _ in range(2)]
    assert torch.equal(images, before[0]) and torch.equal(targets, before[1])
    for one, other in zip(*results, strict=True):
        assert torch.equal(one, other)
    levels = (images * 255).to(torch.uint8)
    mixed, _soft = chain.mix(levels, targets, torch.Generator().manual_seed(4))
    assert mixed.dtype == torch.uint8
    assert (mixed / 255 - results[0][0]).abs().max() <= 1.01 / 255


def test_without_mixing_a_batch_comes_back_as_it_is():
    images, _labels, targets = _batch(4)
    for chain in (Pipeline(operations=(HorizontalFlip(),)), Pipeline(operations=(MixUp(enabled=False),))):
        result = chain.mix(images, targets, torch.Generator())
        assert result[0] is images and result[1] is targets
        assert chain.mix_transform() is None and "mix" not in chain.code()


def test_mixing_leaves_single_pictures_alone_and_stands_last_in_the_code():
    chain = Pipeline(operations=(CutMix(alpha=0.5), HorizontalFlip()))
    assert [operation.kind for operation in chain.active] == ["horizontal_flip"]
    namespace = {}
    exec(compile(chain.code(), "exported", "exec"), namespace)
    assert repr(namespace["mix"]) == repr(chain.mix_transform())
    images, labels, _targets = _batch()
    mixed, soft = namespace["mix"](namespace["transform"](images), labels)
    assert mixed.shape == images.shape and soft.shape == (16, 10)


@pytest.mark.parametrize("kind", MIXING_OPERATIONS)
def test_draws_read_as_words(kind):
    for values in plain(draw_mix(kind(), torch.Generator().manual_seed(1), 4, (28, 28))):
        assert "%" in kind().describe(values, Language())
