"""How the server's cost grows with the people who watch one run and move something every five seconds.

    .venv/bin/python benchmarks/sessions.py
    .venv/bin/python benchmarks/sessions.py --counts 30,60 --seconds 60

For each number of sessions: the processor time of the server's own process (its workers left out) for each second, what
one more session adds to its memory, how long a move takes until the page is complete, and the speed of the run, which
trains on the same cores. The crowd is `tests/load`'s: a thread for each, who looks and fetches points as often as the
page says. It runs on the same machine and takes from it too, so moves and speed are worse than over a network;
processor time hardly is.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cnnviz.training import RunStore
from tests.browser.server import ROOT, Server
from tests.load.test_load import Crowd, memory, percentile, until
from tests.load.visitor import Visitor, processor_seconds, run_in_link


def measured(server: Server, store: RunStore, run_id: str, count: int, seconds: float) -> str:
    """A row of the table for so many sessions."""
    before = memory(server)
    with Crowd(server.url, run_id, count) as crowd:
        until(lambda: crowd.arrived == count or crowd.errors, 120)
        time.sleep(3)
        for seen in (crowd.moves, crowd.looks, crowd.fetches):
            seen.clear()
        step, spent, began = store.record(run_id).step, processor_seconds(server), time.monotonic()
        time.sleep(seconds)
        passed = time.monotonic() - began
        busy = 1000 * (processor_seconds(server) - spent) / passed
        speed = (store.record(run_id).step - step) / passed
        grown = (memory(server) - before) / 2**20 / count
        moves, looks, fetches = (list(seen) for seen in (crowd.moves, crowd.looks, crowd.fetches))
    if crowd.errors:
        return f"{count} | failed: {crowd.errors[0]}"
    each = (len(seen) / passed for seen in (moves, looks, fetches))
    return " | ".join(
        [f"{count}", f"{busy:.0f}", *(f"{rate:.1f}" for rate in each), f"{grown:.1f}",
         f"{1000 * statistics.median(moves):.0f}", f"{1000 * percentile(moves, 0.95):.0f}", f"{speed:.0f}"]
    )  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", default="1,10,30,60,120")
    parser.add_argument("--seconds", type=float, default=20)
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print("sessions | server's ms of a core a second | moves, looks, fetches a second | MiB a session | median move, ms"
          " | 95 % of moves, ms | steps a second")  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        server = Server(ROOT / "app.py", Path(folder), env={"CNNVIZ_CLASS": "1", "CNNVIZ_TEACHER": "tea"}).start()
        try:
            with Visitor(server.url) as teacher:
                teacher.join_class("Ana")
                teacher.open("training", net="lenet_bn", epochs="200")
                teacher.press("Start")
                store, run_id = RunStore(server.home), run_in_link(teacher)
                until(lambda: store.record(run_id).step > 20)
            for count in map(int, arguments.counts.split(",")):
                print(measured(server, store, run_id, count, arguments.seconds), flush=True)
                time.sleep(3)
            store.close()
        finally:
            server.stop()


if __name__ == "__main__":
    main()
