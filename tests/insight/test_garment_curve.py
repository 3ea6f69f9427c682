"""Is it still a boot? The curve of a trained network against the network itself, and against what must be so."""

import math

import numpy as np
import pytest
import torch

from cnnviz.architectures import architecture, build
from cnnviz.data import garment
from cnnviz.errors import CnnvizError
from cnnviz.events import Checkpoint
from cnnviz.figures.garment_curve import describe_garment_curve, garment_curve_lines
from cnnviz.insight.garment_curve import GarmentCurve, classify, garment_curve, moved, values_along
from cnnviz.language import LANGUAGES, Language
from cnnviz.specs.augmentation import OPERATIONS, Brightness, CenterCrop, HorizontalFlip, Mixing, Rotation
from cnnviz.training import TrainingConfig, train
from cnnviz.training.batches import Batches
from cnnviz.training.checkpoints import read
from cnnviz.training.choices import choose

NAMES = [f"class {number}" for number in range(10)]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """(checkpoint, config) of LeNet with batch norm on a few garments, with an input that is not 28 px."""
    config = TrainingConfig(
        architecture=architecture("lenet_bn").spec(image_size=32), epochs=1, train_images=3000, test_images=100,
        batch_size=50, evaluations=1, threads=1, device="cpu", precision="float32",
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("run")
    files = [event for event in train(config, folder=folder) if isinstance(event, Checkpoint)]
    assert files
    return folder / "last.safetensors", config


def test_the_probabilities_are_those_of_the_test_images_in_training(trained):
    checkpoint, config = trained
    network = build(config.architecture)
    network.load_state_dict(read(checkpoint).model)
    inputs, _labels = next(Batches(config, choose(config)).testing())
    with torch.inference_mode():
        expected = network.eval()(inputs[:40]).softmax(1)
    found = torch.stack(classify(checkpoint, config.architecture, [garment(number) for number in range(40)]))
    assert torch.allclose(found, expected, atol=1e-5)


def test_where_nothing_changes_the_curve_is_the_picture_itself(trained):
    checkpoint, config = trained
    own = classify(checkpoint, config.architecture, [garment(0)])[0]
    curve = garment_curve(checkpoint, config.architecture, Rotation(), "angle", 0)
    assert curve.label == 9 and len(curve.values) == len(curve.probabilities) == len(curve.answers) == 61
    middle = curve.values.index(0.0)
    assert curve.probabilities[middle] == pytest.approx(float(own[9]), abs=1e-4)
    assert curve.answers[middle] == int(own.argmax())
    flip = garment_curve(checkpoint, config.architecture, HorizontalFlip(), "flipped", 0)
    assert flip.values == (0, 1)
    dark = garment_curve(checkpoint, config.architecture, Brightness(), "brightness", 0)
    assert dark.probabilities[dark.values.index(1.0)] == pytest.approx(float(own[9]), abs=1e-4)


def test_a_picture_without_light_is_the_same_for_every_garment(trained):
    checkpoint, config = trained
    black = [moved(Brightness(), "brightness", 0, garment(number)) for number in (0, 1)]
    assert not np.asarray(black[0]).any()
    first, second = classify(checkpoint, config.architecture, black)
    assert torch.equal(first, second)


@pytest.mark.parametrize("kind", [kind for kind in OPERATIONS if not issubclass(kind, Mixing)])
def test_values_run_from_end_to_end(kind):
    for parameter in kind().parameters():
        values = values_along(parameter)
        assert values[0] == pytest.approx(parameter.low) and values[-1] == pytest.approx(parameter.high)
        assert list(values) == sorted(set(values)) and 2 <= len(values) <= 61
        if parameter.step:
            assert all(math.isclose((value - parameter.low) / parameter.step % 1, 0) for value in values)


def test_what_does_not_fit_and_what_is_damaged_is_said(trained, tmp_path):
    checkpoint, config = trained
    with pytest.raises(CnnvizError, match="28"):
        moved(CenterCrop(size=200), "x", 0.5, garment(0))
    broken = tmp_path / "last.safetensors"
    broken.write_bytes(checkpoint.read_bytes()[:-20])
    with pytest.raises(CnnvizError, match="cannot be read"):
        garment_curve(broken, config.architecture, Rotation(), "angle", 0)


CURVE = GarmentCurve(
    values=(-20.0, -10.0, 0.0, 10.0, 20.0), probabilities=(0.1, 0.6, 0.9, 0.4, 0.2), answers=(7, 9, 9, 5, 5), label=9,
    neutral=0.0,
)  # fmt: skip


def test_flips_are_where_the_answer_changes():
    assert CURVE.flips == ((-10.0, 7, 9), (10.0, 9, 5))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sentence_names_both_sides(language):
    _ = Language(language)
    words = describe_garment_curve(CURVE, "angle", NAMES, _)
    for part in ("class 9", "class 5", "class 7", _.significant(10), _.significant(-20), _.percent(0.9)):
        assert part in words
    always = GarmentCurve((0.0, 1.0), (0.9, 0.8), (9, 9), 9, 0.0)
    assert _("It stays that from end to end.") in describe_garment_curve(always, "angle", NAMES, _)
    wrong = GarmentCurve((0.0, 1.0), (0.1, 0.8), (3, 9), 9, 0.0)
    assert "class 3" in describe_garment_curve(wrong, "angle", NAMES, _)


@pytest.mark.parametrize(("log", "dark"), [(False, False), (True, True)])
def test_wrong_answers_have_another_mark_and_each_flip_a_line(log, dark):
    curve = GarmentCurve((1.0, 2.0, 3.0), (0.9, 0.4, 0.2), (9, 9, 5), 9, 1.0)
    figure = garment_curve_lines(curve, "angle", NAMES, Language("en"), colour="#123456", log=log, dark=dark)
    assert list(figure.data[0].marker.symbol) == ["circle", "circle", "circle-open"]
    assert len(figure.layout.shapes) == 1 and figure.layout.shapes[0].x0 == 3
    assert figure.layout.annotations[0].text == "→ class 5"
