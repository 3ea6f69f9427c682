"""The reader's language: sentences from the gettext catalogues, numbers and units.

English is the language of the source, so a message is its own key; Spanish lives in
`locale/es/LC_MESSAGES/cnnviz.po`, read once at first use, so a plain checkout needs no build step. A `Language` is
frozen and hashable: pages make one per rerun and pass it on, nothing global remembers a reader.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from babel.dates import format_datetime
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent

LOCALE: Final = Path(__file__).parent / "locale"
LANGUAGES: Final[Mapping[str, str]] = {"en": "English", "es": "Español"}
DEFAULT_LANGUAGE: Final = "en"

SPACE: Final = "\u202f"  # narrow no-break space between a number and its unit
_RAISED: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_DECIMAL_PREFIXES: Final = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_BINARY_PREFIXES: Final = ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "translate later"
    """Mark a message for the catalogues where it is written down but not yet shown."""
    return message


@cache
def _messages(language: str) -> Mapping[str, str | tuple[str, ...]]:
    path = LOCALE / language / "LC_MESSAGES" / "cnnviz.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    return {
        (message.id[0] if isinstance(message.id, tuple) else message.id): message.string
        for message in catalogue
        if message.id and message.string and not message.fuzzy
    }


def match_language(locale: str | None) -> str:
    """The language for a browser's locale such as "es-AR"; English for any that is not offered."""
    code = (locale or "").replace("_", "-").split("-")[0].lower()
    return code if code in LANGUAGES else DEFAULT_LANGUAGE


@dataclass(frozen=True, slots=True)
class Language:
    """One reader's language: call it with a message, ask it for numbers.

    Example:
        >>> _ = Language("es")
        >>> _("Start"), _.compact(11_178_378)
        ('Comenzar', '11,2 M')
    """

    code: str = DEFAULT_LANGUAGE

    def __call__(self, message: str, /, **parameters: Any) -> str:
        """The message in this language, its `{placeholders}` filled in."""
        text = _messages(self.code).get(message, message)
        if isinstance(text, tuple):
            text = text[0]
        return text.format(**parameters) if parameters else text

    def plural(self, singular: str, plural: str, count: int, /, **parameters: Any) -> str:
        """The form for `count`, which fills `{count}`."""
        table = _messages(self.code)
        forms = table.get(singular)
        if not isinstance(forms, tuple) or len(forms) < 2:  # two sentences of a table, each marked with `N_`
            forms = tuple(str(table.get(form) or form) for form in (singular, plural))
        return forms[0 if count == 1 else 1].format(count=self.number(count), **parameters)

    def number(self, value: float, digits: int | None = None) -> str:
        """A number with grouped thousands; `digits` fixes the decimals, otherwise at most three."""
        pattern = None if digits is None else "#,##0" + ("." + "0" * digits if digits else "")
        return str(format_decimal(value, format=pattern, locale=self.code))

    def significant(self, value: float, digits: int = 3) -> str:
        """A number rounded to some significant digits: 0.0123, 12.3, 1,230."""
        if math.isnan(value):
            return "NaN"
        if value == 0 or math.isinf(value):
            return self.number(value)
        rounded = float(f"{value:.{digits}g}")
        return str(format_decimal(rounded, format="#,##0.##########", locale=self.code))

    def scientific(self, value: float, digits: int = 2) -> str:
        """A number of any size: as it is between 0.001 and 10,000, otherwise as 3.1 × 10⁻⁷."""
        if not math.isfinite(value) or value == 0 or 1e-3 <= abs(value) < 1e4:
            return self.significant(value, digits)
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        raised = str(int(exponent)).translate(_RAISED)
        return f"{self.number(float(mantissa), digits - 1)}{SPACE}×{SPACE}10{raised}"

    def compact(self, value: float, unit: str = "") -> str:
        """Readable from the last row: 61.7 k, 11.2 M, 15.5 G; below 1,000 as it is."""
        for factor, prefix in _DECIMAL_PREFIXES:
            if abs(value) >= factor * 0.9995:
                return f"{self.significant(value / factor)}{SPACE}{prefix}{unit}"
        return self.significant(value) + (SPACE + unit if unit else "")

    def bytes(self, value: float) -> str:
        """An amount of memory with binary prefixes: 164 MiB."""
        for factor, prefix in _BINARY_PREFIXES:
            if abs(value) >= factor * 0.9995:
                return f"{self.significant(value / factor)}{SPACE}{prefix}"
        return f"{self.number(round(value))}{SPACE}B"

    def percent(self, share: float, digits: int = 0) -> str:
        """A share of one as a percentage: 92 %."""
        pattern = "#,##0" + ("." + "0" * digits if digits else "") + SPACE + "%"
        return str(format_percent(share, format=pattern, locale=self.code))

    def seconds(self, value: float) -> str:
        """A duration: 850 ms, 12 s, 3 min 20 s, 1 h 05 min."""
        if value < 1:
            return f"{self.number(round(value * 1000))}{SPACE}ms"
        if value < 10:
            return f"{self.number(value, 1)}{SPACE}s"
        whole = round(value)
        if whole < 60:
            return f"{whole}{SPACE}s"
        if whole < 3600:
            return f"{whole // 60}{SPACE}min" + (f" {whole % 60}{SPACE}s" if whole % 60 else "")
        return f"{whole // 3600}{SPACE}h {whole % 3600 // 60:02d}{SPACE}min"

    def shape(self, shape: tuple[int, ...]) -> str:
        """A tensor's shape without its batch: 64×24×24."""
        return "×".join(str(size) for size in shape)

    def date(self, moment: Any) -> str:
        """A date and time, short."""
        return str(format_datetime(moment, "short", locale=self.code))

    def error(self, error: Any) -> str:
        """The sentence of a `CnnvizError`; a field's name in it becomes the field's label where one is known."""
        return self(error.template, **error.parameters)
