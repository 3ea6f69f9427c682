"""Pictures on their way in: bytes that anybody may have sent become a small RGB picture, or a sentence.

Order matters. The kind is told from the first bytes, never from a name, and only three decoders are ever called. The
header is walked first (`headers.py`): size, number of segments and of scans, so that neither a 20 kB file that unpacks
to 800 MB nor one of a million empty segments reaches a decoder. JPEGs are decoded at an eighth of their size where that
is enough, and everything else is shrunk strip by strip: 25 megapixels cost at most 200 MB for a moment. Only pixels
are kept: no place, date or profile survives.
"""

from collections.abc import Callable, Mapping
from io import BytesIO
from types import MappingProxyType
from typing import Final

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from cnnviz.data.headers import Header, Truncated, other_format, read_header, webp_chunk
from cnnviz.errors import CnnvizError

MAX_BYTES: Final = 10 * 2**20  # the same 10 MB as the server's upload limit
MAX_PIXELS: Final = 25_000_000
MAX_SIDE: Final = 512  # px

_MAX_WEBP_PIXELS: Final = 10_000_000  # Pillow's WebP decoder holds four canvases of 4 bytes a pixel at once
_STRIP_PIXELS: Final = 2_000_000
_ORIENTATION: Final = 0x0112  # EXIF tag
_TURNS: Final[Mapping[int, Image.Transpose]] = MappingProxyType(
    {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
)
# The classes themselves and not `Image.open`, whose warning about large pictures is a setting that all threads share.
_DECODERS: Final[Mapping[str, Callable[[BytesIO], ImageFile]]] = MappingProxyType(
    {"JPEG": JpegImageFile, "PNG": PngImageFile, "WEBP": WebPImageFile}
)


def decode_image(data: bytes) -> Image.Image:
    """An uploaded picture, upright, RGB, at most 512 px on its longer side, without metadata.

    Transparent places turn white, an animation gives its first picture, CMYK, palettes and 16 bits become 8-bit RGB.
    Colour profiles are ignored.

    Args:
        data: a JPEG, PNG or WebP file of at most 10 MB and 25 megapixels.

    Raises:
        CnnvizError: what is wrong with the file, in words ("file_too_large", "image_format", "image_unreadable",
            "image_too_large", "image_truncated").
    """
    data = bytes(data)
    if len(data) > MAX_BYTES:
        size = -(-len(data) * 10 // 2**20) / 10  # rounded up, so that it never reads "10.0 is more than 10"
        raise CnnvizError("file_too_large", size=size, limit=MAX_BYTES // 2**20)
    header = _header(data)
    if header.width * header.height > MAX_PIXELS:
        raise _too_large(header, MAX_PIXELS)
    try:
        picture, orientation = _decode(data, header)
    except CnnvizError:
        raise
    except Exception as error:  # hostile bytes: Pillow raises at least eight kinds, and none of them may reach a page
        raise CnnvizError("image_truncated" if "truncated" in str(error).lower() else "image_unreadable") from error
    turn = _TURNS.get(orientation)
    return picture if turn is None else picture.transpose(turn)


def _header(data: bytes) -> Header:
    try:
        header = read_header(data)
    except Truncated:
        raise CnnvizError("image_truncated") from None
    except ValueError:
        raise CnnvizError("image_unreadable") from None
    if header is not None:
        return header
    name = other_format(data)
    raise CnnvizError("image_format", format=name) if name else CnnvizError("image_unreadable")


def _too_large(header: Header, limit: int) -> CnnvizError:
    return CnnvizError("image_too_large", width=header.width, height=header.height, limit=limit // 1_000_000)


def _decode(data: bytes, header: Header) -> tuple[Image.Image, int]:
    """The shrunk picture and its EXIF orientation (1 to 8, 1 where there is none)."""
    target = _target(header.width, header.height)
    if header.format == "WEBP" and header.width * header.height > _MAX_WEBP_PIXELS:
        return _large_webp(data, header, target)
    with _DECODERS[header.format](BytesIO(data)) as image:
        if image.size != (header.width, header.height):  # two headers in one file: nobody's honest picture
            raise CnnvizError("image_unreadable")
        if header.format == "JPEG":
            image.draft(None, target)  # let libjpeg skip what nobody will see; changes `image.size`
        image.load()
        picture = _shrink(lambda top, bottom: image.crop((0, top, image.width, bottom)), image.size, target)
        return picture, _orientation(image.getexif)


def _target(width: int, height: int) -> tuple[int, int]:
    longer = max(width, height)
    if longer <= MAX_SIDE:
        return width, height
    return max(1, round(width * MAX_SIDE / longer)), max(1, round(height * MAX_SIDE / longer))


def _orientation(exif: Callable[[], Image.Exif]) -> int:
    try:
        return int(exif().get(_ORIENTATION, 1))
    except Exception:  # broken EXIF is common, and no reason to refuse a picture
        return 1


def _shrink(strip: Callable[[int, int], Image.Image], size: tuple[int, int], target: tuple[int, int]) -> Image.Image:
    """A picture at its target size on white, strip by strip: averaged by whole factors first, then resampled once.

    Args:
        strip: gives the rows from its first argument up to its second, in any mode.
        size: (width, height) of the whole picture, px.
        target: (width, height) of the result, px.
    """
    width, height = size
    factor = max(1, min(width // target[0], height // target[1]) // 2)
    rows = max(1, _STRIP_PIXELS // (width * factor)) * factor
    reduced = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    for top in range(0, height, rows):
        part = _on_white(strip(top, min(top + rows, height)))
        reduced.paste(part.reduce(factor) if factor > 1 else part, (0, top // factor))
    if reduced.size == target:
        return reduced
    return reduced.resize(target, Image.Resampling.LANCZOS, box=(0, 0, width / factor, height / factor))


def _on_white(image: Image.Image) -> Image.Image:
    """Any mode as RGB, 8 bits, transparent places white."""
    if image.mode.startswith(("I", "F")):  # 16-bit grey; Pillow's own conversion of it clips instead of scaling
        return _from_16_bits(image)
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        picture = image.convert("RGBA")
        white = Image.new("RGB", picture.size, "white")
        white.paste(picture, mask=picture.getchannel("A"))
        return white
    return image.convert("RGB")


def _from_16_bits(image: Image.Image) -> Image.Image:
    values = np.asarray(image).astype(np.uint32)
    grey = ((values * 255 + 32767) // 65535).astype(np.uint8)
    transparent = image.info.get("transparency")
    if transparent is not None:
        grey[values == transparent] = 255
    return Image.fromarray(grey).convert("RGB")


def _large_webp(data: bytes, header: Header, target: tuple[int, int]) -> tuple[Image.Image, int]:
    """A WebP of more than 10 megapixels through torchvision, which needs less than half of Pillow's memory.

    It knows no animation, may have been built without WebP, and will give its decoders up one day (deprecated in 0.29):
    then the picture is refused with the size that works.
    """
    try:
        import torch
        from torchvision.io import decode_webp

        pixels = decode_webp(torch.frombuffer(bytearray(data), dtype=torch.uint8))
    except (ImportError, AttributeError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "support" not in str(error):
            raise  # the file is damaged; otherwise torchvision says "not supported" or "without … support"
        raise _too_large(header, _MAX_WEBP_PIXELS) from error
    array = pixels.permute(1, 2, 0).numpy()  # (H, W, 3 or 4), contiguous, since that is how it was decoded
    size = array.shape[1], array.shape[0]
    picture = _shrink(lambda top, bottom: Image.fromarray(array[top:bottom]), size, target)
    return picture, _orientation(lambda: _parse_exif(webp_chunk(data, b"EXIF")))


def _parse_exif(data: bytes) -> Image.Exif:
    exif = Image.Exif()
    exif.load(data)
    return exif
