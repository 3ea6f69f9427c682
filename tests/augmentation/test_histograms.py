"""What a range produces: the numbers behind the histogram lesson."""

import numpy as np
import pytest

from cnnviz.augmentation import OPERATIONS, distribution, distribution_names
from cnnviz.errors import CnnvizError
from cnnviz.specs.augmentation import Affine, CenterCrop, RandAugment, RandomResizedCrop, Rotation


def test_the_lesson_of_the_crop():
    """The area is uniform, the ratio is not: as many below 1 as above."""
    crop = RandomResizedCrop(scale=(0.1, 0.4))
    ratio, area = (distribution(crop, name, size=(2000, 2000)) for name in ("ratio", "area"))
    assert len(ratio) == len(area) == 1000
    assert (ratio < 1).mean() == pytest.approx(0.5, abs=0.06)
    assert ((ratio >= 0.5) & (ratio <= 2)).mean() > 0.99
    assert (area < 0.25).mean() == pytest.approx(0.5, abs=0.06)


def test_the_seed_repeats_it_and_the_range_is_kept():
    angles = distribution(Rotation(degrees=(5, 10)), "angle", count=200, seed=3)
    assert np.array_equal(angles, distribution(Rotation(degrees=(5, 10)), "angle", count=200, seed=3))
    assert not np.array_equal(angles, distribution(Rotation(degrees=(5, 10)), "angle", count=200, seed=4))
    assert 5 <= angles.min() < 5.5 and 9.5 < angles.max() < 10


def test_the_steps_of_a_policy_have_names():
    steps = distribution(RandAugment(num_ops=3), "step", count=100)
    assert len(steps) == 300 and set(steps) == set(RandAugment().space.steps)


@pytest.mark.parametrize("kind", OPERATIONS)
def test_every_name_that_is_offered_can_be_counted(kind):
    for name in distribution_names(kind()):
        values = distribution(kind(), name, count=20)
        assert values.shape == (20,) and values.dtype.kind in "bif"


def test_what_is_not_drawn_and_what_does_not_fit_is_refused():
    with pytest.raises(CnnvizError, match="angle, translate_x"):
        distribution(Affine(), "colour")
    with pytest.raises(CnnvizError, match="200 px do not fit"):
        distribution(CenterCrop(), "size", size=(28, 28))
