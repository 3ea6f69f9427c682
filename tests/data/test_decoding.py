"""Whatever somebody uploads becomes the right picture or a clear sentence, quickly, and without metadata."""

import io
import struct
import subprocess
import sys
import time
import zlib

import numpy as np
import pytest
import torchvision.io
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, PngImagePlugin

from cnnviz.data import MAX_BYTES, MAX_PIXELS, cat, decode_image
from cnnviz.errors import CnnvizError

pytestmark = [  # what the decoders say to the log about files that are broken on purpose
    pytest.mark.filterwarnings("ignore:Corrupt EXIF:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*TorchVision are deprecated:DeprecationWarning"),
]

SECONDS = 3  # a second on a quiet machine; tests share theirs
GPS = 0x8825
TORCHVISION_READS_WEBP = hasattr(torchvision.io, "decode_webp")  # deprecated in 0.29; without it the limit is lower


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def refused(data: bytes) -> CnnvizError:
    start = time.perf_counter()
    with pytest.raises(CnnvizError) as caught:
        decode_image(data)
    assert time.perf_counter() - start < SECONDS
    return caught.value


def chunk(name: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def difference(first: Image.Image, second: Image.Image) -> float:
    """Mean absolute difference in levels."""
    assert first.size == second.size
    return float(np.abs(np.asarray(first, float) - np.asarray(second.convert("RGB"), float)).mean())


def bomb(width: int = 13_000, height: int = 13_000) -> bytes:
    """An honest PNG of one colour: a few kB for width × height px."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    rows = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND")


def oriented(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = value
    exif.get_ifd(GPS)[2] = (34.0, 36.0, 13.0)
    return exif


# Pictures that are right


@pytest.mark.parametrize(
    ("kind", "options", "limit"),
    [
        ("PNG", {}, 0),
        ("PNG", {"bits": 8, "compress_level": 0}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("WEBP", {"quality": 90}, 3),
        ("JPEG", {"quality": 95}, 3),
        ("JPEG", {"quality": 95, "progressive": True, "subsampling": 0}, 2),
    ],
)
def test_the_three_formats(kind, options, limit):
    image = decode_image(encoded(cat(), kind, **options))
    assert (image.mode, image.size, image.info) == ("RGB", (451, 300), {})
    assert difference(image, cat()) <= limit


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("size", [(3000, 2000), (600, 1500), (513, 40), (5000, 7), (2, 4000)])
def test_large_pictures_shrink_to_512_and_keep_their_content(kind, size):
    large = cat().resize(size)
    image = decode_image(encoded(large, kind, quality=95))
    longer = max(size)
    assert image.size == tuple(max(1, round(side * 512 / longer)) for side in size)
    assert difference(image, large.resize(image.size, Image.Resampling.LANCZOS, reducing_gap=3)) < 4


@pytest.mark.parametrize("size", [(1, 1), (512, 512), (512, 1), (28, 28)])
def test_small_pictures_keep_their_size(size):
    assert decode_image(encoded(cat().resize(size), "PNG")).size == size


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("mode", ["L", "1", "P"])
def test_grey_bits_and_palettes(kind, mode):
    if kind == "JPEG" and mode == "P":
        mode = "L"
    source = cat().convert(mode)
    limit = 0 if kind == "PNG" else 5  # dithered bits are the hardest thing for a JPEG
    assert difference(decode_image(encoded(source, kind, quality=90)), source.convert("RGB")) <= limit


def test_cmyk():
    cmyk = cat().convert("CMYK")
    image = decode_image(encoded(cmyk, "JPEG", quality=95))
    assert difference(image, cat()) < 4


def test_16_bit_grey_is_scaled_and_not_clipped():
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)[None].repeat(8, 0)
    image = decode_image(encoded(Image.fromarray(ramp), "PNG"))
    assert np.abs(np.asarray(image)[0, :, 0].astype(int) - np.arange(256)).max() <= 1


def test_16_bit_colour():
    """Written by hand, since Pillow does not write it: one row of red, one of green."""
    rows = b"".join(b"\0" + struct.pack(">3H", *pixel) * 4 for pixel in [(65535, 0, 256), (0, 65535, 0)])
    header = struct.pack(">IIBBBBB", 4, 2, 16, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND")
    image = decode_image(data)
    assert [image.getpixel((0, row)) for row in (0, 1)] == [(255, 0, 1), (0, 255, 0)]


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGBA"), ("WEBP", "RGBA"), ("PNG", "LA"), ("PNG", "P"), ("PNG", "RGB"), ("PNG", "L")]
)
def test_transparent_places_turn_white(kind, mode):
    """Black all over; the left half cannot be seen."""
    image = Image.new("RGBA", (40, 20), (0, 0, 0, 255))
    image.paste((0, 0, 0, 0), (0, 0, 20, 20))
    if mode in ("RGBA", "LA"):
        data = encoded(image.convert(mode), kind, lossless=True)
    else:  # one colour is declared transparent
        marked = Image.new(mode, (40, 20), 0)
        if mode == "P":
            marked.putpalette([level for level in range(256) for _channel in range(3)])
        marked.paste(9 if mode != "RGB" else (9, 9, 9), (0, 0, 20, 20))
        data = encoded(marked, kind, transparency=9 if mode != "RGB" else (9, 9, 9))
    result = decode_image(data)
    assert result.getpixel((5, 5)) == (255, 255, 255)
    assert result.getpixel((35, 5)) == (0, 0, 0)


def test_half_transparent_is_half_white_and_transparent_colour_does_not_bleed():
    red = decode_image(encoded(Image.new("RGBA", (4, 4), (255, 0, 0, 128)), "PNG"))
    assert red.getpixel((0, 0)) == (255, 127, 127)
    hidden = Image.new("RGBA", (2000, 2000), (0, 255, 0, 0))  # shrunk: the invisible green must not shine through
    hidden.paste((0, 0, 0, 255), (0, 0, 1001, 2000))
    pixels = np.asarray(decode_image(encoded(hidden, "PNG"))).astype(int)
    assert np.abs(pixels[..., 0] - pixels[..., 1]).max() <= 1


@pytest.mark.parametrize("kind", ["WEBP", "PNG"])
def test_an_animation_gives_its_first_picture(kind):
    frames = [Image.new("RGB", (30, 20), colour) for colour in ("red", "lime", "blue")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=50, lossless=True)
    assert decode_image(data).getpixel((3, 3)) == (255, 0, 0)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("value", range(1, 9))
def test_exif_rotation_is_applied(kind, value):
    """A red corner stored where the orientation puts it must come out at the upper left (EXIF 2.3, tag 0x0112)."""
    upright = Image.new("RGB", (64, 32), "white")
    ImageDraw.Draw(upright).rectangle((0, 0, 15, 15), fill="red")
    stored_as = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    stored = upright if value == 1 else upright.transpose(stored_as[value])
    image = decode_image(encoded(stored, kind, exif=oriented(value), quality=95))
    assert image.size == (64, 32)
    assert difference(image, upright) < 3


@pytest.mark.parametrize("exif", [b"Exif\0\0", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"Exif\0\0II*\0" + b"\xff" * 60])
def test_broken_exif_is_no_reason_to_refuse(exif):
    assert decode_image(encoded(cat(), "JPEG", exif=exif)).size == (451, 300)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_no_metadata_survives(kind):
    secret = "34.6037 S 58.3816 W"
    options = {"exif": oriented(6), "icc_profile": b"profile" * 30, "xmp": secret.encode(), "comment": secret}
    if kind == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_text("Location", secret)
    data = encoded(cat(), kind, **options)
    image = decode_image(data)
    assert image.info == {} and not dict(image.getexif()) and type(image) is Image.Image
    for again in ("PNG", "JPEG"):
        out = encoded(image, again)
        assert secret.encode() not in out and b"Exif" not in out and b"eXIf" not in out and b"profile" not in out


def test_a_camera_picture_with_an_embedded_thumbnail_and_a_second_picture():
    """MPO, as some phones write it: a JPEG with another one behind it."""
    data = encoded(cat(), "MPO", save_all=True, append_images=[Image.new("RGB", (451, 300))], quality=95)
    assert difference(decode_image(data), cat()) < 3


@pytest.mark.parametrize("kind", ["WEBP", "PNG", "JPEG"])
def test_a_large_upright_picture(kind):
    """More than 10 megapixels, turned by EXIF: WebP takes another way from there on."""
    large = cat().resize((4200, 2800))
    data = encoded(large.rotate(90, expand=True), kind, exif=oriented(6), quality=80, method=0)
    if kind == "WEBP" and not TORCHVISION_READS_WEBP:
        assert refused(data).parameters["limit"] == 10
        return
    image = decode_image(data)
    assert image.size == (512, 341)
    assert difference(image, cat().resize((512, 341))) < 4


def test_a_large_transparent_webp_turns_white():
    large = Image.new("RGBA", (3600, 3000), (0, 0, 0, 255))
    large.paste((0, 0, 0, 0), (0, 0, 1800, 3000))
    data = encoded(large, "WEBP", lossless=True, method=0, quality=0)
    if not TORCHVISION_READS_WEBP:
        assert refused(data).parameters["limit"] == 10
        return
    image = decode_image(data)
    assert (image.getpixel((5, 5)), image.getpixel((500, 5))) == ((255, 255, 255), (0, 0, 0))


# Sentences


def test_a_large_animation_or_a_damaged_large_webp():
    frame = Image.new("RGB", (3600, 3000))
    data = encoded(frame, "WEBP", method=0)
    damaged = refused(data[:60] + bytes(20) + data[80:-100] + bytes(100))
    assert damaged.code == ("image_unreadable" if TORCHVISION_READS_WEBP else "image_too_large")
    animated = encoded(frame, "WEBP", save_all=True, append_images=[Image.new("RGB", (3600, 3000), "red")], method=0)
    error = refused(animated)
    assert (error.code, error.parameters["limit"]) == ("image_too_large", 10)


def test_a_text_file_named_jpg():
    assert refused(b"Dear class, this is not a picture.\n" * 50).code == "image_unreadable"
    assert refused(b"").code == "image_unreadable"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (encoded(cat(), "GIF"), "GIF"),
        (encoded(cat(), "BMP"), "BMP"),
        (encoded(cat(), "TIFF"), "TIFF"),
        (encoded(cat().resize((32, 32)), "ICO"), "ICO"),
        (encoded(cat(), "JPEG2000"), "JPEG 2000"),
        (encoded(cat(), "PDF"), "PDF"),
        (b"\0\0\0\x20ftypheic\0\0\0\0", "HEIC"),
        (b"\0\0\0\x20ftypavif\0\0\0\0", "AVIF"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
    ],
)
def test_other_formats_are_named(data, name):
    error = refused(data)
    assert (error.code, error.parameters["format"]) == ("image_format", name)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9, 0.99])
def test_truncated_files(kind, share):
    data = encoded(cat(), kind)
    assert refused(data[: int(len(data) * share)]).code == "image_truncated"


def test_a_small_bomb_is_refused_by_its_header():
    data = bomb()
    assert len(data) < 30_000
    error = refused(data)
    assert error.code == "image_too_large"
    assert (error.parameters["width"], error.parameters["limit"]) == (13_000, 25)
    assert "13000 × 13000" in str(error)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_too_many_pixels_in_the_other_formats(kind):
    assert refused(encoded(Image.new("RGB", (5001, 5000)), kind, quality=10)).code == "image_too_large"
    assert MAX_PIXELS < 5001 * 5000


def test_exactly_the_largest_allowed():
    assert decode_image(bomb(5000, 5000)).size == (512, 512)


def test_too_many_bytes():
    data = encoded(cat(), "PNG")
    padded = data[:-12] + chunk(b"teSt", bytes(MAX_BYTES - len(data) - 12)) + data[-12:]
    assert len(padded) == MAX_BYTES
    assert decode_image(padded).size == (451, 300)
    error = refused(padded + b"\0")
    assert error.code == "file_too_large"
    assert error.parameters["size"] > error.parameters["limit"] == 10


def test_two_headers_in_one_file():
    """The first says 451×300, the second says what the decoder would unpack."""
    data = encoded(cat(), "PNG")
    second = chunk(b"IHDR", struct.pack(">IIBBBBB", 13_000, 13_000, 8, 2, 0, 0, 0))
    assert refused(data[:33] + second + data[33:]).code == "image_unreadable"


@pytest.mark.parametrize(("width", "height"), [(0, 10), (10, 0)])
def test_no_pixels(width, height):
    assert refused(bomb(width, height)).code == "image_unreadable"


def test_a_million_empty_segments():
    jpeg, png = encoded(cat(), "JPEG"), encoded(cat(), "PNG")
    assert refused(jpeg[:2] + b"\xff\xfe\x00\x02" * 2_000_000 + jpeg[2:]).code == "image_unreadable"
    empty = chunk(b"teSt")
    assert refused(png[:33] + empty * 700_000 + png[33:]).code == "image_unreadable"
    assert refused(png[:-12] + empty * 700_000 + png[-12:]).code == "image_unreadable"


def test_a_progressive_jpeg_that_repeats_a_scan():
    """Each repetition is 42 bytes and costs a decoder a pass over the whole picture."""
    data = encoded(Image.new("RGB", (4000, 4000)), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    assert decode_image(data).size == (512, 512)
    assert refused(data[:-2] + last * 1000 + data[-2:]).code == "image_unreadable"


@given(
    st.sampled_from(["JPEG", "PNG", "WEBP"]),
    st.lists(st.tuples(st.integers(0), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_damaged_bytes_never_raise_anything_else(kind, changes):
    data = bytearray(encoded(cat().resize((40, 30)), kind))
    for place, value in changes:
        data[place % len(data)] = value
    try:
        image = decode_image(bytes(data))
    except CnnvizError:
        return
    assert image.mode == "RGB" and max(image.size) <= 512


@given(st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x40\0\0\0WEBP", b""]), st.binary(max_size=200))
def test_noise_never_raises_anything_else(start, noise):
    try:
        decode_image(start + noise)
    except CnnvizError as error:
        assert str(error)


# Memory

MEASURE = """
import sys
import PIL.Image
if sys.argv[2] == "torch":
    import torchvision.io
from cnnviz.data import decode_image
def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) / 1024
data = open(sys.argv[1], "rb").read()
before = peak()
try:
    print(*decode_image(data).size, end=" ")
except ValueError:
    print("refused", end=" ")
print(peak() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the peak from /proc")
@pytest.mark.parametrize(
    ("make", "libraries"),
    [
        (bomb, ""),
        (lambda: encoded(cat().resize((5000, 4990)).convert("RGBA"), "PNG", compress_level=1), ""),
        (lambda: encoded(cat().resize((5000, 4990)), "JPEG", progressive=True, subsampling=0), ""),
        (lambda: encoded(cat().resize((3100, 3100)), "WEBP", quality=50, method=0), ""),
        pytest.param(
            lambda: encoded(cat().resize((5000, 4990)), "WEBP", quality=50, method=0), "torch", marks=pytest.mark.soak
        ),
        pytest.param(
            lambda: encoded(cat().resize((4000, 3990)).convert("RGBA"), "WEBP", lossless=True, method=0, quality=0),
            "torch",
            marks=pytest.mark.soak,
        ),
    ],
    ids=["bomb", "RGBA PNG", "progressive JPEG", "10 megapixel WebP", "25 megapixel WebP", "lossless WebP"],
)
def test_memory_grows_by_less_than_200_mb(make, libraries, tmp_path):
    path = tmp_path / "picture"
    path.write_bytes(make())
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path), libraries], capture_output=True, text=True, check=True
    )
    *size, growth = done.stdout.split()
    assert size == ["refused"] or "512" in size
    assert float(growth) < 200


def test_nothing_global_is_changed():
    before = Image.MAX_IMAGE_PIXELS
    decode_image(encoded(cat(), "PNG"))
    refused(bomb())
    assert before == Image.MAX_IMAGE_PIXELS
    assert ImageChops.difference(decode_image(encoded(cat(), "PNG")), cat()).getbbox() is None
