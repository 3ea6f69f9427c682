"""Headers that keep a page to itself: what it may load, who may frame it, what the browser may tell others."""

import base64
import hashlib
from collections.abc import Iterable
from typing import Final

# In a class, whatever slipped into a page could neither run, nor load more, nor send anything away: scripts are files
# of this server, those that stand in the document itself (by their hashes), and the modules of components, which
# Streamlit hands to the browser as blobs that only a running script can make. Styles are written into the page by its
# bundle.
_POLICY: Final = (
    ("default-src", "'self'"),
    ("script-src", "'self' blob:"),
    ("style-src", "'self' 'unsafe-inline'"),
    ("img-src", "'self' data: blob:"),
    ("font-src", "'self' data:"),
    ("connect-src", "'self' data: blob:"),
    ("worker-src", "'self' blob:"),
    ("frame-src", "'self' blob:"),
    ("object-src", "'none'"),
    ("base-uri", "'self'"),
    ("form-action", "'self'"),
    ("frame-ancestors", "'self'"),
)
# Whoever has a server alone reads nothing that others have written, and may look at a page with tools that put a script
# of their own into it, such as a checker of its accessibility. Even these load nothing from elsewhere.
_TOOLS: Final = " 'unsafe-inline' 'unsafe-eval'"
_OTHERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    # The camera takes pictures of one's own to augment, after the browser has asked; nothing else needs any of these.
    (b"permissions-policy", b"camera=(self), microphone=(), geolocation=(), payment=(), usb=()"),
)


def safe_headers(scripts: Iterable[str] = (), *, shared: bool = True) -> tuple[tuple[bytes, bytes], ...]:
    """The headers of every answer.

    Args:
        scripts: those that stand in the document itself, letter by letter.
        shared: whether a class shares the server: then no other script runs that is written into a page.
    """
    more = "".join(f" 'sha256-{_digest(script)}'" for script in scripts) if shared else _TOOLS
    policy = "; ".join(f"{name} {value}{more if name == 'script-src' else ''}" for name, value in _POLICY)
    return (*_OTHERS, (b"content-security-policy", policy.encode()))


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
