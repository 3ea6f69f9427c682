"""What one more run of each page's script costs the server: processor time, messages' bytes, seconds until it is there.

    .venv/bin/python benchmarks/reruns.py
    .venv/bin/python benchmarks/reruns.py --pages home,runs --times 60

A server of its own on the loopback interface, with the recorded runs; one visitor at a time, who opens a page and lets
it run again and again, as after a click that changes nothing. The first run of a page, in which figures are computed,
is not counted. Processor time is that of the server's whole process, without its workers, so other work on the machine
hardly touches it. At the end the fragments that a class's screens run by themselves: a look at a run that trains and at
what the teacher shows.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cnnviz.training import RunStore
from cnnviz.training.records import RECORDED
from cnnviz.ui.places import PLACES
from tests.browser.server import ROOT, Server
from tests.load.visitor import Visitor, processor_seconds, run_in_link

GOAL, GOAL_LOOK = 30.0, 5.0  # ms of one core


class Cost:
    """Reruns of one visitor: ms of the server's processor time, kB and ms until the answer was complete, of each."""

    def __init__(self, server: Server, visitor: Visitor, fragment: str, times: int) -> None:
        for _ in range(3):  # caches are full, and the browser keeps what it has been sent
            visitor.rerun(fragment)
        spent, received, seconds = [], visitor.received, []
        for _ in range(times):
            before = processor_seconds(server)
            seconds.append(visitor.rerun(fragment))
            time.sleep(0.005)  # what a run does after its last message
            spent.append(1000 * (processor_seconds(server) - before))
        self.spent, self.mean, self.seconds = median(spent), sum(spent) / times, 1000 * median(seconds)
        self.kilobytes = (visitor.received - received) / times / 1000

    def line(self, name: str, goal: float) -> str:
        """A row of the table."""
        over = "  <- over the goal" if self.spent > goal else ""
        return f"{name:22} | {self.spent:6.1f} | {self.mean:6.1f} | {self.kilobytes:7.1f} | {self.seconds:6.0f}{over}"


def pages(recorded: list[str]) -> dict[str, tuple[str, dict[str, str]]]:
    """What is opened, by name: every page as it comes, and with runs where it shows some."""
    plain = {place.url_path: (place.url_path, {}) for place in PLACES}
    one, several = recorded[0], ",".join(recorded[:3])
    return plain | {
        "architecture, ResNet-152": ("architecture", {"net": "resnet152"}),
        "training, one run": ("training", {"run": one}),
        "runs, three": ("runs", {"runs": several}),
        "results, one run": ("results", {"run": one}),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", default="", help="only pages whose name begins with one of these, e.g. home,runs")
    parser.add_argument("--times", type=int, default=20)
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {arguments.times} reruns each")
    print("page                   | ms of a core, median | mean | kB | ms until there, median")
    with tempfile.TemporaryDirectory() as folder:
        environment = {"CNNVIZ_CLASS": "1", "CNNVIZ_TEACHER": "tea"}
        server = Server(ROOT / "app.py", Path(folder), env=environment).start()
        try:
            with Visitor(server.url) as first:
                first.open("training")  # the engine, and soon after the first paint torch
            time.sleep(8)
            store = RunStore(server.home)
            recorded = [record.id for record in store.records(limit=100) if record.owner == RECORDED]
            wanted = tuple(name for name in arguments.pages.split(",") if name)
            for name, (path, query) in pages(recorded).items():
                if name.startswith(wanted or ("",)):
                    with Visitor(server.url) as visitor:
                        visitor.open(path, **query)
                        print(Cost(server, visitor, "", arguments.times).line(name, GOAL), flush=True)
            looks(server, store, arguments.times)
            store.close()
        finally:
            server.stop()


def looks(server: Server, store: RunStore, times: int) -> None:
    """What each screen of a class does by itself."""
    with Visitor(server.url) as visitor:
        visitor.join_class("Ana")
        visitor.open("training", net="lenet_bn", epochs="200")
        visitor.press("Start")
        run_id = run_in_link(visitor)
        while store.record(run_id).step < 50:
            time.sleep(0.2)
        for fragment, interval in sorted(visitor.fragments.items(), key=lambda item: item[1]):
            line = Cost(server, visitor, fragment, 2 * times).line(f"look every {interval:g} s", GOAL_LOOK)
            print(line, flush=True)
        print(Cost(server, visitor, "", times).line("training, live run", GOAL), flush=True)
        visitor.press("Stop")


if __name__ == "__main__":
    main()
