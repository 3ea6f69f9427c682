"""Fashion-MNIST as published: the files' checksums, the counts, the pixels' mean; and what a damaged file says."""

import gzip
import hashlib
import threading

import numpy as np
import pytest

from cnnviz.data import CLASS_NAMES, DATA_MD5, PIXEL_MEAN, PIXEL_STD, fashion_mnist, garment
from cnnviz.data.fashion_mnist import FOLDER, parse_idx
from cnnviz.errors import CnnvizError


@pytest.mark.parametrize(("split", "count"), [("train", 60_000), ("test", 10_000)])
def test_counts_shapes_and_classes(split, count):
    images, labels = fashion_mnist(split)
    assert images.shape == (count, 28, 28) and images.dtype == np.uint8
    assert labels.shape == (count,) and labels.dtype == np.uint8
    assert np.bincount(labels).tolist() == [count // 10] * 10  # the classes are balanced
    assert len(CLASS_NAMES) == len(set(CLASS_NAMES)) == 10


def test_the_training_pixels_have_the_published_mean_and_deviation():
    counts = np.bincount(fashion_mnist("train").images.ravel(), minlength=256)
    levels = np.arange(256) / 255
    mean = np.average(levels, weights=counts)
    assert mean == pytest.approx(PIXEL_MEAN, abs=5e-5)
    assert np.average((levels - mean) ** 2, weights=counts) ** 0.5 == pytest.approx(PIXEL_STD, abs=5e-5)


def test_the_first_images_are_those_of_the_paper():
    """The first training image is an ankle boot, the first test image too; labels as published."""
    assert fashion_mnist("train").labels[:10].tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]
    assert fashion_mnist("test").labels[:10].tolist() == [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]
    assert CLASS_NAMES[9] == "ankle boot"


def test_the_checksums_are_those_of_the_unpacked_files():
    assert len(DATA_MD5) == 4
    for name, digest in DATA_MD5.items():
        with gzip.open(FOLDER / f"{name}.gz") as file:
            assert hashlib.md5(file.read()).hexdigest() == digest


def test_nobody_can_write_into_the_shared_arrays():
    for array in fashion_mnist("test"):
        with pytest.raises(ValueError):
            array[0] = 0


def test_thirty_threads_share_one_copy():
    start, found = threading.Barrier(30), [None] * 30

    def read(place):
        start.wait()
        found[place] = fashion_mnist("test")

    threads = [threading.Thread(target=read, args=(place,)) for place in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(garments.images is found[0].images for garments in found)


def _copy(folder):
    for name in DATA_MD5:
        (folder / f"{name}.gz").write_bytes((FOLDER / f"{name}.gz").read_bytes())


@pytest.mark.parametrize("name", DATA_MD5)
def test_a_missing_file_is_named(name, tmp_path):
    _copy(tmp_path)
    (tmp_path / f"{name}.gz").unlink()
    with pytest.raises(CnnvizError) as caught:
        fashion_mnist("train" if name.startswith("train") else "test", tmp_path)
    assert caught.value.code == "data_missing"
    assert f"{name}.gz" in str(caught.value)


@pytest.mark.parametrize("damage", ["cut", "flipped", "text", "empty", "other", "header", "folder"])
def test_a_damaged_file_is_named(damage, tmp_path):
    _copy(tmp_path)
    path = tmp_path / "t10k-labels-idx1-ubyte.gz"
    packed = path.read_bytes()
    unpacked = gzip.decompress(packed)
    path.unlink()
    if damage == "folder":
        path.mkdir()
    else:
        path.write_bytes(
            {
                "cut": packed[: len(packed) // 2],
                "flipped": packed[:3000] + bytes([packed[3000] ^ 1]) + packed[3001:],
                "text": b"not a gzip file",
                "empty": b"",
                "other": gzip.compress(unpacked[:-1] + b"\0"),
                "header": gzip.compress(b"\0\0\x08\x02" + unpacked[4:]),
            }[damage]
        )
    with pytest.raises(CnnvizError) as caught:
        fashion_mnist("test", tmp_path)
    assert caught.value.code == "data_damaged"
    assert path.name in str(caught.value)


def test_another_packing_of_the_same_bytes_is_fine(tmp_path):
    _copy(tmp_path)
    path = tmp_path / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), compresslevel=1))
    assert np.array_equal(fashion_mnist("test", tmp_path).images, fashion_mnist("test").images)


def test_a_missing_folder(tmp_path):
    with pytest.raises(CnnvizError) as caught:
        fashion_mnist("train", tmp_path / "nowhere")
    assert caught.value.code == "data_missing"


def test_an_unknown_split():
    with pytest.raises(CnnvizError) as caught:
        fashion_mnist("validation")
    assert "train, test" in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [b"", b"\0\0\x08\x01", b"\0\0\x08\x01\0\0\0\x05abcd", b"\0\0\x09\x01\0\0\0\x01a", b"\1\0\x08\x01\0\0\0\x01a"],
)
def test_idx_headers_are_checked(data):
    with pytest.raises(ValueError):
        parse_idx(data, 1)


def test_idx():
    assert parse_idx(b"\0\0\x08\x02\0\0\0\x02\0\0\0\x03abcdef", 2).tolist() == [[97, 98, 99], [100, 101, 102]]


def test_a_garment_is_a_grey_picture():
    picture = garment(0)
    assert (picture.mode, picture.size) == ("L", (28, 28))
    assert np.array_equal(np.asarray(picture), fashion_mnist("test").images[0])
    for index in (-1, 10_000):
        with pytest.raises(CnnvizError):
            garment(index)
