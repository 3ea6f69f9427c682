"""A batch of labelled garments: what a training step would see, and shares that say what is in each picture."""

import numpy as np
import pytest

from cnnviz.augmentation.mixed import mixed_batch
from cnnviz.data import fashion_mnist
from cnnviz.errors import CnnvizError
from cnnviz.specs.augmentation import CenterCrop, CutMix, Invert, MixUp, PipelineSpec, RandomResizedCrop


def arrays(batch):
    return [np.asarray(mixed.image, float) for mixed in batch]


@pytest.mark.parametrize("mixing", [MixUp(), CutMix(), MixUp(alpha=0.2)])
def test_a_mixed_picture_is_made_of_itself_and_the_one_before_in_the_shares_of_its_label(mixing):
    plain, mixed = mixed_batch(PipelineSpec(), seed=3), mixed_batch(PipelineSpec(operations=(mixing,)), seed=3)
    assert len(plain) == len(mixed) == 8
    own = [one.shares[0][0] for one in plain]
    for place, (image, before, after) in enumerate(
        zip(arrays(plain), np.roll(arrays(plain), 1, 0), arrays(mixed), strict=True)
    ):
        shares = dict(mixed[place].shares)
        assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
        assert set(shares) <= {own[place], own[place - 1]}
        share = shares.get(own[place], 0.0) if own[place] != own[place - 1] else None
        if isinstance(mixing, MixUp) and share is not None:
            assert np.abs(after - (share * image + (1 - share) * before)).max() <= 0.51
        if isinstance(mixing, CutMix):
            assert ((after == image) | (after == before)).all()


def test_without_mixing_every_garment_keeps_its_own_label():
    data = fashion_mnist("test")
    images = {image.tobytes(): int(label) for image, label in zip(data.images, data.labels, strict=True)}
    for one in mixed_batch(PipelineSpec(), seed=1):
        assert one.shares == ((images[np.asarray(one.image).tobytes()], 1.0),)


def test_the_chain_comes_first_and_the_seed_repeats_it():
    chain = PipelineSpec(operations=(CutMix(), Invert(p=1.0), RandomResizedCrop(size=56)))
    assert mixed_batch(chain, seed=2)[0].image.size == (56, 56)
    assert [one.shares for one in mixed_batch(chain, seed=2)] == [one.shares for one in mixed_batch(chain, seed=2)]
    assert [one.shares for one in mixed_batch(chain, seed=2)] != [one.shares for one in mixed_batch(chain, seed=4)]
    inverted = mixed_batch(PipelineSpec(operations=(Invert(p=1.0),)), seed=2)
    for image, negative in zip(arrays(mixed_batch(PipelineSpec(), seed=2)), arrays(inverted), strict=True):
        assert np.array_equal(image + negative, np.full((28, 28), 255))


def test_what_a_garment_does_not_fit_is_refused():
    with pytest.raises(CnnvizError, match="28"):
        mixed_batch(PipelineSpec(operations=(CenterCrop(size=200),)))
