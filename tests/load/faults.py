"""What can go wrong with a server and its machine; each comes and goes within seconds."""

import errno
import os
import shutil
import sqlite3
import subprocess
import time
from contextlib import contextmanager, suppress

import psutil

TINY = 20_000  # bytes beyond which no file may grow where no disk of its own could be had


def kill_workers(_server):
    """Every process that trains, on whichever machine of a played cluster."""
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if any("cnnviz.training.worker" in part for part in process.cmdline()):
                process.kill()


def kill_server(server):
    server.kill()
    server.start()


def tear_the_journal(server):
    """The machine loses its power while a page of the database's journal is written: the last one is half there."""
    server.kill()
    with (server.home / "runs.sqlite3-wal").open("ab") as journal:
        journal.write(os.urandom(2500))
    server.start()


def lock_database(server):
    connection = sqlite3.connect(server.home / "runs.sqlite3", isolation_level=None, timeout=30)
    connection.execute("BEGIN IMMEDIATE")
    time.sleep(7)  # longer than anybody waits for a lock
    connection.execute("COMMIT")
    connection.close()


def move_database(server):
    """The database is cut off: it goes by another name for a while, as on a network drive that is not there."""
    here, there = server.home / "runs.sqlite3", server.home / "elsewhere.sqlite3"
    here.rename(there)
    try:
        time.sleep(3)
    finally:
        there.rename(here)


def fill_disk(server):
    """Not a byte is left for the store, the checkpoints and the races; what is freed meanwhile is taken at once."""
    if not os.path.ismount(server.home):
        limit_files(server)
        return
    filler, end, full = server.home / "filler", time.monotonic() + 7, False
    with filler.open("wb", buffering=0) as file:
        while time.monotonic() < end:
            try:
                file.write(bytes(2**20 if not full else 512))
            except OSError as error:
                assert error.errno == errno.ENOSPC
                full = True
                time.sleep(0.01)
    assert full, "that disk is too large to be filled"
    filler.unlink()


def limit_files(server):
    """No file may grow any further: the nearest thing to a full disk for whoever may not mount one."""
    process = psutil.Process(server.process.pid)
    before = process.rlimit(psutil.RLIMIT_FSIZE)
    for limits, seconds in (((TINY, before[1]), 4), (before, 0)):  # what was started in between as well
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                one.rlimit(psutil.RLIMIT_FSIZE, limits)
        time.sleep(seconds)


FAULTS = (kill_workers, kill_server, tear_the_journal, lock_database, move_database, fill_disk)


def in_some_order(chance, faults):
    """Faults without end: each of them once, in an order drawn anew, then again."""
    while True:
        yield from chance.sample(faults, len(faults))


def _succeeds(command):
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@contextmanager
def small_disk(folder, megabytes):
    """A disk of so many megabytes in a new folder; yields whether this process may mount one (on Linux, as root)."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "cnnviz", str(folder)]
    mounted = shutil.which("mount") is not None and _succeeds(command)
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
