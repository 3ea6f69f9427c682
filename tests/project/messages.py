"""Collects the sentences of the source and merges them into the catalogues: `make messages`.

A sentence is the first argument of `_("…")` or `N_("…")`, or the first two of `_.plural("…", "…", count)`. Merging
keeps every translation, drops sentences that the source no longer has, and leaves new ones empty for a translator;
nothing is guessed from similar sentences.
"""

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.pofile import read_po, write_po

from cnnviz import __version__

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "cnnviz" / "locale"
SOURCES = ("cnnviz", "pages")
KEYWORDS = {"_": None, "N_": None, "plural": (1, 2)}


def extract() -> Catalog:
    """Every sentence of the source, with the files it stands in; English is its own key."""
    catalog = _empty()
    found = [
        (f"{folder}/{name}", line, message)
        for folder in SOURCES
        for name, line, message, *_ in extract_from_dir(
            ROOT / folder, method_map=[("**.py", "python")], keywords=KEYWORDS
        )
    ]
    found += [("app.py", line, message) for line, message, *_ in extract_from_file("python", ROOT / "app.py", KEYWORDS)]
    for name, line, message in found:
        if message:  # `_(description or "")` is read as an empty sentence, which is gettext's name for the header
            catalog.add(message, locations=[(name, line)])
    return catalog


def _empty(language: str | None = None) -> Catalog:
    return Catalog(
        locale=language,
        project="cnnviz",
        version=__version__,
        header_comment="# The sentences of cnnviz; `make messages` keeps them in step with the source.",
        msgid_bugs_address="see CONTRIBUTING.md",
        last_translator="the cnnviz authors",
        language_team="the cnnviz authors",
        charset="utf-8",
        fuzzy=False,
    )


def read(path: Path, language: str | None = None) -> Catalog:
    """A catalogue on disk; empty where there is none yet."""
    if not path.exists():
        return _empty(language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def write(catalog: Catalog, path: Path) -> None:
    """Write a catalogue sorted, and without line numbers, so that a change of code is not a change of sentences."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=120, sort_output=True, include_lineno=False, ignore_obsolete=True)


def merge(template: Catalog, path: Path, language: str) -> Catalog:
    """The catalogue at `path`, brought up to the sentences of `template`."""
    catalog = read(path, language)
    catalog.update(template, no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    return catalog


def main() -> None:
    """Write the template and update every language's catalogue; say what is left to translate."""
    template = extract()
    write(template, LOCALE / "cnnviz.pot")
    for folder in sorted(path for path in LOCALE.iterdir() if path.is_dir()):
        path = folder / "LC_MESSAGES" / "cnnviz.po"
        catalog = merge(template, path, folder.name)
        write(catalog, path)
        missing = sum(not translated(message.string) for message in catalog if message.id)
        print(f"{path.relative_to(ROOT)}: {len(catalog)} sentences, {missing} without a translation")


def translated(string: str | tuple[str, ...] | list[str]) -> bool:
    """Whether a translation is there, in all its forms."""
    return bool(string) if isinstance(string, str) else bool(string) and all(string)


if __name__ == "__main__":
    main()
