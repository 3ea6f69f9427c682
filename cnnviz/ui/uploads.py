"""How much of what people upload stays in memory: a few files of a session, and a bound for all of them together.

Streamlit keeps every uploaded file until its session ends, whether a page still shows it or not. A page here asks for
one picture at a time, so the newest of a session are enough. Where all together are too many, the session that holds
the most gives up its oldest, so that whoever fills the memory empties their own.
"""

from collections.abc import Mapping
from typing import Any, Final

from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

FILES_OF_A_SESSION: Final = 3  # three pages ask for a picture
BYTES_IN_ALL: Final = 256 * 2**20  # 25 of the largest pictures, or a class's photographs of some megabytes


def keep_few_uploads() -> None:
    """Forget what is more than is kept; nothing where no app runs. Call it where uploads arrive: in the event loop."""
    if not runtime.exists():
        return
    files = runtime.get_instance().uploaded_file_mgr
    if isinstance(files, MemoryUploadedFileManager):
        for session, file in surplus(files.file_storage):
            files.remove_file(session, file)


def surplus(
    kept: Mapping[str, Mapping[str, Any]], files: int = FILES_OF_A_SESSION, size: int = BYTES_IN_ALL
) -> list[tuple[str, str]]:
    """Which (session, file) are forgotten.

    Args:
        kept: files by session, the oldest first; each has its bytes in `data`.
        files: how many a session keeps.
        size: bytes that all may have together.
    """
    sizes = {session: {name: len(file.data) for name, file in own.items()} for session, own in kept.items()}
    gone = []
    for session, own in sizes.items():
        for name in list(own)[: max(0, len(own) - files)]:
            del own[name]
            gone.append((session, name))
    totals = {session: sum(own.values()) for session, own in sizes.items()}
    while sum(totals.values()) > size:
        session = max(totals, key=totals.__getitem__)
        name = next(iter(sizes[session]))
        totals[session] -= sizes[session].pop(name)
        gone.append((session, name))
    return gone
