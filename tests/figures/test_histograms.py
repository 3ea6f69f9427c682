"""Histograms: every draw is counted once, level ratios look level on their own scale, and sentences say the numbers."""

import numpy as np
import pytest
from PIL import Image

from cnnviz.figures.channel_histogram import channel_histograms, channel_shares, describe_channels
from cnnviz.figures.draw_histogram import bars, describe_draws, draw_histogram
from cnnviz.language import LANGUAGES, Language

ENGLISH = Language("en")
RATIOS = np.exp(np.random.default_rng(0).uniform(np.log(0.5), np.log(2), 20_000))


@pytest.mark.parametrize("log", [False, True])
def test_every_draw_is_counted_once(log):
    heights, centres, _widths, _hover = bars(RATIOS, ENGLISH, log=log)
    assert sum(heights) == len(RATIOS)
    assert centres == sorted(centres)


def test_ratios_are_level_on_a_logarithmic_scale_and_fall_as_one_over_r_on_a_plain_one():
    level = bars(RATIOS, ENGLISH, log=True)[0]
    assert np.allclose(level, len(RATIOS) / len(level), rtol=0.15)
    falling, centres, _widths, _hover = bars(RATIOS, ENGLISH)
    assert np.allclose(np.multiply(falling, centres) / (falling[0] * centres[0]), 1, rtol=0.2)


def test_few_values_have_a_bar_each():
    coins = np.array([True] * 30 + [False] * 70)
    assert bars(coins, ENGLISH)[:2] == ([70, 30], ["no", "yes"])
    assert bars(np.array([3, 5, 3]), ENGLISH)[:2] == ([2, 1], ["3", "5"])
    assert bars(np.array(["Rotate", "Invert", "Rotate"]), ENGLISH)[:2] == ([1, 2], ["Invert", "Rotate"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sentences(language):
    _ = Language(language)
    assert "30" in describe_draws(np.array([True] * 30 + [False] * 70), "x", _)
    words = describe_draws(RATIOS, "x", _, log=True)
    assert _.number(int((RATIOS < 1).sum())) in words and _.number(int((RATIOS >= 1).sum())) in words
    assert "Rotate" in describe_draws(np.array(["Rotate", "Invert", "Rotate"]), "x", _)


@pytest.mark.parametrize("dark", [False, True])
def test_two_panels_where_the_scale_matters(dark):
    assert len(draw_histogram(RATIOS, "x", ENGLISH, log=True, dark=dark).data) == 2
    plain = draw_histogram(RATIOS, "x", ENGLISH, dark=dark)
    assert len(plain.data) == 1 and sum(plain.data[0].y) == len(RATIOS)


def test_shares_of_the_pixels_are_numpys():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    shares = channel_shares(Image.fromarray(pixels))
    assert len(shares) == 3
    for channel in range(3):
        expected = np.bincount(pixels[..., channel].ravel() // 4, minlength=64) / 2000
        assert np.allclose(shares[channel], expected)
    grey = channel_shares(Image.fromarray(pixels[..., 0]))
    assert grey == shares[:1]


def test_white_and_black_are_the_ends():
    black, white = (channel_shares(Image.new("L", (8, 8), level)) for level in (0, 255))
    assert black[0][0] == white[0][-1] == 1
    assert "grey from 2 to 254" in describe_channels(black, white, ENGLISH)


@pytest.mark.parametrize("dark", [False, True])
def test_a_line_for_each_channel_told_apart_without_colour(dark):
    shares = channel_shares(Image.new("RGB", (4, 4), (10, 100, 200)))
    figure = channel_histograms(shares, shares, ENGLISH, dark=dark)
    assert len(figure.data) == 6
    assert len({trace.line.dash for trace in figure.data}) == 3
    assert len(channel_histograms(shares[:1], shares[:1], ENGLISH, dark=dark).data) == 2
