"""An address as a QR code (ISO/IEC 18004), to be photographed from a wall."""

import io
from typing import Final

import segno

from cnnviz.errors import CnnvizError

LONGEST: Final = 1000  # bytes: more would be too fine for a camera at the back of the room
_BORDER: Final = 4  # modules of quiet around it, which the standard asks for


def qr_svg(text: str) -> str:
    """A QR code as SVG, black on white in both themes, since cameras read no other.

    Args:
        text: what it says, at most 1,000 bytes.

    Raises:
        CnnvizError: if the text is longer.
    """
    length = len(text.encode())
    if length > LONGEST:
        raise CnnvizError("text_too_long", label="QR", length=length, limit=LONGEST)
    file = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        file, kind="svg", border=_BORDER, dark="#000000", light="#ffffff", xmldecl=False, omitsize=True
    )
    return file.getvalue().decode()
