"""The settings that decide whether a class can use the app, and colours that everybody can tell apart.

Contrast is that of WCAG 2.1 (1.4.3 text 4.5:1, 1.4.11 graphics 3:1). Colour blindness is simulated with the matrices of
Machado, Oliveira & Fernandes 2009 ("A physiologically-based model for simulation of color vision deficiency",
severity 1), on linear RGB; the distance is CIE76, of which 2.3 is just noticeable.
"""

import itertools
import tomllib

import pytest
from streamlit import config as streamlit_config

from cnnviz.ui.theme import INK, PAPER
from tests.project.sources import ROOT

CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
THEMES = ("light", "dark")
SEEN = {
    "everybody": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def _flat(table, prefix=""):
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def test_streamlit_knows_every_option():
    known = streamlit_config._config_options_template
    assert not [key for key, _ in _flat(CONFIG) if key not in known]


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("runner.postScriptGC", False, "collecting garbage after each rerun costs 200 ms once torch is loaded"),
        ("server.fileWatcherType", "none", "watching the files of torch freezes a class of thirty"),
        ("server.maxUploadSize", 10, "the limit for pictures; the default of 200 MB is a way to fill the memory"),
        ("server.showEmailPrompt", False, "on a new machine the app would wait for an e-mail address"),
        ("browser.gatherUsageStats", False, "nothing about the people in the class leaves the machine"),
        ("client.showErrorDetails", "type", "no traceback on a student's screen"),
        ("client.showErrorLinks", False, "no links to search engines beside an error"),
        ("client.toolbarMode", "minimal", "no developer menu for students"),
    ],
)
def test_decisive_settings(option, value, reason):
    assert dict(_flat(CONFIG)).get(option) == value, reason


def test_both_themes_set_the_same_things_or_there_is_no_switch():
    light, dark = (CONFIG["theme"][theme] for theme in THEMES)
    assert light.keys() == dark.keys() >= {"primaryColor", "backgroundColor", "textColor", "chartCategoricalColors"}
    assert len(light["chartCategoricalColors"]) == len(dark["chartCategoricalColors"]) >= 7


def test_drawings_use_the_themes_own_ink_and_paper():
    themes = [CONFIG["theme"][theme] for theme in THEMES]
    assert tuple(theme["textColor"] for theme in themes) == INK
    assert tuple(theme["backgroundColor"] for theme in themes) == PAPER


def test_fonts_are_the_readers_own():
    fonts = [value for key, value in _flat(CONFIG) if key.lower().endswith("font")]
    assert fonts
    assert "fontFaces" not in CONFIG["theme"]
    assert not [font for font in fonts if ":" in font or "//" in font]
    assert all(font.rpartition(",")[2].strip() in {"sans-serif", "monospace"} for font in fonts)


def _linear(colour):
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]


def _luminance(colour):
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), _linear(colour), strict=True))


def _contrast(first, second):
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_that_of_wcag():
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)
    assert _contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
def test_text_and_accent_can_be_read(theme):
    colours = CONFIG["theme"][theme]
    paper, panel = colours["backgroundColor"], colours["secondaryBackgroundColor"]
    assert _contrast(colours["textColor"], paper) >= 7
    assert _contrast(colours["textColor"], panel) >= 7
    assert _contrast(colours["primaryColor"], "#ffffff") >= 4.5, "a primary button's label is white"
    assert _contrast(colours["primaryColor"], panel) >= 3, "a slider's track, a ring of focus"
    # No colour is that dark and 4.5 on a dark page too: where Streamlit writes the accent there, the page's style sheet
    # writes the links' colour, also on the accent's own tint (a tenth of it).
    written = colours["primaryColor"] if theme == "light" else colours["linkColor"]
    sheet = (ROOT / "cnnviz" / "ui" / "components" / "sheet.css").read_text("utf-8")
    assert theme == "light" or f"color: {written} !important" in sheet
    for ground in (paper, panel):
        tint = "#" + "".join(
            f"{round(0.9 * int(ground[i : i + 2], 16) + 0.1 * int(colours['primaryColor'][i : i + 2], 16)):02x}"
            for i in (1, 3, 5)
        )
        assert _contrast(written, tint) >= 4.5
        assert _contrast(colours["linkColor"], ground) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_chart_colours_stand_out_from_the_page(theme):
    colours = CONFIG["theme"][theme]
    for colour in colours["chartCategoricalColors"]:
        assert _contrast(colour, colours["backgroundColor"]) >= 3, colour


def _lab(rgb):
    red, green, blue = (min(1, max(0, channel)) for channel in rgb)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    x, y, z = (c ** (1 / 3) if c > 0.008856 else 7.787 * c + 16 / 116 for c in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("eyes", SEEN)
@pytest.mark.parametrize("theme", THEMES)
def test_chart_colours_can_be_told_apart(theme, eyes):
    seen = {
        colour: _lab([sum(m * c for m, c in zip(row, _linear(colour), strict=True)) for row in SEEN[eyes]])
        for colour in CONFIG["theme"][theme]["chartCategoricalColors"]
    }
    for first, second in itertools.combinations(seen, 2):
        distance = sum((a - b) ** 2 for a, b in zip(seen[first], seen[second], strict=True)) ** 0.5
        assert distance >= 12, (first, second)
