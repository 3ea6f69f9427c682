"""Pictures from arrays: bright is much, tiles stand in order, frames lie where they should."""

import numpy as np
import pytest

from cnnviz.figures.overlays import MOST, base, glow, map_sheet, over, overview, plain, spread


def brightness(pixels):
    return np.asarray(pixels, float) @ (0.2126, 0.7152, 0.0722)


def test_more_is_brighter():
    values = np.linspace(0, 1, 200, dtype=np.float32)[None]
    assert (np.diff(brightness(glow(values))[0]) >= -0.5).all()
    assert glow(np.array([[-1.0, 2.0]]))[0].tolist() == [[0, 0, 0], [252, 255, 164]]


def test_a_map_without_differences_stays_dark():
    assert not spread(np.full((2, 2), 7, np.float32)).any()
    assert spread(np.array([[-1, 3]], np.float32)).tolist() == [[0, 1]]


@pytest.mark.parametrize("count", [1, 6, 64, 100])
def test_tiles_stand_in_the_order_of_the_channels(count):
    maps = np.zeros((count, 4, 4), np.float32)
    maps[-1 if count <= MOST else MOST - 1, 0, 0] = 1  # only the last tile that is shown has something to show
    sheet = np.asarray(map_sheet(maps))
    rows = -(-min(count, MOST) // 8)
    bright = np.argwhere(brightness(sheet) > 200)
    assert len(bright)
    cell = (sheet.shape[1] + 4) // min(8, count)
    assert {tuple(place // cell) for place in bright} == {(rows - 1, (min(count, MOST) - 1) % 8)}


def test_grey_and_colour_inputs():
    grey, colour = np.full((1, 1, 2, 3), 0.5, np.float32), np.zeros((1, 3, 2, 3), np.float32)
    colour[:, 0] = 1
    assert base(grey).shape == (2, 3, 3) and (base(grey) == 128).all()
    assert base(colour)[0, 0].tolist() == [255, 0, 0]
    assert plain(colour, 30).size == (30, 30)


def test_the_glow_lies_where_the_values_are():
    picture, values = np.zeros((1, 1, 8, 8), np.float32), np.zeros((8, 8), np.float32)
    values[6, 1] = 1
    drawn = brightness(over(picture, values))
    assert np.unravel_index(drawn.argmax(), drawn.shape) == (6, 1)


def test_an_overview_is_the_mean_of_all_channels():
    maps = np.zeros((3, 2, 4), np.float32)
    maps[:, 1, 2] = (1, 2, 3)
    maps[0, 0, 0] = 9  # strong in one channel, and still more on average
    seen = brightness(overview(maps))
    assert seen.shape == (2, 4) and seen[0, 0] > seen[1, 2] > seen[0, 1] == 0
