"""What a picture's file says about itself, read without a decoder: kind, size, and whether its structure is sane.

The limits on segments and scans are far above what cameras and editors write and stop two ways to keep a server busy
with little: a million empty segments, and a progressive JPEG that repeats one tiny scan thousands of times (each costs
a pass over the whole picture).

Layouts: JPEG ITU-T T.81 annex B, PNG W3C "Portable Network Graphics" section 5, WebP RFC 9649.
"""

import re
from typing import Final, NamedTuple

_MAX_SEGMENTS: Final = 1000
_MAX_SCANS: Final = 32  # encoders write about ten

_JPEG: Final = b"\xff\xd8\xff"
_PNG: Final = b"\x89PNG\r\n\x1a\n"
# A marker: not an escaped 0xFF, not a restart inside a scan, not a fill byte.
_MARKER: Final = re.compile(rb"\xff([^\x00\x01\xd0-\xd7\xff])")
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0 … SOF15, without tables
_START, _END, _SCAN = 0xD8, 0xD9, 0xDA


class Header(NamedTuple):
    """Kind ("JPEG", "PNG", "WEBP") and size in px."""

    format: str
    width: int
    height: int


class Truncated(ValueError):  # noqa: N818 - a state of the file
    """The file ends before it should."""


def read_header(data: bytes) -> Header | None:
    """The header of a JPEG, PNG or WebP file, None for any other kind.

    Raises:
        Truncated: the file ends too early.
        ValueError: it breaks its format's rules, or has more parts than any honest picture.
    """
    if data.startswith(_JPEG):
        size = _jpeg(data)
    elif data.startswith(_PNG):
        size = _png(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        size = _webp(data)
    else:
        return None
    if min(size) < 1:
        raise ValueError("a picture without pixels")
    return Header({_JPEG[:1]: "JPEG", _PNG[:1]: "PNG", b"R": "WEBP"}[data[:1]], *size)


def webp_chunk(data: bytes, name: bytes) -> bytes:
    """The content of a WebP file's first chunk with this name, empty where there is none."""
    position = 12
    for _ in range(_MAX_SEGMENTS):
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        if data[position : position + 4] == name:
            return data[position + 8 : position + 8 + length]
        position += 8 + length + length % 2
        if position >= len(data):
            break
    return b""


def other_format(data: bytes) -> str | None:
    """The name of a well-known format that is not accepted, None for anything else."""
    for offset, signature, name in _OTHERS:
        if data.startswith(signature, offset):
            return name
    return "SVG" if b"<svg" in data[:1000].lower() else None


_OTHERS: Final = (
    (0, b"GIF8", "GIF"),
    (0, b"BM", "BMP"),
    (0, b"II*\x00", "TIFF"),
    (0, b"MM\x00*", "TIFF"),
    (4, b"ftypavif", "AVIF"),
    (4, b"ftyp", "HEIC"),
    (0, b"%PDF", "PDF"),
    (0, b"8BPS", "PSD"),
    (0, b"\x00\x00\x01\x00", "ICO"),
    (0, b"\xff\x0a", "JPEG XL"),
    (4, b"JXL ", "JPEG XL"),
    (4, b"jP  ", "JPEG 2000"),
)


def _jpeg(data: bytes) -> tuple[int, int]:
    size: tuple[int, int] | None = None
    segments = scans = 0
    position = 2
    while marker := _MARKER.search(data, position):
        code = marker[1][0]
        position = marker.end()
        if code == _END:
            break
        if code == _START:
            continue
        if code in _FRAMES and size is None:
            if position + 7 > len(data):
                raise Truncated
            size = _big(data, position + 5, 2), _big(data, position + 3, 2)
        segments += 1
        scans += code == _SCAN
        if segments > _MAX_SEGMENTS or scans > _MAX_SCANS:
            raise ValueError("too many parts")
        position += _big(data, position, 2)  # the length counts its own two bytes
    if size is None or not scans:
        raise Truncated
    return size


def _png(data: bytes) -> tuple[int, int]:
    if len(data) < 33:
        raise Truncated
    if data[12:16] != b"IHDR":
        raise ValueError("no IHDR")
    size = _big(data, 16, 4), _big(data, 20, 4)
    segments, position = 0, 33
    while position + 12 <= len(data):
        kind = data[position + 4 : position + 8]
        if kind == b"IEND":
            return size
        segments += kind not in (b"IDAT", b"fdAT")
        if segments > _MAX_SEGMENTS:
            raise ValueError("too many parts")
        position += 12 + _big(data, position, 4)
    raise Truncated


def _webp(data: bytes) -> tuple[int, int]:
    if len(data) < 30 or int.from_bytes(data[4:8], "little") + 8 > len(data):
        raise Truncated
    kind = data[12:16]
    if kind == b"VP8X":
        return _little(data, 24, 3) + 1, _little(data, 27, 3) + 1
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        return _little(data, 26, 2) & 0x3FFF, _little(data, 28, 2) & 0x3FFF
    if kind == b"VP8L" and data[20] == 0x2F:
        bits = _little(data, 21, 4)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    raise ValueError("no picture in this WebP")


def _big(data: bytes, position: int, size: int) -> int:
    return int.from_bytes(data[position : position + size], "big")


def _little(data: bytes, position: int, size: int) -> int:
    return int.from_bytes(data[position : position + size], "little")
