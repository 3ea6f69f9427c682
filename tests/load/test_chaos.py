"""Everything goes wrong, in any order, under load: each run ends in a true state and what was shown was kept."""

import os
import random
import signal
import sqlite3
import threading
import time

import psutil
import pytest

from cnnviz.training import ENDED, RunStore
from tests.browser.server import ROOT, Server
from tests.load.visitor import Visitor

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]
SECONDS = int(os.environ.get("CNNVIZ_SOAK_SECONDS", "300"))


class Follower(threading.Thread):
    """Starts one run after another and notes the last step that it was shown of each."""

    def __init__(self, url, number):
        super().__init__(daemon=True)
        self.url, self.number = url, number
        self.shown, self.leave, self.broken = {}, threading.Event(), 0

    def run(self):
        seed = 1000 * self.number
        while not self.leave.is_set():
            seed += 1
            try:
                with Visitor(self.url, cookie=f"follower {self.number}", timeout=20) as visitor:
                    visitor.open("training", net="lenet_bn", epochs="3", seed=str(seed))
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


def kill_workers(server):
    for child in psutil.Process(server.process.pid).children(recursive=True):
        if any("cnnviz.training.worker" in part for part in child.cmdline()):
            child.kill()


def kill_server(server):
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait(10)
    server.start()


def lock_database(server):
    connection = sqlite3.connect(server.home / "runs.sqlite3", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    time.sleep(3)
    connection.execute("COMMIT")
    connection.close()


def fill_disk(server):
    """No file may grow any further, as on a full disk, for a while."""
    process = psutil.Process(server.process.pid)
    for child in process.children(recursive=True):
        before = child.rlimit(psutil.RLIMIT_FSIZE)
        child.rlimit(psutil.RLIMIT_FSIZE, (20_000, before[1]))
        time.sleep(2)
        if child.is_running():
            child.rlimit(psutil.RLIMIT_FSIZE, before)


def test_chaos_under_load(tmp_path):
    chance = random.Random(5)
    server = Server(ROOT / "app.py", tmp_path).start()
    followers = [Follower(server.url, number) for number in range(5)]
    for follower in followers:
        follower.start()
    try:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            time.sleep(chance.uniform(3, 10))
            fault = chance.choice((kill_workers, kill_server, lock_database, fill_disk))
            try:
                fault(server)
            except psutil.NoSuchProcess:
                continue
        time.sleep(5)
        for follower in followers:
            follower.leave.set()
        for follower in followers:
            follower.join(60)
        assert server.healthy(), "it recovered without hands"
    finally:
        server.stop()
    store = RunStore(tmp_path / "home")
    store.mark_interrupted()
    shown = {run: step for follower in followers for run, step in follower.shown.items()}
    assert len(shown) > 5
    for run, step in shown.items():
        record = store.record(run)
        assert record.state in ENDED
        steps = store.steps(run).step
        assert len(steps) >= step, f"{run}: {step} was shown"
        assert steps.tolist() == list(range(1, len(steps) + 1))
    store.close()
