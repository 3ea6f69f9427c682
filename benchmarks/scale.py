"""How the run store's cost grows: with the steps of a run (to 1,000,000) and with the runs that there are (to 10,000).

    .venv/bin/python benchmarks/scale.py

Each figure is the best of five on a store of its own. A page that follows a run reads only its last steps; the whole
curve is read once, when it is opened.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cnnviz.classroom import Classroom, Entry, standings
from cnnviz.events import Evaluated, Finished, Started, Steps
from cnnviz.training import RunStore, TrainingConfig

CONFIG = TrainingConfig(architecture="lenet")
STARTED = Started(
    total_steps=469, steps_per_epoch=469, parameters=61_706, train_images=60_000, test_images=10_000, device="cpu",
    device_name="one", precision="float32", threads=1,
)  # fmt: skip
BLOCK = 100  # steps that a run hands over at once


def best(action: Callable[[], object], times: int = 5) -> float:
    """Milliseconds."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        action()
        found.append(time.perf_counter() - began)
    return 1000 * min(found)


def block(first: int, count: int) -> Steps:
    return Steps(
        step=first + count - 1, seconds=first / 100, first_step=first, losses=(1.0,) * count, accuracies=(0.5,) * count,
        train_loss=1.0, train_accuracy=0.5, learning_rate=0.1, images_per_second=1000.0,
    )  # fmt: skip


def size(folder: Path) -> float:
    """MiB of the store's files."""
    return sum(path.stat().st_size for path in folder.glob("runs.sqlite3*")) / 2**20


def steps() -> None:
    print("steps of a run | whole curve, ms | last 400, ms | one more block, ms | on disk, MiB")
    for count in (10, 100, 1_000, 10_000, 100_000, 1_000_000):
        with tempfile.TemporaryDirectory() as folder:
            store = RunStore(folder)
            run = store.create(CONFIG, owner="a")
            store.append(run, [STARTED])
            for first in range(1, count + 1, 10_000):
                last = min(count, first + 9_999)
                store.append(run, [block(at, min(BLOCK, last - at + 1)) for at in range(first, last + 1, BLOCK)])
            assert len(store.steps(run)) == count
            whole = best(lambda store=store, run=run: store.steps(run))
            tail = best(lambda store=store, run=run, count=count: store.steps(run, max(0, count - 400)))
            more = best(lambda store=store, run=run, count=count: store.append(run, [block(count + 1, BLOCK)]))
            print(f"{count:,} | {whole:.2f} | {tail:.2f} | {more:.2f} | {size(Path(folder)):.1f}")
            store.close()


def runs() -> None:
    print("\nruns in the store | newest 200, ms | one person's newest 12, ms | states counted, ms | the board, ms")
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(folder)
        desk = Classroom(store)
        for number in range(60):
            desk.join(str(number), f"person {number}")
        made = 0
        for count in (10, 100, 1_000, 10_000):
            for number in range(made, count):
                run = store.create(CONFIG.replace(seed=number), owner=str(number % 60))
                measured = Evaluated(
                    step=469, seconds=10, test_loss=0.4, test_accuracy=0.8 + number % 10 / 100, train_loss=0.4,
                    train_accuracy=0.9, learning_rate=0.1, images_per_second=1000, test_images=10_000,
                )  # fmt: skip
                store.append(run, [STARTED, block(1, BLOCK), measured, Finished(step=469, seconds=10.0 + number % 7)])
            made = count
            figures = (
                best(lambda: store.records(limit=200)),
                best(lambda: store.records(owner="7", limit=12)),
                best(store.counts),
                best(lambda: board(store, desk)),
            )
            print(f"{count:,} | " + " | ".join(f"{figure:.2f}" for figure in figures))
        store.close()


def board(store: RunStore, desk: Classroom) -> None:
    """What the class's page computes, once for all screens, every second and a half."""
    names = desk.nicknames()
    standings(
        [
            Entry(record.id, record.owner, names[record.owner], "lenet", record.best_test_accuracy or 0.0,
                  record.seconds, 423_600, 61_706)
            for record in store.records(limit=1000)
        ],
        "seconds",
        0.8,
    )  # fmt: skip


if __name__ == "__main__":
    steps()
    runs()
