"""Features by hand: SIFT's key points in a turned picture, and a bag of visual words with a linear classifier.

Lowe 2004, "Distinctive image features from scale-invariant keypoints"; Sivic & Zisserman 2003, "Video Google";
Arandjelović & Zisserman 2012 for the square roots of descriptions. OpenCV is optional: `available` says whether it is
there. Run as a script, `python -m cnnviz.insight.by_hand 64 3000`, this measures a bag of words and prints JSON: in a
process of its own, so that a server's threads and memory are its own business.
"""

import json
import math
import sys
import time
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnnviz.data import fashion_mnist
from cnnviz.specs.labs.by_hand import TEST_IMAGES

Float = NDArray[np.float32]
COMMAND: Final = "python -m pip install -r requirements-by-hand.txt"
EMPTY: Final = 128  # brightness around a turned picture
SIDE: Final = 384  # px, the longer side of a picture whose points are looked for
PATCH: Final = 16  # px, the square of pixels that is compared with SIFT's description
RATIO: Final = 0.8  # Lowe's: the best match must be so much nearer than the second
NEAR: Final = 3.0  # px from where a point must lie in the turned picture
WINDOWS: Final = tuple((x, y) for y in range(2, 28, 4) for x in range(2, 28, 4))  # 7×7 middles on a garment
WIDTH: Final = 8.0  # px, the diameter that SIFT is told for each of them
_CLASSES: Final = 10
_CHUNK: Final = 500  # garments whose descriptions are in memory as floats at once
_SAMPLE: Final = 20_000  # descriptions that words are made from
_SEED: Final = 1


def available() -> bool:
    """Whether OpenCV is installed."""
    return find_spec("cv2") is not None


# key points


@dataclass(frozen=True, slots=True)
class Point:
    """A key point: where (px), how large (diameter, px) and in which direction (degrees clockwise from the right)."""

    x: float
    y: float
    size: float
    angle: float


@dataclass(frozen=True, slots=True, eq=False)
class Turned:
    """A picture and the same picture turned, with the key points of both.

    Attributes:
        picture, turned: grey, at most `SIDE` px before turning.
        points, turned_points: found in each.
        pairs: (number in `points`, number in `turned_points`) that SIFT's descriptions match, at the right place.
        wrong: matches of SIFT at a wrong place.
        by_pixels: how many of the points the pixels around them match at the right place.
    """

    picture: Image.Image
    turned: Image.Image
    points: tuple[Point, ...]
    turned_points: tuple[Point, ...]
    pairs: tuple[tuple[int, int], ...]
    wrong: int
    by_pixels: int


def turn(picture: Image.Image, angle: float, points: int) -> Turned:
    """Look for key points in a picture and in the same picture turned counterclockwise, and match them.

    Args:
        picture: any.
        angle: degrees.
        points: how many at most, the most distinct first.
    """
    import cv2

    grey = picture.convert("L")
    grey.thumbnail((SIDE, SIDE))
    other = grey.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=EMPTY)
    sift = cv2.SIFT_create(nfeatures=points)
    found = [sift.detectAndCompute(np.asarray(image), None) for image in (grey, other)]
    (here, here_said), (there, there_said) = found
    place = turning(grey.size, other.size, angle)

    def right(pair: tuple[int, int]) -> bool:
        x, y = place(*here[pair[0]].pt)
        return math.dist((x, y), there[pair[1]].pt) < NEAR

    pairs = _matches(here_said, there_said)
    pixels = _matches(_patches(grey, here), _patches(other, there))
    good = tuple(pair for pair in pairs if right(pair))
    by_pixels = sum(map(right, pixels))
    return Turned(grey, other, _points(here), _points(there), good, len(pairs) - len(good), by_pixels)


def turning(size: tuple[int, int], turned: tuple[int, int], angle: float) -> Any:
    """Where a point of a picture lies after `Image.rotate(angle, expand=True)`: a function of x and y, px."""
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    (x0, y0), (x1, y1) = ((((width - 1) / 2, (height - 1) / 2)) for width, height in (size, turned))

    def place(x: float, y: float) -> tuple[float, float]:
        return x1 + cosine * (x - x0) + sine * (y - y0), y1 - sine * (x - x0) + cosine * (y - y0)

    return place


def _points(found: Any) -> tuple[Point, ...]:
    return tuple(Point(one.pt[0], one.pt[1], one.size, one.angle) for one in found)


def _matches(one: Float | None, other: Float | None) -> list[tuple[int, int]]:
    """Pairs whose nearest neighbour is clearly nearer than the second; each (number in one, number in the other)."""
    if one is None or other is None or len(one) == 0 or len(other) < 2:
        return []
    distances = np.linalg.norm(one[:, None] - other[None], axis=2)
    nearest = np.argsort(distances, axis=1)[:, :2]
    rows = np.arange(len(one))
    clear = distances[rows, nearest[:, 0]] < RATIO * distances[rows, nearest[:, 1]]
    return [(int(row), int(nearest[row, 0])) for row in rows[clear]]


def _patches(picture: Image.Image, found: Any) -> Float:
    """The pixels around each point, (points, `PATCH`²), with mean 0 and length 1."""
    half = PATCH // 2
    pixels = np.pad(np.asarray(picture, np.float32), half, mode="edge")
    result = np.zeros((len(found), PATCH**2), np.float32)
    for row, one in enumerate(found):
        x, y = (round(value) for value in one.pt)
        patch = pixels[y : y + PATCH, x : x + PATCH].ravel()
        result[row] = (patch - patch.mean()) / max(float(np.linalg.norm(patch - patch.mean())), 1e-6)
    return result


# a bag of visual words


@dataclass(frozen=True, slots=True)
class Bag:
    """What features by hand have reached.

    Attributes:
        accuracy: on the first `TEST_IMAGES` test pictures.
        seconds: describing the training pictures, finding words, counting them and fitting the classifier.
        learned: numbers of the classifier.
    """

    accuracy: float
    seconds: float
    learned: int


def describe(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """SIFT's description of each window of each garment: (N, 28, 28) → (N, windows, 128), whole numbers to 255."""
    import cv2

    sift = cv2.SIFT_create()
    windows = [cv2.KeyPoint(float(x), float(y), WIDTH, 0.0) for x, y in WINDOWS]  # upright: sleeves hang down
    return np.stack([sift.compute(image, windows)[1] for image in images]).astype(np.uint8)


def _roots(described: NDArray[np.uint8]) -> Float:
    """Descriptions as square roots of shares: distances between them weigh large numbers less."""
    exact = described.reshape(-1, described.shape[-1]).astype(np.float32)
    roots: Float = np.sqrt(exact / np.maximum(exact.sum(1, keepdims=True), 1))
    return roots


def visual_words(described: NDArray[np.uint8], words: int) -> Float:
    """The middles of so many clusters of descriptions, (words, 128)."""
    import cv2

    flat = described.reshape(-1, described.shape[-1])
    chosen = np.random.default_rng(_SEED).choice(len(flat), min(_SAMPLE, len(flat)), replace=False)
    cv2.setRNGSeed(_SEED)
    until = (cv2.TERM_CRITERIA_MAX_ITER + cv2.TERM_CRITERIA_EPS, 15, 1e-3)
    _spread, _which, middles = cv2.kmeans(_roots(flat[chosen]), words, None, until, 1, cv2.KMEANS_PP_CENTERS)
    found: Float = middles
    return found


def bags(described: NDArray[np.uint8], words: Float) -> Float:
    """How often each word occurs in each garment, (N, words), as square roots of shares."""
    counts = np.zeros((len(described), len(words)), np.float32)
    for first in range(0, len(described), _CHUNK):
        part = described[first : first + _CHUNK]
        nearest = (np.square(words).sum(1) - 2 * _roots(part) @ words.T).argmin(1).reshape(len(part), -1)
        for row, numbers in enumerate(nearest, start=first):
            counts[row] = np.bincount(numbers, minlength=len(words))
    shares: Float = np.sqrt(counts / described.shape[1])
    return shares


def fit(features: Float, labels: NDArray[np.uint8]) -> Any:
    """A linear layer that tells the classes apart, with the loss that LeNet's last layer has, by L-BFGS."""
    import torch
    from torch.nn import functional

    inputs, targets = torch.from_numpy(features), torch.from_numpy(labels.astype(np.int64))
    layer = torch.nn.Linear(features.shape[1], _CLASSES, device="meta").to_empty(device="cpu")
    for parameter in layer.parameters():
        torch.nn.init.zeros_(parameter)
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> float:
        optimizer.zero_grad()
        value = functional.cross_entropy(layer(inputs), targets) + 1e-5 * layer.weight.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value.item()

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    return layer.requires_grad_(False)


def measure(words: int, images: int, test_images: int = TEST_IMAGES) -> Bag:
    """A bag of words from its pictures to its accuracy.

    Args:
        words: how many.
        images: the first so many training pictures.
        test_images: the first so many test pictures.
    """
    import torch

    train, test = fashion_mnist("train"), fashion_mnist("test")
    start = time.perf_counter()
    described = describe(train.images[:images])
    vocabulary = visual_words(described, words)
    layer = fit(bags(described, vocabulary), train.labels[:images])
    seconds = time.perf_counter() - start
    counted = torch.from_numpy(bags(describe(test.images[:test_images]), vocabulary))
    right = layer(counted).argmax(1).numpy() == test.labels[:test_images]
    return Bag(float(right.mean()), seconds, sum(part.numel() for part in layer.parameters()))


def _main() -> None:
    import cv2
    import torch

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    words, images = (int(text) for text in sys.argv[1:3])
    print(json.dumps(asdict(measure(words, images))))


if __name__ == "__main__":
    _main()
