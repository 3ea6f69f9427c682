"""The cat, and pictures on their way out."""

import io

import numpy as np
import pytest
from PIL import Image

from cnnviz.data import cat, contact_sheet, encode_jpeg, encode_png, garment, samples
from cnnviz.errors import CnnvizError


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_the_cat_is_chelsea():
    image = cat()
    assert (image.mode, image.size) == ("RGB", (451, 300))
    assert np.asarray(image).mean() == pytest.approx(115.3, abs=0.1)


def test_nobody_draws_into_anothers_cat():
    first = cat()
    first.paste("black", (0, 0, 451, 300))
    assert cat().getextrema() != first.getextrema()


@pytest.mark.parametrize(("content", "code"), [(None, "data_missing"), (b"meow", "data_damaged")])
def test_a_missing_or_damaged_cat_is_named(content, code, tmp_path, monkeypatch):
    path = tmp_path / "cat.png"
    if content:
        path.write_bytes(content)
    monkeypatch.setattr(samples, "PATH", path)
    samples._pixels.cache_clear()
    try:
        with pytest.raises(CnnvizError) as caught:
            cat()
    finally:
        monkeypatch.undo()
        samples._pixels.cache_clear()
    assert caught.value.code == code
    assert str(path) in str(caught.value)
    assert cat().size == (451, 300)  # an error is not remembered


def _error(data: bytes) -> float:
    return float(np.abs(np.asarray(opened(data), int) - np.asarray(cat(), int)).mean())


def test_jpeg_to_look_at_and_to_compare():
    assert _error(encode_jpeg(cat())) < 3
    assert _error(encode_jpeg(cat(), quality=100)) < 0.7
    assert len(encode_jpeg(cat())) < len(encode_jpeg(cat(), quality=100)) / 2


def test_png_is_exact_and_enlarges_without_blur():
    assert _error(encode_png(cat())) == 0
    large = np.asarray(opened(encode_png(garment(0), scale=4)))
    assert np.array_equal(large, np.asarray(garment(0)).repeat(4, 0).repeat(4, 1))


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "CMYK", "LA"])
def test_any_mode_goes_out(mode):
    expected = "L" if mode == "L" else "RGB"
    for data in (encode_jpeg(cat().convert(mode)), encode_png(cat().convert(mode))):
        assert opened(data).mode == expected


def test_nothing_but_pixels_goes_out():
    image = cat()
    exif = image.getexif()
    exif[0x010E] = "where I live"
    image.info = {"comment": b"where I live", "exif": exif.tobytes(), "icc_profile": b"where I live", "dpi": (72, 72)}
    for data in (encode_jpeg(image), encode_png(image)):
        assert b"where I live" not in data
        assert not {"comment", "exif", "icc_profile"} & set(opened(data).info)
    assert image.info["comment"]  # the picture itself is left as it was


def test_a_contact_sheet_shows_each_picture_in_its_place():
    colours = ["red", "lime", "blue", "black", "yellow"]
    sheet = contact_sheet([Image.new("RGB", (20, 10), colour) for colour in colours], columns=2, gap=4)
    assert sheet.size == (44, 38)
    middles = [(10, 5), (34, 5), (10, 19), (34, 19), (10, 33)]
    for colour, middle in zip(colours, middles, strict=True):
        assert sheet.getpixel(middle) == Image.new("RGB", (1, 1), colour).getpixel((0, 0))
    assert sheet.getpixel((22, 5)) == sheet.getpixel((34, 33)) == (255, 255, 255)
    assert contact_sheet([cat()]).size == cat().size
    with pytest.raises(ValueError, match="at least one"):
        contact_sheet([])
