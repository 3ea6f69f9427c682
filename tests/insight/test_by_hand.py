"""Features by hand: geometry, a plain loop and least squares are the witnesses."""

import math

import numpy as np
import pytest
import torch
from PIL import Image

from cnnviz.data import cat, fashion_mnist
from cnnviz.insight.by_hand import NEAR, WINDOWS, bags, describe, fit, measure, turn, turning, visual_words
from cnnviz.specs.labs.by_hand import TEST_IMAGES, VIEWS, ByHandSpec, lenet


@pytest.mark.parametrize("angle", [0, 30, 90, -145])
def test_a_point_lies_where_pillow_turns_it(angle):
    picture = Image.new("L", (120, 80))
    picture.paste(255, (89, 19, 92, 22))  # its middle is (90, 20)
    other = picture.rotate(angle, Image.Resampling.BICUBIC, expand=True)
    pixels = np.asarray(other, float)
    y, x = np.indices(pixels.shape)
    seen = (x * pixels).sum() / pixels.sum(), (y * pixels).sum() / pixels.sum()
    assert math.dist(turning(picture.size, other.size, angle)(90, 20), seen) < 1


def test_turned_by_30_degrees_sift_recognises_more_than_half_and_the_pixels_hardly_any():
    """The lab's question."""
    start = ByHandSpec()
    found = turn(cat(), 30, start.points)
    assert dict(VIEWS["points"].question.shows) == {"picture": "cat", "angle": 30}
    assert 0.9 * start.points <= len(found.points) <= start.points
    assert 0.55 < len(found.pairs) / len(found.points) < 0.8
    assert found.by_pixels <= 0.03 * len(found.points)
    place = turning(found.picture.size, found.turned.size, 30)
    for here, there in found.pairs:
        one, other = found.points[here], found.turned_points[there]
        assert math.dist(place(one.x, one.y), (other.x, other.y)) < NEAR
        assert 0.5 < one.size / other.size < 2


def test_a_picture_that_is_not_turned_is_recognised_whole_and_an_even_one_has_no_points():
    found = turn(cat(), 0, 50)
    assert [here for here, _there in found.pairs] == list(range(len(found.points))) and found.wrong == 0
    nothing = turn(Image.new("RGB", (64, 64), (90, 90, 90)), 30, 50)
    assert nothing.points == () == nothing.pairs and nothing.by_pixels == 0


@pytest.fixture(scope="module")
def described():
    return describe(fashion_mnist("train").images[:300])


def test_every_window_has_128_numbers_and_a_dark_one_says_nothing(described):
    assert described.shape == (300, len(WINDOWS), 128) == (300, 49, 128)
    assert not describe(np.zeros((1, 28, 28), np.uint8)).any()
    assert f"{len(WINDOWS)} windows" in VIEWS["bag"].text


def test_words_are_counted_as_in_a_plain_loop(described):
    words = visual_words(described, 16)
    found = bags(described[:20], words)
    for row, garment in enumerate(described[:20].astype(float)):
        count = np.zeros(16)
        for window in garment:
            roots = np.sqrt(window / max(window.sum(), 1))
            count[np.argmin([np.linalg.norm(roots - word) for word in words])] += 1
        np.testing.assert_allclose(found[row] ** 2 * len(WINDOWS), count, atol=1e-3)


def test_words_are_the_same_every_time_and_nearer_than_words_at_random(described):
    words = visual_words(described, 16)
    np.testing.assert_array_equal(words, visual_words(described, 16))
    flat = described.reshape(-1, 128).astype(float)
    roots = np.sqrt(flat / np.maximum(flat.sum(1, keepdims=True), 1))

    def spread(middles):
        return min_distances(roots, middles).mean()

    drawn = roots[np.random.default_rng(3).choice(len(roots), 16)]
    assert spread(words) < 0.9 * spread(drawn)


def min_distances(points, middles):
    return np.min([np.square(points - middle).sum(1) for middle in middles], axis=0)


def test_the_classifier_stands_where_its_loss_is_flat():
    """Convex, so a vanishing gradient is the minimum; computed here by the formula (p − y)·x."""
    random = np.random.default_rng(0)
    features, labels = random.normal(size=(200, 5)).astype(np.float32), random.integers(0, 10, 200).astype(np.uint8)
    layer = fit(features, labels)
    share = layer(torch.from_numpy(features)).softmax(1).numpy()
    share[np.arange(200), labels] -= 1
    gradient = share.T @ features / 200 + 2e-5 * layer.weight.numpy()
    assert np.abs(gradient).max() < 1e-3 < np.abs(features.T @ (0.1 - np.eye(10)[labels]) / 200).max()


def test_a_bag_of_words_beats_guessing_and_learns_as_many_numbers_as_the_lab_says():
    found = measure(16, 300, 200)
    assert 0.3 < found.accuracy < 0.8 and found.seconds > 0
    assert found.learned == ByHandSpec(words=16).learned == 170


@pytest.mark.parametrize("network", ["lenet", "lenet_bn"])
def test_the_network_gets_the_same_pictures_and_seconds(network):
    config = lenet(ByHandSpec(network=network, images=1000), 7.4).config
    assert (config.architecture.key, config.train_images, config.test_images) == (network, 1000, TEST_IMAGES)
    assert (config.time_budget, config.threads, config.device) == (7, 1, "cpu")
    assert lenet(ByHandSpec(), 0.1).config.time_budget == 2
