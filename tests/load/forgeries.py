"""What a widget's value can be forged into: the right type out of bounds, every wrong type, text that means harm."""

from streamlit.components.v2.bidi_component.main import _make_trigger_id

HARMFUL = (
    "<script>alert(1)</script>",
    "no such option",
    "../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "%2e%2e/%2e%2e/etc/passwd",
    "passwd\x00.png",
    "\u202egpj.exe",
    "x" * 200_000,
    "",
)
SHORT = HARMFUL[:-2]  # what a list of many may hold
FORGERIES = (
    *(("string_value", text) for text in HARMFUL),
    *(("int_value", number) for number in (-(2**63), -1, 2**31, 2**63 - 1)),
    *(("double_value", number) for number in (float("nan"), float("inf"), float("-inf"), -1e308, 1e-320)),
    ("bool_value", True),
    ("trigger_value", True),
    ("string_trigger_value", {"data": HARMFUL[0]}),
    ("int_array_value", [2**63 - 1, -1]),
    ("int_array_value", [0] * 100_000),
    ("double_array_value", [float("nan")] * 3),
    ("double_array_value", [float("inf"), float("-inf")]),
    ("double_array_value", []),
    ("string_array_value", SHORT),
    ("string_array_value", ["x" * 200_000]),
    ("string_array_value", ["x"] * 100_000),
    ("json_value", '{"__proto__": {"x": 1}}'),
    ("json_value", "no json"),
    ("json_value", "[" * 100_000),
    ("json_value", '{"value": 1e999}'),
    ("bytes_value", b"\xff" * 1000),
    ("arrow_value", {}),
    ("file_uploader_state_value", {}),
    ("chat_input_value", {"data": HARMFUL[0]}),
)
"""(field of a widget's state, value) for a widget of any kind."""

_PARTS = ("selected", "cell", "projector", "chain", "need", "moved")
_SENT = (
    "null", "true", "-1", "1e999", "NaN", '"<script>alert(1)</script>"', '"../../etc/passwd"', '"\\u0000"', "[]", "{}",
    "[[[]]]", '[-1, 1e999]', '[99999999999999999999, 0]', '{"operations": [{"kind": "../x", "enabled": 1}]}',
    '{"version": "1 random", "operations": [{"kind": "hue", "enabled": true, "settings": {"hue": "NaN"}}]}',
    '{"version": "1 random", "operations": 7}', '{"version": null, "edits": "x", "operations": {"a": 1}}',
)  # fmt: skip
OF_COMPONENTS = tuple(("json_value", "{" + ", ".join(f'"{part}": {sent}' for part in _PARTS) + "}") for sent in _SENT)
"""The same for a component of our own, whose state is an object with a name for each thing that can be done in it."""

EVENTS = tuple(
    ("json_trigger_value", sent)
    for sent in (
        "null", "7", "no json", "[" * 100_000, '[{"event": "need"}, {"event": "moved", "value": {}}, {"event": 7}]',
        '[{"event": "\\u0000", "value": "<script>"}]',
        "[" + ", ".join(['{"event": "need", "value": true}'] * 10_000) + "]",
    )
)  # fmt: skip
"""What happened in a component, told to the trigger that belongs to it."""


def forgeries(widget, kind):
    """(id, field, value) of everything that is sent in a widget's name.

    Args:
        widget: its id.
        kind: the kind of element that it is.
    """
    for field, value in FORGERIES:
        yield widget, field, value
    if kind == "bidi_component":
        for field, value in OF_COMPONENTS:
            yield widget, field, value
        for field, value in EVENTS:
            yield _make_trigger_id(widget, "events"), field, value
