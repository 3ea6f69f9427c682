"""What excites a filter most in the test set: a search that goes on while somebody looks, a batch at a time.

The whole test set takes LeNet a second and an expensive network many minutes, so what has been found so far is there
at once and gets better; each search is made once for everybody.
"""

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from cnnviz.data import CLASS_NAMES, fashion_mnist
from cnnviz.specs.architectures import ArchitectureSpec

if TYPE_CHECKING:
    from torch import Tensor, nn

Float = NDArray[np.float32]
STRONGEST: Final = 9
_WORK: Final = 1.5e8  # MACs of a batch: some hundredths of a second of one core
_LARGEST: Final = 250  # pictures of a batch
_KEPT: Final = 24  # searches
_PATIENCE: Final = 10.0  # seconds after which a search that nobody looks at rests
_NICENESS: Final = 10  # of the thread that searches, where threads have one


@dataclass(frozen=True, slots=True, eq=False)
class Excitement:
    """Which test pictures excite the filters behind a stage.

    Attributes:
        strongest: (C, STRONGEST) int, numbers of test pictures, the strongest first.
        answers: (C, STRONGEST) float32, the largest value anywhere in the map.
        purity: over all filters, the mean share of the most frequent class among the strongest.
    """

    strongest: NDArray[np.int64]
    answers: Float
    purity: float


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a search has found so far.

    Attributes:
        stages: what excites the filters behind each stage with maps, by its name.
        pictures: how many were searched: the first ones of the test set.
        of: how many there are.
        chance: a purity that pictures drawn at random would have, estimated from a thousand draws.
    """

    stages: Mapping[str, Excitement]
    pictures: int
    of: int
    chance: float

    @property
    def done(self) -> bool:
        """Whether the whole test set was searched."""
        return self.pictures == self.of


class Search:
    """A search through the test set for one network; any thread may advance it.

    Args:
        model: the network, ready to predict.
        spec: how it takes pictures.
        macs: of one picture; they decide how many are looked at together.
    """

    def __init__(self, model: "nn.Module", spec: ArchitectureSpec, macs: int) -> None:
        self._model: nn.Module | None = model
        self._spec = spec
        self._size = int(min(_LARGEST, max(STRONGEST, _WORK // max(1, macs))))
        self._lock = threading.Lock()
        self._best: dict[str, tuple[Tensor, Tensor]] = {}  # stage → answers and numbers, (≤ STRONGEST, C)
        self._searched = 0
        self._found: Found | None = None

    @property
    def begun(self) -> bool:
        """Whether something has been found."""
        return self._searched > 0

    @property
    def done(self) -> bool:
        """Whether nothing is left to search."""
        return self._model is None

    def found(self) -> Found:
        """What there is so far; the first batch is searched if none has been."""
        with self._lock:
            if not self._searched:
                self._advance()
            if self._found is None or self._found.pictures != self._searched:
                self._found = self._summary()
            return self._found

    def advance(self) -> None:
        """Search one more batch."""
        with self._lock:
            self._advance()

    def _advance(self) -> None:
        import torch

        if self._model is None:
            return
        images = fashion_mnist("test").images
        first, last = self._searched, min(self._searched + self._size, len(images))
        if len(images) - last < STRONGEST:
            last = len(images)
        batch = torch.from_numpy(images[first:last].copy())[:, None].float() / 255
        numbers = torch.arange(first, last)
        with torch.no_grad():
            if self._spec.image_size != batch.shape[-1]:
                batch = torch.nn.functional.interpolate(batch, (self._spec.image_size,) * 2, mode="bilinear")
            batch = batch.expand(-1, self._spec.in_channels, -1, -1)
            for name, module in self._model.named_children():
                batch = module(batch)
                if batch.dim() == 4 and batch.shape[2] > 1:
                    self._best[name] = _strongest(self._best.get(name), batch.amax((2, 3)), numbers)
        self._searched = last
        if last == len(images):
            self._model = None  # its weights are needed no more

    def _summary(self) -> Found:
        labels = fashion_mnist("test").labels
        stages = {}
        for name, (answers, numbers) in self._best.items():
            strongest = numbers.T.numpy()
            stages[name] = Excitement(strongest, answers.T.numpy(), _purity(labels[strongest]))
        draws = np.random.default_rng(0).integers(0, self._searched, (1000, STRONGEST))
        return Found(stages, self._searched, len(labels), _purity(labels[draws]))


def _strongest(best: "tuple[Tensor, Tensor] | None", answers: "Tensor", numbers: "Tensor") -> "tuple[Tensor, Tensor]":
    """The strongest of those so far and of a batch's answers (N, C), for each channel."""
    import torch

    numbers = numbers[:, None].expand_as(answers)
    if best is not None:
        answers, numbers = torch.cat((best[0], answers)), torch.cat((best[1], numbers))
    top = answers.topk(STRONGEST, dim=0)
    return top.values, numbers.gather(0, top.indices)


def _purity(labels: NDArray[np.uint8]) -> float:
    """The mean share of the most frequent label of each row."""
    counts = (labels[:, :, None] == np.arange(len(CLASS_NAMES))).sum(1)
    return float(counts.max(1).mean() / labels.shape[1])


class Searches:
    """The searches of a server: those that somebody looks at go on in a thread of their own, in turn."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._searches: OrderedDict[Hashable, Search] = OrderedDict()
        self._looked: dict[Hashable, float] = {}
        self._turn = ThreadPoolExecutor(1, thread_name_prefix="searches", initializer=_step_back)
        self._going = False

    def look(self, key: Hashable, begin: Callable[[], Search]) -> Found:
        """What the search of a key has found so far; it goes on for a while after each look.

        Args:
            key: of the search.
            begin: makes it, if there is none.
        """
        with self._lock:
            search = self._searches.get(key)
        if search is None:
            search = begin()
        with self._lock:
            search = self._searches.setdefault(key, search)
            self._searches.move_to_end(key)
            self._looked[key] = time.monotonic()
            while len(self._searches) > _KEPT:
                self._looked.pop(self._searches.popitem(last=False)[0])
            if not self._going and not search.done:
                self._going = True
                self._turn.submit(self._go_on)
        return search.found()

    def begun(self, key: Hashable) -> bool:
        """Whether the search of a key has found something: a look answers at once."""
        with self._lock:
            return key in self._searches and self._searches[key].begun

    def done(self, key: Hashable) -> bool:
        """Whether the search of a key is over."""
        with self._lock:
            return key in self._searches and self._searches[key].done

    def _go_on(self) -> None:
        """A batch of each search that somebody looks at, again and again until there is none."""
        try:
            while True:
                with self._lock:
                    late = time.monotonic() - _PATIENCE
                    wanted = [one for key, one in self._searches.items() if self._looked[key] > late and not one.done]
                    if not wanted:
                        self._going = False
                        return
                for search in wanted:
                    search.advance()
        except BaseException:
            with self._lock:
                self._going = False  # the next look tries again
            raise


def _step_back() -> None:
    """Who clicks comes first: this thread takes what is left of the cores."""
    with suppress(AttributeError, OSError):  # a system without priorities of threads
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
