"""Where the shipped pictures lie, and one way to say that one of them is missing or damaged."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cnnviz.errors import CnnvizError

ASSETS: Final = Path(__file__).parents[2] / "assets"


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong while `path` is read into a sentence that names the file.

    Raises:
        CnnvizError: "data_missing" where there is no such file, "data_damaged" for everything else.
    """
    try:
        yield
    except CnnvizError:
        raise
    except (FileNotFoundError, NotADirectoryError):
        raise CnnvizError("data_missing", file=str(path)) from None
    except Exception as error:  # gzip, zlib and Pillow raise many kinds for bytes that are not what they should be
        raise CnnvizError("data_damaged", file=str(path)) from error
