"""A class at once on two cores: pages open, widgets move, everybody watches one run, and it goes on training.

`make test` has eight visitors for a few seconds, with ceilings for a busy machine; `make soak` thirty and sixty for a
minute, and ten minutes of coming and going. What other programs take of the cores meanwhile is measured: the goals hold
for a machine that has nothing else to do, and ceilings for any.
"""

import json
import os
import statistics
import threading
import time

import psutil
import pytest

from cnnviz.training import RunStore
from tests.browser.server import ROOT, Server
from tests.load.people import PAGES
from tests.load.visitor import Visitor, processor_seconds, run_in_link

pytestmark = pytest.mark.timeout(1800)
QUIET = 0.1  # share of all cores that other programs may take where the goals hold
TICK = 5.0  # seconds between two moves of a hand; fewer in the short form, None for a hand that rests


class Crowd:
    """So many visitors, each a thread, until they are told to go; what they saw is added up."""

    def __init__(self, url, run_id, count, tick=TICK):
        self._tick = tick
        self.url, self.run_id = url, run_id
        self.moves, self.looks, self.fetches, self.errors = [], [], [], []
        self.arrived = 0
        self._lock, self._leave = threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._visit, args=(number,)) for number in range(count)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error):
        self._leave.set()
        for thread in self._threads:
            thread.join()

    def _visit(self, number):
        try:
            with Visitor(self.url) as visitor:
                page, query = PAGES[number % len(PAGES)]
                visitor.open(page, **query)
                visitor.open("training", run=self.run_id)
                self._leave.wait((number % 10) / 10 * (self._tick or 1))  # hands do not move in step
                with self._lock:
                    self.arrived += 1
                moved, value = time.monotonic(), 1
                looked, fetched = {}, 0.0
                while not self._leave.wait(0.1):
                    for fragment, interval in list(visitor.fragments.items()):  # as often as the page says
                        if time.monotonic() - looked.get(fragment, 0.0) >= interval:
                            looked[fragment] = time.monotonic()
                            seconds = visitor.rerun(fragment)
                            with self._lock:
                                self.looks.append(seconds)
                    if visitor.followed and time.monotonic() - fetched >= visitor.feed_pause:
                        seconds, fetched = visitor.fetch_points(), time.monotonic()
                        with self._lock:
                            self.fetches.append(seconds)
                    if self._tick and time.monotonic() - moved > self._tick:
                        moved, value = time.monotonic(), value % 5 + 1
                        seconds = visitor.set("Epochs", value, "int_value")
                        with self._lock:
                            self.moves.append(seconds)
                with self._lock:
                    self.errors += visitor.exceptions
        except Exception as error:
            with self._lock:
                self.errors.append(repr(error))


@pytest.fixture
def run(app):
    """A run that trains as long as the test lasts."""
    with Visitor(app.url) as teacher:
        teacher.open("class")
        if "Join the class" in teacher.labels:
            teacher.join_class(f"Runner {time.monotonic_ns()}")
        teacher.open("training", net="lenet_bn", epochs="200", seed=str(time.monotonic_ns() % 10**9))
        teacher.press("Start")
        run_id = run_in_link(teacher)
        store = RunStore(app.home)
        until(lambda: store.record(run_id).step > 20)
        yield run_id
        teacher.open("training", run=run_id)
        teacher.press("Stop")
        until(lambda: store.record(run_id).ended)
        steps = store.steps(run_id).step.tolist()
        assert steps == list(range(1, len(steps) + 1)), "the curve is complete"
        store.close()


def until(condition, seconds=90):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


def speed(app, run_id, seconds):
    """Steps a second of a run."""
    store = RunStore(app.home)
    first, began = store.record(run_id).step, time.monotonic()
    time.sleep(seconds)
    rate = (store.record(run_id).step - first) / (time.monotonic() - began)
    store.close()
    return rate


def memory(app):
    """Bytes that the server alone holds."""
    return psutil.Process(app.process.pid).memory_full_info().uss


class Others:
    """What programs that are not this test's take of all cores meanwhile: a share of one, once it is over."""

    def __enter__(self):
        self._before, self._began = self._seconds(), time.monotonic()
        return self

    def __exit__(self, *_error):
        taken = self._seconds() - self._before
        self.share = taken / (time.monotonic() - self._began) / os.cpu_count()

    @property
    def quiet(self):
        return self.share < QUIET

    @staticmethod
    def _seconds():
        """Processor time of this machine so far less that of the processes that belong to this test."""
        machine = psutil.cpu_times()
        busy = sum(machine) - machine.idle - getattr(machine, "iowait", 0) - getattr(machine, "guest", 0)
        me = psutil.Process()
        return busy - sum(sum(one.cpu_times()[:2]) for one in (me, *me.children(recursive=True)))


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def settle_and_leave(app, run_id):
    """A knob runs its part of the page; what is pressed in a part and changes more than it runs the whole page."""
    with Visitor(app.url) as visitor:
        visitor.open("training", run=run_id)
        whole, part = visitor.received, visitor.parts[visitor.labels["Epochs"]]
        assert part and part != visitor.parts[visitor.labels["Stop following"]]
        visitor.set("Epochs", 7, "int_value")
        assert {"epochs=7", f"run={run_id}"} <= set(visitor.query.split("&"))
        assert visitor.received - whole < whole / 2 and "Stop following" in visitor.labels
        visitor.press("Stop following")
        assert "epochs=7" in visitor.query and "run=" not in visitor.query
        assert "Stop following" not in visitor.labels and not visitor.exceptions


def test_a_few_visitors_watch_a_run_and_move_widgets(app, run):
    settle_and_leave(app, run)
    with Crowd(app.url, run, 8, tick=1.5) as crowd:
        time.sleep(5)
    assert not crowd.errors
    assert len(crowd.moves) >= 8 and len(crowd.looks) >= 8 and len(crowd.fetches) >= 8
    assert statistics.median(crowd.moves) < 1.5 and statistics.median(crowd.looks) < 1.0


@pytest.mark.soak
@pytest.mark.parametrize("count", [30, 60])
def test_a_class_watches_a_run_for_a_minute(app, run, count, record_property):
    before = memory(app)
    with Crowd(app.url, run, count) as crowd:
        time.sleep(15)  # everybody has arrived
        crowd.moves.clear()
        crowd.looks.clear()
        with Others() as others:
            time.sleep(60)
        grown = memory(app) - before
        rate = speed(app, run, 5)
    assert not crowd.errors
    figures = {
        "median move": statistics.median(crowd.moves), "95 % of moves": percentile(crowd.moves, 0.95),
        "median look": statistics.median(crowd.looks), "MiB a session": grown / count / 2**20, "steps a second": rate,
        "others": others.share,
    }  # fmt: skip
    print({name: round(value, 3) for name, value in figures.items()})
    assert rate > 0
    assert figures["MiB a session"] < 8
    if count == 30:
        median, most = (0.06, 0.25) if others.quiet else (0.3, 1.2)
        assert figures["median move"] < median and figures["95 % of moves"] < most, figures


@pytest.mark.soak
def test_training_loses_little_to_thirty_idle_watchers(app, run):
    """Watchers who look at the run and fetch its points as often as the page says and touch nothing.

    The run's steps a second with them and without, in turn; on one machine the watchers' own side takes from them as
    well. What the server itself takes for them, as a share of all cores, depends on nobody else.
    """
    taken, lost, others = [], [], []
    for _ in range(6):
        with Others() as meanwhile:
            alone, speed_alone = share_of_cores(app, run, 8)
        with Crowd(app.url, run, 30, tick=None) as crowd:
            time.sleep(12)  # everybody has arrived
            with Others() as with_them:
                watched, speed_watched = share_of_cores(app, run, 8)
        assert not crowd.errors and crowd.looks and crowd.fetches
        taken.append(watched - alone)
        lost.append(1 - speed_watched / speed_alone)
        others.append(max(meanwhile.share, with_them.share))
        time.sleep(3)
    print({"lost": lost, "of the cores": taken, "others": others})
    assert statistics.median(taken) < 0.15
    quiet = [loss for loss, share in zip(lost, others, strict=True) if share < QUIET]
    assert statistics.median(quiet or lost) < (0.1 if quiet else 0.4)


def share_of_cores(app, run_id, seconds):
    """The server's own processor time as a share of all cores, and the run's steps a second."""
    spent, began = processor_seconds(app), time.monotonic()
    rate = speed(app, run_id, seconds)
    return (processor_seconds(app) - spent) / (time.monotonic() - began) / os.cpu_count(), rate


def come_and_go(url, sessions):
    """So many sessions, one after another, of each kind of page in turn."""
    for number in range(sessions):
        page, query = PAGES[number % len(PAGES)]
        with Visitor(url) as visitor:
            visitor.open(page, **query)
            assert not visitor.exceptions


@pytest.mark.soak
def test_ten_minutes_of_coming_and_going_leave_no_memory_behind(app):
    """Growth between the first half and the second: what one process keeps at most is there by then.

    Streamlit keeps the last 128 sessions for two minutes, caches fill, and the allocator's heap settles.
    """
    come_and_go(app.url, 80)
    held, ends = [], [time.monotonic() + seconds for seconds in (300, 600)]
    for end in ends:
        sessions = 0
        while time.monotonic() < end:
            come_and_go(app.url, 20)
            sessions += 20
        held.append((memory(app), sessions))
    (before, _first), (after, sessions) = held
    print(f"{sessions} sessions, {(after - before) / 1024 / sessions:.1f} kB each, {after / 2**20:.0f} MiB")
    assert (after - before) / sessions < 16 * 1024, "a session's own state is a hundred kB: none of it may stay"


COUNT = """
import gc, json, os, sys, threading, time

def count(asked, told):
    while True:
        time.sleep(0.1)
        if os.path.exists(asked):
            os.remove(asked)
            gc.collect()
            with open(told + ".part", "w") as file:
                json.dump([len(gc.get_objects()), sys.getallocatedblocks()], file)
            os.rename(told + ".part", told)

if "streamlit" in sys.orig_argv:
    threading.Thread(target=count, args=(os.environ["COUNT_ASKED"], os.environ["COUNT_TOLD"]), daemon=True).start()
"""


@pytest.mark.soak
def test_sessions_that_have_gone_leave_no_objects(tmp_path):
    """Python's own count of the server's objects and blocks: what leaks shows here long before it shows in memory."""
    (tmp_path / "sitecustomize.py").write_text(COUNT)
    asked, told = tmp_path / "asked", tmp_path / "told"
    places = {"COUNT_ASKED": str(asked), "COUNT_TOLD": str(told)}
    server = Server(ROOT / "app.py", tmp_path, env={"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", **places}).start()

    def counted():
        told.unlink(missing_ok=True)
        asked.touch()
        until(told.exists)
        return json.loads(told.read_text())

    try:
        come_and_go(server.url, 160)  # more than Streamlit keeps for those who come back
        time.sleep(8)
        come_and_go(server.url, 160)
        before, sessions = counted(), 160
        come_and_go(server.url, sessions)
        objects, blocks = ((after - first) / sessions for first, after in zip(before, counted(), strict=True))
        print(f"{objects:.1f} objects and {blocks:.1f} blocks a session")
        assert objects < 5 and blocks < 20, "one session's widgets alone are hundreds"
    finally:
        server.stop()
