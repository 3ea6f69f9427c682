"""The run store as one file, to be kept elsewhere and put back: records, curves, checkpoints and races."""

import shutil
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from cnnviz.errors import CnnvizError
from cnnviz.training import kept_races
from cnnviz.training.reading import RUN_ID
from cnnviz.training.store import RunStore

_DATABASE: Final = "runs.sqlite3"


def back_up(store: RunStore, target: Path) -> int:
    """Write a copy of a store that may be in use; returns the bytes written.

    The database is that of one moment; checkpoints and races are as they are found, each of them whole.

    Raises:
        CnnvizError: if it cannot be written; an older copy of the same name is still there then.
    """
    unfinished = target.with_name(target.name + ".unfinished")
    try:
        with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(unfinished, "w") as archive:
            copy = Path(folder) / _DATABASE
            store.database.copy_to(copy)
            archive.write(copy, _DATABASE, compress_type=zipfile.ZIP_DEFLATED)
            checkpoints = sorted((store.folder / "runs").glob("*/*.safetensors"))
            races = [race.path for race in kept_races.kept_races(store.folder)]
            for path in (*checkpoints, *races):
                with suppress(FileNotFoundError):  # evicted in the meantime
                    archive.write(path, path.relative_to(store.folder).as_posix())
        unfinished.replace(target)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise CnnvizError("store_unusable", folder=str(target.parent), reason=str(error)) from error
    return target.stat().st_size


def restore(source: Path, folder: Path) -> int:
    """Put a copy back into an empty folder; returns how many runs there are.

    Raises:
        CnnvizError: if the folder has a store already, or the file is no copy of one.
    """
    if (folder / _DATABASE).exists():
        raise CnnvizError("store_not_empty", folder=str(folder))
    try:
        with zipfile.ZipFile(source) as archive:
            names = archive.namelist()
            if _DATABASE not in names or not all(map(_is_ours, names)):
                raise CnnvizError("backup_unreadable", file=source.name)
            for name in sorted(names, key=lambda name: name == _DATABASE):  # it comes last: until then there is nothing
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(name) as packed, path.open("wb") as file:
                    shutil.copyfileobj(packed, file)
    except (OSError, zipfile.BadZipFile) as error:
        raise CnnvizError("backup_unreadable", file=source.name) from error
    store = RunStore(folder)
    try:
        store.mark_interrupted()
        return sum(store.counts().values())
    finally:
        store.close()


def _is_ours(name: str) -> bool:
    """Whether a name in an archive is one that `back_up` writes: no path leads out of the folder."""
    match name.split("/"):
        case [only]:
            return only == _DATABASE
        case [kept_races.FOLDER, file]:
            return bool(kept_races.NAME.fullmatch(file))
        case ["runs", run_id, file]:
            return bool(RUN_ID.fullmatch(run_id)) and file.endswith(".safetensors") and "\\" not in file
    return False
