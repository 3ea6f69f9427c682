"""Everything goes wrong, in any order, under load: each run ends in a true state and what was shown was kept.

`CNNVIZ_SOAK_SECONDS` says for how long (300), `CNNVIZ_SOAK_SEED` in which order (5); the order is printed.
"""

import os
import random
import sqlite3
import threading
import time
from contextlib import suppress

import psutil
import pytest

from cnnviz.training import ENDED, RunStore
from tests.browser.server import ROOT, Server
from tests.load.visitor import Visitor

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]
SECONDS = int(os.environ.get("CNNVIZ_SOAK_SECONDS", "300"))
SEED = int(os.environ.get("CNNVIZ_SOAK_SEED", "5"))
TINY = 20_000  # bytes beyond which no file may grow while the disk is full


class Follower(threading.Thread):
    """Starts one run after another and notes the last step that it was shown of each."""

    def __init__(self, url, number, **settings):
        super().__init__(daemon=True)
        self.url, self.number = url, number
        self.settings = {"net": "lenet_bn", "epochs": "3", **settings}
        self.shown, self.leave, self.broken = {}, threading.Event(), 0

    def run(self):
        seed = 1000 * self.number
        while not self.leave.is_set():
            seed += 1
            try:
                with Visitor(self.url, cookie=f"follower {self.number}", timeout=20) as visitor:
                    visitor.open("training", seed=str(seed), **self.settings)
                    visitor.press("Start")
                    run_id = next((p[4:] for p in visitor.query.split("&") if p.startswith("run=")), "")
                    while run_id and not self.leave.wait(0.5):
                        visitor.open("training", run=run_id)
                        words = next((text for text in visitor.texts if ", step " in text), "")
                        if words:
                            step = words.partition(", step ")[2].partition(" of ")[0].replace(",", "")
                            self.shown[run_id] = max(self.shown.get(run_id, 0), int(step))
                        if any(end in words for end in ("Finished", "Failed", "Stopped", "Interrupted")):
                            break
            except Exception:  # the server is down just now
                self.broken += 1
                self.leave.wait(1)


def workers(server):
    return [
        child for child in psutil.Process(server.process.pid).children(recursive=True)
        if any("cnnviz.training.worker" in part for part in child.cmdline())
    ]  # fmt: skip


def kill_workers(server):
    for child in workers(server):
        child.kill()


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
    """No file may grow any further, as on a full disk: neither the server's nor its workers'."""
    process = psutil.Process(server.process.pid)
    before = process.rlimit(psutil.RLIMIT_FSIZE)
    limit_files(process, (TINY, before[1]))
    time.sleep(4)
    limit_files(process, before)  # what was started in between as well


def limit_files(process, limits):
    for one in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            one.rlimit(psutil.RLIMIT_FSIZE, limits)


FAULTS = (kill_workers, kill_server, tear_the_journal, lock_database, move_database, fill_disk)


def in_some_order(chance):
    """Faults without end: each of them once, in an order drawn anew, then again."""
    while True:
        yield from chance.sample(FAULTS, len(FAULTS))


def test_chaos_under_load(tmp_path):
    chance = random.Random(SEED)
    server = Server(ROOT / "app.py", tmp_path).start()
    followers = [Follower(server.url, number) for number in range(5)]
    for follower in followers:
        follower.start()
    try:
        end = time.monotonic() + SECONDS
        for fault in in_some_order(chance):
            time.sleep(chance.uniform(3, 10))
            if time.monotonic() > end:
                break
            print(f"{time.monotonic() - end + SECONDS:.0f} s: {fault.__name__}", flush=True)
            with suppress(psutil.NoSuchProcess):
                fault(server)
        for follower in followers:
            follower.leave.set()
        for follower in followers:
            follower.join(60)
        assert_it_works(server)
    finally:
        server.stop()
        print(server.tail(200))
    shown = {run: step for follower in followers for run, step in follower.shown.items()}
    assert len(shown) > 5
    assert_nothing_was_lost(tmp_path / "home", shown)


def assert_it_works(server):
    """It recovered without hands: somebody new starts a run, and it finishes."""
    with Visitor(server.url) as visitor:
        visitor.open("training", net="lenet", epochs="1", train_images="640", test_images="100", seed="77")
        visitor.press("Start")
        run_id = next(part[4:] for part in visitor.query.split("&") if part.startswith("run="))
        store = RunStore(server.home)
        end = time.monotonic() + 1000  # those of the others come first, at whatever speed this machine has now
        while (record := store.record(run_id)).state != "finished":
            assert not record.ended and time.monotonic() < end, f"{record.state} at step {record.step}"
            time.sleep(0.2)
        store.close()
        visitor.open("training", run=run_id)
        assert not visitor.exceptions and "Finished" in visitor.said


def assert_nothing_was_lost(home, shown):
    """Every run is over or said to have been interrupted, and has each step that somebody was shown."""
    store = RunStore(home)
    store.mark_interrupted()
    assert store.records(states=("running", "paused", "stopping")) == ()
    for run, step in shown.items():
        record = store.record(run)
        assert record.state in ENDED
        steps = store.steps(run).step
        assert len(steps) >= step, f"{run}: {step} was shown"
        assert steps.tolist() == list(range(1, len(steps) + 1))
        assert record.state != "finished" or len(steps) == record.total_steps
    store.close()
