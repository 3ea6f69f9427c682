"""What it costs a run that somebody looks at it: the server's own time while a browser draws the curve, and without.

    python benchmarks/watching.py [--rounds 3] [--seconds 15] [--network lenet_bn]

A run trains; in turns a browser shows its page, and shows nothing. What counts is the processor time of the server's
process, as a share of all cores: it is what drawing takes away from a run that would use every core. (The browser is
usually another machine, so the steps that the run loses to a browser here are printed and mean little.)
"""

import argparse
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psutil
from playwright.sync_api import sync_playwright

from cnnviz.training import RunStore
from tests.browser.chromium import ARGUMENTS, find_chromium
from tests.browser.server import ROOT, Server

GOAL = 0.03


def processor_time(process: psutil.Process) -> float:
    """Seconds, of the server alone: its workers are other processes."""
    times = process.cpu_times()
    return times.user + times.system


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--network", default="lenet_bn")
    arguments = parser.parse_args()
    cores = os.cpu_count() or 1
    print(f"{cores} cores, load {os.getloadavg()[0]:.1f}, {arguments.network}")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(ROOT / "app.py", Path(folder)).start()
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS))
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(f"{server.url}/training?lang=en&net={arguments.network}&epochs=200")
            page.get_by_role("button", name="Start").click()
            page.wait_for_url(re.compile(r"run=\w+"))
            address, run_id = page.url, re.search(r"run=(\w+)", page.url)[1]
            page.get_by_text(re.compile(r"Training, step \d")).first.wait_for(timeout=60_000)
            store, process = RunStore(server.home), psutil.Process(server.process.pid)
            shares: dict[bool, list[float]] = {True: [], False: []}
            for _round in range(arguments.rounds):
                for watched in (True, False):
                    page.goto(address if watched else "about:blank")
                    page.wait_for_timeout(5000)
                    step, spent, began = store.record(run_id).step, processor_time(process), time.monotonic()
                    page.wait_for_timeout(1000 * arguments.seconds)
                    seconds = time.monotonic() - began
                    share = (processor_time(process) - spent) / seconds / cores
                    shares[watched].append(share)
                    speed = (store.record(run_id).step - step) / seconds
                    name = "watched" if watched else "alone"
                    print(f"  {name:8} server {100 * share:5.2f} % of the cores, {speed:6.1f} steps/s", flush=True)
            store.close()
        finally:
            browser.close()
            server.stop()
    drawing = median(shares[True]) - median(shares[False])
    print(f"drawing takes {100 * drawing:.2f} % of the cores (goal: less than {100 * GOAL:.0f} %)")


if __name__ == "__main__":
    main()
