"""What others have published for the chapter's networks on Fashion-MNIST, from two tables in `assets/`. No torch."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from cnnviz.data.files import ASSETS, reading

RESULTS: Final = ASSETS / "published_results.csv"
SPREAD: Final = ASSETS / "published_spread.csv"


@dataclass(frozen=True, slots=True)
class PublishedResult:
    """One published training of ten epochs.

    Attributes:
        network: catalogue key.
        source: which notebook or build.
        optimizer, learning_rate, batch_size, input_px, epochs: its settings.
        test_accuracy: share of one.
        train_accuracy: share of one, or None where it was not published.
    """

    network: str
    source: str
    optimizer: str
    learning_rate: float
    batch_size: int
    input_px: int
    epochs: int
    test_accuracy: float
    train_accuracy: float | None


@dataclass(frozen=True, slots=True)
class PublishedSpread:
    """How far repeated builds of the same notebook lie apart, in test accuracy (shares of one)."""

    network: str
    source: str
    builds: str
    lowest: float
    median: float
    highest: float


@cache
def published_results() -> tuple[PublishedResult, ...]:
    """Every published training, in the chapter's order.

    Raises:
        CnnvizError: "data_missing" or "data_damaged", naming the file.
    """
    return tuple(
        PublishedResult(
            network=row["network"],
            source=row["source"],
            optimizer=row["optimizer"],
            learning_rate=float(row["learning_rate"]),
            batch_size=int(row["batch_size"]),
            input_px=int(row["input_px"]),
            epochs=int(row["epochs"]),
            test_accuracy=float(row["test_accuracy"]),
            train_accuracy=float(row["train_accuracy"]) if row["train_accuracy"] else None,
        )
        for row in _rows(RESULTS)
    )


@cache
def published_spreads() -> dict[str, PublishedSpread]:
    """Catalogue key → the spread over repeated builds.

    Raises:
        CnnvizError: "data_missing" or "data_damaged", naming the file.
    """
    return {
        row["network"]: PublishedSpread(
            row["network"], row["source"], row["builds"], float(row["lowest"]), float(row["median"]),
            float(row["highest"]),
        )
        for row in _rows(SPREAD)
    }  # fmt: skip


def _rows(path: Path) -> list[dict[str, str]]:
    with reading(path):
        return list(csv.DictReader(path.read_text("utf-8").splitlines()))
