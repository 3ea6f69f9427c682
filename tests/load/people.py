"""A class without browsers: some train one run after another, some walk about, one lets networks race.

Each is a thread that begins again whatever breaks off, and notes what it was shown.
"""

import itertools
import re
import threading
from abc import ABC, abstractmethod
from collections import defaultdict

from tests.load.visitor import Visitor

PAGES = (("home", {}), ("architecture", {"net": "resnet18"}), ("augmentation", {}), ("training", {"net": "lenet"}))
ENDS = ("Finished", "Failed", "Stopped", "Interrupted")
_STEP = re.compile(r", step ([\d,]+) of ")
_ACCURACY = re.compile(r"test accuracy ([\d.]+)")


class Person(threading.Thread, ABC):
    """Somebody with a browser until `leave` is set.

    Attributes:
        shown: the last step that it was shown, by run.
        accuracies: the test accuracies that it was shown, in percent, by run.
        tracebacks: what a page showed instead of a sentence.
        broken: how often the server was gone.
        visits: how many pages it has seen.
    """

    def __init__(self, url, name, in_class=False):
        super().__init__(daemon=True, name=name)
        self.url, self.leave = url, threading.Event()
        self.shown, self.accuracies, self.tracebacks = {}, defaultdict(set), []
        self.broken, self.visits = 0, 0
        self._outside = in_class

    def run(self):
        while not self.leave.is_set():
            try:
                with Visitor(self.url, cookie=self.name, timeout=30) as visitor:
                    self._enter(visitor)
                    try:
                        self.visit(visitor)
                    finally:
                        self.tracebacks += visitor.exceptions
            except Exception:  # the server is down just now
                self.broken += 1
                self.leave.wait(1)

    def _enter(self, visitor):
        """Take part in the class, once; a click that broke off may have counted."""
        if self._outside:
            visitor.open("class")
            if "Join the class" in visitor.labels:
                visitor.join_class(self.name)
            visitor.open("class")
            self._outside = "Join the class" in visitor.labels

    @abstractmethod
    def visit(self, visitor):
        """What it does with a page open; it is called again when it returns."""

    def look(self, visitor):
        """Note what the page shows of runs; returns the sentence about the one that it is about."""
        self.visits += 1
        words = next((text for text in visitor.texts if _STEP.search(text)), "")
        run = next((part[4:] for part in visitor.query.split("&") if part.startswith("run=")), "")
        if run and words:
            self._saw(run, int(_STEP.search(words)[1].replace(",", "")))
            if accuracy := _ACCURACY.search(words):
                self.accuracies[run].add(float(accuracy[1].rstrip(".")))
        for other, (step, _test, _ticket) in visitor.followed.items():
            self._saw(other, step)
        return words

    def _saw(self, run, step):
        self.shown[run] = max(self.shown.get(run, 0), step)


class Follower(Person):
    """Starts one run after another and follows each to its end."""

    def __init__(self, url, number, in_class=False, **settings):
        super().__init__(url, f"follower {number}", in_class)
        self.settings = {"net": "lenet_bn", "epochs": "3", **settings}
        self._seeds = itertools.count(1000 * number + 1)

    def visit(self, visitor):
        visitor.open("training", seed=str(next(self._seeds)), **self.settings)
        visitor.press("Start")
        run_id = next((part[4:] for part in visitor.query.split("&") if part.startswith("run=")), "")
        if not run_id:  # refused in words: too often, or the store cannot be written
            self.leave.wait(3)
        while run_id and not self.leave.wait(0.5):
            visitor.open("training", run=run_id)
            if any(end in self.look(visitor) for end in ENDS) or "Train longer" in visitor.labels:
                return
        if "Stop" in visitor.labels:  # going home
            visitor.press("Stop")


class Wanderer(Person):
    """Opens pages, moves a slider, and watches what somebody else trains.

    Args:
        others: whose runs it watches.
    """

    def __init__(self, url, number, others, in_class=False):
        super().__init__(url, f"wanderer {number}", in_class)
        self._others, self._turn = others, number

    def visit(self, visitor):
        self._turn += 1
        page, query = PAGES[self._turn % len(PAGES)]
        visitor.open(page, **query)
        self.look(visitor)
        other = self._others[self._turn % len(self._others)]
        run_id = next(reversed(list(other.shown)), "")
        if not run_id:
            self.leave.wait(3)
            return
        visitor.open("training", run=run_id)
        self.look(visitor)
        for value in (2, 5, 3):
            if "Epochs" in visitor.labels:
                visitor.set("Epochs", value, "int_value")
            for _ in range(3):
                if visitor.followed:
                    visitor.fetch_points()
                self.look(visitor)
                if self.leave.wait(1):
                    return


class Racer(Person):
    """Lets networks race, one race after another.

    Attributes:
        races: the ids of its races.
    """

    def __init__(self, url, in_class=False):
        super().__init__(url, "racer", in_class)
        self.races = []

    def visit(self, visitor):
        visitor.open("race")
        visitor.press(next(label for label in visitor.labels if label.startswith("Start without")))
        race = next((part[5:] for part in visitor.query.split("&") if part.startswith("race=")), "")
        if not race:
            self.leave.wait(3)
            return
        self.races.append(race)
        for _ in range(20):
            if self.leave.wait(2):
                return
            visitor.open("race", race=race)
            self.look(visitor)
            if "Let it go on" in visitor.labels:  # a server that ended leaves its races where they stood
                visitor.press("Let it go on")
