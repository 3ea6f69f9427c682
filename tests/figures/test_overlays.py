"""Pictures from arrays: bright is much, tiles stand in order, frames lie where they should."""

import numpy as np
import pytest

from cnnviz.figures.overlays import MOST, base, glow, map_sheet, over, plain, sight_picture, spread


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


@pytest.mark.parametrize("window", [(2, 3, 5, 7), (-4, -4, 3, 3), (-9, -9, 20, 20)])
def test_the_frame_is_the_window_cut_to_the_picture(window):
    side, size = 160, 8
    picture = np.zeros((1, 1, size, size), np.float32)
    drawn = np.asarray(sight_picture(picture, np.zeros((size, size), np.float32), window, side), int)
    blue = np.argwhere(drawn[..., 2] - drawn[..., 0] > 100)
    top, left = blue.min(0)
    bottom, right = blue.max(0) + 1
    inside = [max(0, edge) if number < 2 else min(size, edge) for number, edge in enumerate(window)]
    assert np.abs(np.array([top, left, bottom, right]) - np.array(inside) * side // size).max() <= 3
