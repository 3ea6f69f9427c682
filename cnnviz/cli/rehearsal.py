"""What a teacher wants to know of a machine before a class: one function, one row, nothing changed and nothing sent.

Each function takes the reader's `Language` and what was read off the machine, and says what was found, whether that is
good enough, and what to do if not. `machine_rows` reads this machine; `cnnviz.cli.timing` adds the trial steps.
"""

import http.client
import json
import os
import platform
import shutil
import socket
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Final, Literal

import psutil
from babel.messages.pofile import read_po
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from cnnviz.classroom.addresses import lan_addresses
from cnnviz.data.fashion_mnist import DATA_MD5, fashion_mnist
from cnnviz.data.samples import cat
from cnnviz.errors import CnnvizError
from cnnviz.language import LANGUAGES, LOCALE, Language
from cnnviz.training.store import default_folder

State = Literal["ok", "look", "broken"]

REQUIREMENTS: Final = Path(__file__).resolve().parents[2] / "requirements.txt"
PYTHONS: Final = ((3, 11), (3, 13))
PORT: Final = 8501  # Streamlit's own
# What the server and one worker hold with torch imported, and what a run needs beside them; see docs/measurements.md.
MEMORY_NEEDED: Final = 1.5 * 2**30
MEMORY_COMFORTABLE: Final = 3 * 2**30
# A small network's checkpoints of one run take a few MiB, AlexNet's 179 MiB each.
DISK_NEEDED: Final = 0.25 * 2**30
DISK_COMFORTABLE: Final = 2 * 2**30


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was looked at.

    Attributes:
        key: its name for scripts, the same in every language.
        name: its name for people.
        state: "ok"; "look": the class can go on, but somebody should know; "broken": it will not work.
        detail: what was found.
        advice: what to do, "" where nothing is to be done.
        figures: the numbers behind the sentence, in bytes, seconds and counts.
    """

    key: str
    name: str
    state: State
    detail: str
    advice: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)


def machine_rows(_: Language, port: int = PORT) -> tuple[Row, ...]:
    """Everything that needs no torch, read off this machine."""
    folder = default_folder()
    memory = psutil.virtual_memory()
    return (
        python_row(_, sys.version_info[:3]),
        packages_row(_, requirements(), installed_versions()),
        data_row(_),
        processor_row(_, usable_cores(), load_per_core()),
        memory_row(_, memory.available, memory.total),
        store_row(_, folder),
        disk_row(_, shutil.disk_usage(existing(folder)).free),
        languages_row(_, untranslated()),
        port_row(_, port, who_answers(port)),
        address_row(_, lan_addresses(), port),
    )


def python_row(_: Language, version: tuple[int, ...]) -> Row:
    """Whether this Python is one that the app is tested with."""
    oldest, newest = PYTHONS
    text = ".".join(map(str, version))
    name = "Python"
    if version[:2] < oldest:
        return Row("python", name, "broken", text, _("Install Python {version} or newer.", version="3.11"))
    if version[:2] > newest:
        return Row("python", name, "look", text, _("The app is tested with Python up to {version}.", version="3.13"))
    return Row("python", name, "ok", text)


def requirements(file: Path = REQUIREMENTS) -> tuple[Requirement, ...]:
    """What the app asks for; nothing where it was installed without its requirements file."""
    if not file.exists():
        return ()
    lines = (line.split("#")[0].strip() for line in file.read_text("utf-8").splitlines())
    return tuple(Requirement(line) for line in lines if line)


def installed_versions() -> dict[str, str]:
    """The versions of all installed packages, names in their canonical form (lower case, dashes)."""
    return {canonicalize_name(found.name): found.version for found in metadata.distributions() if found.name}


def packages_row(_: Language, wanted: Iterable[Requirement], installed: Mapping[str, str]) -> Row:
    """Whether every required package is there, in a version that is asked for."""
    found = [(need, installed.get(canonicalize_name(need.name))) for need in wanted]
    missing = [need.name for need, version in found if version is None]
    unfit = [
        f"{need.name} {version} ({need.specifier})"
        for need, version in found
        if version is not None and not need.specifier.contains(version, prereleases=True)
    ]
    name = _("Packages")
    figures = {need.name: version for need, version in found}
    if missing or unfit:
        detail = [_("Missing: {names}.", names=", ".join(missing))] if missing else []
        detail += [_("Not the version asked for: {names}.", names=", ".join(unfit))] if unfit else []
        advice = _("Install them: {command}", command="python -m pip install -r requirements.txt")
        return Row("packages", name, "broken", " ".join(detail), advice, figures)
    shown = [
        f"{need} {installed[need]}" for need in ("streamlit", "torch", "torchvision", "plotly") if need in installed
    ]
    return Row("packages", name, "ok", ", ".join(shown), figures=figures)


def data_row(_: Language) -> Row:
    """Whether Fashion-MNIST is complete, by its MD5, and the cat can be opened."""
    name = _("Data")
    try:
        images = sum(len(fashion_mnist(split).images) for split in ("train", "test"))
        cat()
    except CnnvizError as error:
        return Row("data", name, "broken", _.error(error))
    detail = _("Fashion-MNIST with {images} images (MD5 right) and the cat", images=_.number(images))
    return Row("data", name, "ok", detail, figures={"images": images, "md5": dict(DATA_MD5)})


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load_per_core() -> float | None:
    """Processes that wait for or use a core, per core, over the last minute; None where the system does not tell."""
    try:
        return os.getloadavg()[0] / (os.cpu_count() or 1)
    except (AttributeError, OSError):
        return None


def processor_row(_: Language, cores: int, load: float | None) -> Row:
    """How many cores there are, and whether something else keeps them busy."""
    detail = f"{platform.processor() or platform.machine()}, " + _.plural("{count} core", "{count} cores", cores)
    figures = {"cores": cores, "load_per_core": load}
    if load is not None and load > 0.5:
        busy = _("{detail}, {share} busy now", detail=detail, share=_.percent(load))
        return Row(
            "processor", _("Processor"), "look", busy, _("Close other programs: runs share these cores."), figures
        )
    return Row("processor", _("Processor"), "ok", detail, figures=figures)


def memory_row(_: Language, available: int, total: int) -> Row:
    """Whether the server, its worker and a run fit into memory."""
    detail = _("{free} free of {total}", free=_.bytes(available), total=_.bytes(total))
    figures = {"available": available, "total": total}
    if available >= MEMORY_COMFORTABLE:
        return Row("memory", _("Memory"), "ok", detail, figures=figures)
    state: State = "look" if available >= MEMORY_NEEDED else "broken"
    advice = _("Close other programs: the server and a run need {needed}.", needed=_.bytes(MEMORY_NEEDED))
    return Row("memory", _("Memory"), state, detail, advice, figures)


def existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())


def store_row(_: Language, folder: Path) -> Row:
    """Whether runs can be kept: a file is written into the folder, or into what it will be made in, and removed."""
    name, figures = _("Runs"), {"folder": str(folder)}
    trial = existing(folder) / f".cnnviz-check-{os.getpid()}"
    try:
        trial.write_bytes(b"trial")
        trial.unlink()
    except OSError as error:
        detail = _("Nothing can be written into {folder}: {reason}", folder=folder, reason=error.strerror or error)
        advice = _("Name a folder that can be written: set CNNVIZ_HOME.")
        return Row("runs", name, "broken", detail, advice, figures)
    return Row("runs", name, "ok", _("kept in {folder}", folder=folder), figures=figures)


def disk_row(_: Language, free: int) -> Row:
    """Whether there is room for runs and their checkpoints."""
    detail, figures = _("{free} free", free=_.bytes(free)), {"free": free}
    if free >= DISK_COMFORTABLE:
        return Row("disk", _("Disk"), "ok", detail, figures=figures)
    state: State = "look" if free >= DISK_NEEDED else "broken"
    advice = _("Make room: runs keep their weights, up to {needed} each.", needed=_.bytes(DISK_NEEDED))
    return Row("disk", _("Disk"), state, detail, advice, figures)


def untranslated() -> dict[str, tuple[int, int]]:
    """(sentences, those without a translation) of every language but English."""
    counts = {}
    for code in LANGUAGES:
        path = LOCALE / code / "LC_MESSAGES" / "cnnviz.po"
        if code != "en":
            messages = [m for m in read_po(path.open("rb"), locale=code) if m.id] if path.exists() else []
            empty = sum(m.fuzzy or not (m.string if isinstance(m.string, str) else all(m.string)) for m in messages)
            counts[code] = len(messages), empty
    return counts


def languages_row(_: Language, counts: Mapping[str, tuple[int, int]]) -> Row:
    """Whether every sentence exists in every language."""
    name = _("Languages")
    figures = {code: {"sentences": total, "missing": missing} for code, (total, missing) in counts.items()}
    short = [code for code, (total, missing) in counts.items() if missing or not total]
    if short:
        detail = _("Incomplete: {names}.", names=", ".join(LANGUAGES[code] for code in short))
        return Row("languages", name, "look", detail, _("Restore cnnviz/locale from the repository."), figures)
    return Row("languages", name, "ok", ", ".join(LANGUAGES.values()), figures=figures)


Answer = Literal["nobody", "cnnviz", "another", "forbidden"]


def who_answers(port: int) -> Answer:
    """Who has a port of this machine: nobody, this app, or another program; asked over the loopback alone."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/app/health")
        health = json.loads(connection.getresponse().read(10_000))
        return "cnnviz" if isinstance(health, dict) and {"status", "version"} <= health.keys() else "another"
    except ConnectionRefusedError:
        return "nobody" if _can_listen(port) else "forbidden"
    except (OSError, http.client.HTTPException, ValueError):
        return "another"
    finally:
        connection.close()


def _can_listen(port: int) -> bool:
    with socket.socket() as trial:
        try:
            trial.bind(("", port))
        except OSError:
            return False
        return True


def port_row(_: Language, port: int, answer: Answer) -> Row:
    """Whether the app can have its port, or has it already."""
    name, figures = _("Port"), {"port": port, "answers": answer}
    if answer == "cnnviz":
        return Row("port", name, "ok", _("The app is running at port {port}.", port=str(port)), figures=figures)
    if answer == "nobody":
        return Row("port", name, "ok", _("Port {port} is free.", port=str(port)), figures=figures)
    detail = _("Another program has port {port}.", port=str(port))
    if answer == "forbidden":
        detail = _("Port {port} cannot be used by this account.", port=str(port))
    command = f"streamlit run app.py --server.port {max(port, 8500) + 1}"
    return Row("port", name, "look", detail, _("Choose another one: {command}", command=command), figures)


def address_row(_: Language, addresses: Iterable[str], port: int) -> Row:
    """What to write on the board."""
    links = [f"http://{address}:{port}" for address in addresses]
    name, figures = _("Address"), {"addresses": links}
    if not links:
        detail = _("This machine is in no network: only http://localhost:{port} works.", port=str(port))
        return Row("address", name, "look", detail, _("Connect it to the network of the room."), figures)
    detail = _("{link} for everybody in this network", link=links[0])
    if links[1:]:
        detail += " " + _("(or {links})", links=", ".join(links[1:]))
    return Row("address", name, "ok", detail, figures=figures)
