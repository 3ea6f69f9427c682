"""Both languages are complete, and numbers read as people in each language write them."""

import ast
import datetime
import pkgutil
import string
from importlib import import_module

import pytest
from babel.core import Locale

import cnnviz.specs
from cnnviz.language import LANGUAGES, LOCALE, Language, match_language
from cnnviz.specs.base import Spec
from cnnviz.specs.catalog import catalog
from tests.project.messages import ROOT, extract, merge, read, translated, write
from tests.project.sources import modules

EN, ES = Language("en"), Language("es")
TRANSLATIONS = [code for code in LANGUAGES if code != "en"]
LESSONS = ROOT / "assets" / "lessons"


@pytest.fixture(scope="module")
def source():
    """The sentences of the source as {key: message}; a plural's key is its singular."""
    return {_key(message.id): message for message in extract() if message.id}


def _key(identity):
    return identity if isinstance(identity, str) else identity[0]


def _catalogue(code):
    return {_key(m.id): m for m in read(LOCALE / code / "LC_MESSAGES" / "cnnviz.po", code) if m.id}


def _placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_sentences_are_found_in_every_place_that_has_them(source):
    """The extraction sees the calls that the catalogues stand on, so completeness below is not vacuous."""
    files = {name for message in source.values() for name, _ in message.locations}
    assert {"cnnviz/errors.py", "cnnviz/specs/training.py", "cnnviz/specs/catalog.py"} <= files
    assert any(name.startswith("pages/") for name in files)
    assert len(source) > 150


def test_no_sentence_hides_from_the_extraction(source):
    """Such as one inside an f-string, which Python 3.11 does not show to it."""
    hidden = set()
    for path, tree in modules("cnnviz", "pages", "app.py"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                sentence = node.args[0].value
                if called in {"_", "N_"} and isinstance(sentence, str) and sentence and sentence not in source:
                    hidden.add(f"{path}: {sentence}")
    assert not hidden


@pytest.mark.parametrize("code", TRANSLATIONS)
def test_every_sentence_has_a_translation(code, source):
    catalogue = _catalogue(code)
    missing = sorted(
        key for key in source if key not in catalogue or catalogue[key].fuzzy or not translated(catalogue[key].string)
    )
    assert not missing, f"{len(missing)} sentences lack a translation (run `make messages`): {missing[:20]}"


@pytest.mark.parametrize("code", TRANSLATIONS)
def test_no_translation_has_lost_its_sentence(code, source):
    catalogue = read(LOCALE / code / "LC_MESSAGES" / "cnnviz.po", code)
    assert not catalogue.obsolete
    assert not sorted(_key(m.id) for m in catalogue if m.id and _key(m.id) not in source)


@pytest.mark.parametrize("code", TRANSLATIONS)
def test_translations_keep_placeholders_and_edges(code):
    wrong = []
    for key, message in _catalogue(code).items():
        originals = (message.id,) if isinstance(message.id, str) else message.id
        strings = (message.string,) if isinstance(message.string, str) else message.string
        for text in filter(None, strings):
            same_names = any(_placeholders(text) == _placeholders(original) for original in originals)
            same_end = text[-1] == key[-1] or not {text[-1], key[-1]} & set(".?:…")
            same_space = (text[:1].isspace(), text[-1:].isspace()) == (key[:1].isspace(), key[-1:].isspace())
            if not (same_names and same_end and same_space):
                wrong.append((key, text))
    assert not wrong


def test_placeholders_are_named(source):
    """A name tells a translator what stands there, and lets a sentence change its order."""
    assert not [key for key in source if any(not name.isidentifier() for name in _placeholders(key))]


def _specs(kind=Spec):
    for child in kind.__subclasses__():
        yield child
        yield from _specs(child)


def test_what_specs_and_catalogue_say_is_among_the_sentences(source):
    """A label, help, unit or idea that nobody marked with `N_` would stay English for ever."""
    for module in pkgutil.iter_modules(cnnviz.specs.__path__, "cnnviz.specs."):
        import_module(module.name)
    shown = {entry.idea for entry in catalog()}
    for spec in set(_specs()):
        for field in spec.model_fields.values():
            extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
            shown |= {field.title, field.description, extra.get("unit")} - {"px", "°", "%"}
    assert len(shown) > 80
    assert not shown - source.keys() - {None, ""}


def test_a_merge_keeps_translations_drops_the_obsolete_and_invents_nothing(tmp_path, source):
    path = tmp_path / "es" / "LC_MESSAGES" / "cnnviz.po"
    kept = next(iter(source))
    catalogue = merge(extract(), path, "es")
    catalogue[kept].string = "traducido"
    catalogue.add("A sentence that no longer exists.", "Una frase que ya no existe.")
    write(catalogue, path)
    write(merge(extract(), path, "es"), path)
    merged = {_key(m.id): m for m in read(path, "es") if m.id}
    assert merged.keys() == source.keys()
    assert merged[kept].string == "traducido"
    assert not [key for key, message in merged.items() if key != kept and translated(message.string)]


def test_every_lesson_exists_in_every_language():
    lessons = {code: {path.name for path in (LESSONS / code).glob("*.md")} for code in LANGUAGES}
    assert lessons["en"]
    for code in TRANSLATIONS:
        assert lessons[code] == lessons["en"]
        assert not [name for name in lessons[code] if not (LESSONS / code / name).read_text("utf-8").strip()]


@pytest.mark.parametrize(
    ("locale", "code"),
    [
        ("es", "es"), ("es-AR", "es"), ("es_ES", "es"), ("ES-mx", "es"), ("en-GB", "en"), ("de-DE", "en"),
        ("", "en"), (None, "en"), ("est", "en"),
    ],
)  # fmt: skip
def test_a_browsers_locale_chooses_the_language(locale, code):
    assert match_language(locale) == code


def test_languages_call_themselves_by_their_own_name():
    for code, name in LANGUAGES.items():
        assert Locale.parse(code).get_display_name(code).lower() == name.lower()


def _plain(text):
    return text.replace("\u202f", " ").replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("call", "english", "spanish"),
    [
        (lambda _: _.compact(11_178_378), "11.2 M", "11,2 M"),
        (lambda _: _.compact(61_706), "61.7 k", "61,7 k"),
        (lambda _: _.compact(999_999), "1 M", "1 M"),
        (lambda _: _.compact(999), "999", "999"),
        (lambda _: _.compact(0), "0", "0"),
        (lambda _: _.compact(15_470_264_320, "MACs"), "15.5 GMACs", "15,5 GMACs"),
        (lambda _: _.compact(-61_706), "-61.7 k", "-61,7 k"),
        (lambda _: _.number(61_706), "61,706", "61.706"),
        (lambda _: _.number(11_178_378), "11,178,378", "11.178.378"),
        (lambda _: _.number(0.1), "0.1", "0,1"),
        (lambda _: _.number(2.302585, 3), "2.303", "2,303"),
        (lambda _: _.number(2, 2), "2.00", "2,00"),
        (lambda _: _.significant(0.0123456), "0.0123", "0,0123"),
        (lambda _: _.significant(12_345), "12,300", "12.300"),
        (lambda _: _.significant(float("nan")), "NaN", "NaN"),
        (lambda _: _.significant(float("inf")), "∞", "∞"),
        (lambda _: _.bytes(42_991_616 * 4), "164 MiB", "164 MiB"),
        (lambda _: _.bytes(102_760_448 * 4), "392 MiB", "392 MiB"),
        (lambda _: _.bytes(1536), "1.5 KiB", "1,5 KiB"),
        (lambda _: _.bytes(12), "12 B", "12 B"),
        (lambda _: _.percent(0.92), "92 %", "92 %"),
        (lambda _: _.percent(0.8765, 1), "87.6 %", "87,6 %"),
        (lambda _: _.percent(1), "100 %", "100 %"),
        (lambda _: _.seconds(0.0474), "47 ms", "47 ms"),
        (lambda _: _.seconds(1.23), "1.2 s", "1,2 s"),
        (lambda _: _.seconds(59.4), "59 s", "59 s"),
        (lambda _: _.seconds(200), "3 min 20 s", "3 min 20 s"),
        (lambda _: _.seconds(120), "2 min", "2 min"),
        (lambda _: _.seconds(3900), "1 h 05 min", "1 h 05 min"),
        (lambda _: _.shape((64, 24, 24)), "64×24×24", "64×24×24"),
        (lambda _: _.date(datetime.datetime(2026, 3, 14, 15, 9)), "3/14/26, 3:09 PM", "14/3/26, 15:09"),
    ],
)  # fmt: skip
def test_numbers_and_units(call, english, spanish):
    assert _plain(call(EN)) == english
    assert _plain(call(ES)) == spanish


def test_a_number_never_parts_from_its_unit_at_a_line_break():
    for text in (EN.compact(61_706), EN.bytes(5_000), ES.percent(0.5), ES.seconds(12), EN.seconds(0.1)):
        assert " " not in text


def test_plurals_follow_the_count():
    assert EN.plural("{count} run of {name}", "{count} runs of {name}", 1, name="x") == "1 run of x"
    assert EN.plural("{count} run of {name}", "{count} runs of {name}", 0, name="x") == "0 runs of x"
    assert EN.plural("{count} run", "{count} runs", 1200) == "1,200 runs"


def test_a_sentence_with_braces_and_no_parameters_is_left_alone():
    assert EN("{not filled}") == "{not filled}"
    assert EN("{count} runs", count=3) == "3 runs"


def test_two_marked_sentences_serve_as_the_two_forms():
    spanish = Language("es")
    assert spanish.plural("{count} residual block", "{count} residual blocks", 1) == "1 bloque residual"
    assert spanish.plural("{count} residual block", "{count} residual blocks", 3) == "3 bloques residuales"
    assert Language("en").plural("{count} residual block", "{count} residual blocks", 3) == "3 residual blocks"


@pytest.mark.parametrize(
    ("value", "english", "spanish"),
    [
        (3.14e-7, "3.1\u202f×\u202f10⁻⁷", "3,1\u202f×\u202f10⁻⁷"),
        (-2.5e12, "-2.5\u202f×\u202f10¹²", "-2,5\u202f×\u202f10¹²"),
        (0.0254, "0.025", "0,025"),
        (0.0, "0", "0"),
    ],
)
def test_numbers_of_any_size(value, english, spanish):
    assert (EN.scientific(value), ES.scientific(value)) == (english, spanish)
