"""Headers that keep a page to itself: what it may load, who may frame it, what the browser may tell others."""

from typing import Final

# Streamlit's own bundle needs inline styles, and evaluates the components' modules from blobs; everything else is this
# server. Whatever slipped into a page could neither load more nor send anything away.
_POLICY: Final = (
    ("default-src", "'self'"),
    ("script-src", "'self' 'unsafe-inline' 'unsafe-eval' blob: data:"),
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

SAFE_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    # The camera takes pictures of one's own to augment, after the browser has asked; nothing else needs any of these.
    (b"permissions-policy", b"camera=(self), microphone=(), geolocation=(), payment=(), usb=()"),
    (b"content-security-policy", "; ".join(f"{name} {value}" for name, value in _POLICY).encode()),
)
