"""The first message of every answer, from a theme that is read once.

Each run of a page or of a fragment begins with a message that holds the whole theme. Streamlit builds it anew each
time, from a walk over all its settings for each of six sections: a third of what a look at something that has not
changed costs. The settings of a server do not change while it runs, so the six parts are kept as they were the first
time.

This replaces a function of Streamlit's that has no public name. Where it is not found nothing is replaced, and a test
holds the messages against Streamlit's own.
"""

from collections.abc import Callable
from typing import Any

from streamlit.runtime import app_session

_NAME = "_populate_theme_msg"


def keep_theme() -> bool:
    """From now on read each section of the theme once; returns whether this Streamlit has what is to be replaced."""
    populate = getattr(app_session, _NAME, None)
    if populate is None:
        return False
    if not hasattr(populate, "kept"):
        setattr(app_session, _NAME, _Keeping(populate))
    return True


class _Keeping:
    """Fills a part of the message as `populate` did the first time it was asked for this section."""

    def __init__(self, populate: Callable[..., None]) -> None:
        self._populate = populate
        self.kept: dict[str, Any] = {}

    def __call__(self, message: Any, section: str = "theme") -> None:
        """Add what the section holds; `message` may already hold other sections within."""
        if section not in self.kept:
            part = type(message)()
            self._populate(part, section)
            self.kept[section] = part
        if self.kept[section].ByteSize():  # what is empty must not become something that is there and empty
            message.MergeFrom(self.kept[section])
