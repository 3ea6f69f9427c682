"""Seeds, threads, exported code, JSON: what a page, a link and a run rely on."""

import inspect
import json
import subprocess
import sys
import threading

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional

from cnnviz.augmentation import CHAPTER_PIPELINES, Pipeline, PipelineSpec, lighting
from cnnviz.augmentation.behaviours import BEHAVIOURS
from cnnviz.data import cat, garment
from cnnviz.errors import CnnvizError
from cnnviz.language import LANGUAGES, Language
from cnnviz.specs.augmentation import (
    MAX_OPERATIONS,
    MIXING_OPERATIONS,
    OPERATIONS,
    PICTURE_OPERATIONS,
    AugMix,
    Brightness,
    Contrast,
    Elastic,
    GaussianNoise,
    HorizontalFlip,
    MixUp,
    RandAugment,
    RandomResizedCrop,
)
from cnnviz.specs.augmentation.lighting import DEFINITION
from cnnviz.specs.training import TrainingConfig
from tests.augmentation.chains import CHAINS, CHAPTER, pipelines

COMBINED = CHAPTER["combined"]
SMALL_CAT = cat().resize((113, 75))


def _grid(pipeline, **options):
    return [(sample.image.tobytes(), sample.drawn) for sample in pipeline.samples(cat(), **options)]


def test_every_kind_of_operation_has_a_behaviour():
    assert set(BEHAVIOURS) == set(PICTURE_OPERATIONS)
    assert set(OPERATIONS) == {*PICTURE_OPERATIONS, *MIXING_OPERATIONS}


def test_importing_and_exporting_need_no_torch():
    code = (
        "import sys; from cnnviz.augmentation import Pipeline, CHAPTER_PIPELINES; import cnnviz.data\n"
        "assert 'ColorJitter' in Pipeline.of(CHAPTER_PIPELINES['combined'].pipeline).code()\n"
        "assert not {'torch', 'torchvision'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# Seeds


def test_a_seed_repeats_its_grid_and_another_seed_does_not():
    assert _grid(COMBINED, seed=3) == _grid(COMBINED, seed=3)
    assert _grid(COMBINED, seed=3) != _grid(COMBINED, seed=4)


def test_a_grid_of_sixteen_starts_with_the_grid_of_eight():
    assert _grid(COMBINED, count=16, seed=5)[:8] == _grid(COMBINED, count=8, seed=5)
    assert COMBINED.samples(cat(), count=0) == []


def test_the_pictures_of_a_grid_differ():
    assert len({pixels for pixels, _drawn in _grid(COMBINED, count=16)}) == 16


def test_other_operations_keep_their_draws_when_one_is_changed_switched_off_or_moved():
    def drawn(*operations):
        samples = Pipeline(operations=operations).samples(cat(), count=8, seed=9)
        return [dict(sample.drawn) for sample in samples]

    flip, bright, crop = HorizontalFlip(), Brightness(), RandomResizedCrop(size=50)
    before = drawn(flip, bright, crop)
    for after in (
        drawn(flip.replace(p=0.9), bright, crop),
        drawn(flip.replace(enabled=False), bright, crop),
        drawn(crop, bright, flip),
    ):
        assert [values["brightness"] for values in after] == [values["brightness"] for values in before]
        assert [values["random_resized_crop"] for values in after] == [
            values["random_resized_crop"] for values in before
        ]


def test_the_same_operation_twice_draws_twice():
    for sample in Pipeline(operations=(Brightness(), Brightness())).samples(cat(), count=4):
        assert sample.drawn[0].values != sample.drawn[1].values


def test_samples_leave_the_global_random_state_alone():
    torch.manual_seed(123)
    before = torch.get_rng_state()
    _grid(COMBINED, seed=1)
    COMBINED.apply_batch(torch.zeros(4, 1, 28, 28), torch.Generator().manual_seed(0))
    assert torch.equal(torch.get_rng_state(), before)
    first = _grid(COMBINED, seed=1)
    torch.manual_seed(456)
    assert _grid(COMBINED, seed=1) == first


@pytest.mark.parametrize(
    ("pipeline", "picture"),
    [(COMBINED, cat()), (Pipeline(operations=(Elastic(sigma=2), GaussianNoise(), RandAugment(), AugMix())), SMALL_CAT)],
    ids=["chapter", "others"],
)
def test_thirty_threads_with_one_seed_see_one_grid(pipeline, picture):
    def grid(count, seed):
        return [(sample.image.tobytes(), sample.drawn) for sample in pipeline.samples(picture, count=count, seed=seed)]

    expected = grid(4, seed=2)
    start, results = threading.Barrier(30), [None] * 30

    def draw(place):
        start.wait()
        grid(2, seed=place)  # somebody else's grid in between
        results[place] = grid(4, seed=2)

    threads = [threading.Thread(target=draw, args=(place,)) for place in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(result == expected for result in results)


# Samples


@pytest.mark.parametrize("name", CHAINS)
def test_samples_are_pictures_of_the_right_size_and_kind(name):
    for picture in (SMALL_CAT, garment(0)):
        pipeline = CHAINS[name].with_output_size(28)
        for sample in pipeline.samples(picture, count=3):
            assert sample.image.mode == picture.mode
            assert sample.image.size[::-1] == pipeline.output_size(picture.size[::-1])
            assert [kind for kind, _values in sample.drawn] == [operation.kind for operation in pipeline.active]


def test_the_page_shows_torchvisions_pixels():
    """Each sample, rebuilt from its drawn values with torchvision's functions alone."""
    for sample in COMBINED.samples(cat(), count=8):
        (_flip, flip), (_colour, colour), (_crop, crop) = sample.drawn
        image = functional.pil_to_tensor(cat())
        if flip["flipped"]:
            image = functional.horizontal_flip(image)
        for name in colour["order"]:
            image = getattr(functional, f"adjust_{name}")(image, colour[name])
        box = [crop[name] for name in ("top", "left", "height", "width")]
        image = functional.resized_crop(image, *box, size=[200, 200])
        difference = (functional.pil_to_tensor(sample.image).int() - image.int()).abs()
        assert difference.max() <= 1


def test_the_steps_lead_to_the_picture():
    sample = COMBINED.samples(cat(), count=1)[0]
    steps = COMBINED.steps(cat(), sample.drawn)
    assert len(steps) == 3
    assert [step.size for step in steps] == [(451, 300), (451, 300), (200, 200)]
    assert steps[-1].tobytes() == sample.image.tobytes() == COMBINED.apply(cat(), sample.drawn).tobytes()


def test_the_empty_chain_changes_nothing():
    for pipeline in (Pipeline(), Pipeline(operations=(HorizontalFlip(p=1, enabled=False),))):
        (sample,) = pipeline.samples(cat(), count=1)
        assert sample.image.tobytes() == cat().tobytes()
        assert sample.drawn == ()
        garments = torch.zeros(2, 1, 28, 28)
        assert torch.equal(pipeline.apply_batch(garments, torch.Generator()), garments)
        assert pipeline.transform()(cat()).tobytes() == cat().tobytes()


@pytest.mark.parametrize("mode", ["RGBA", "P", "CMYK", "1"])
def test_other_modes_become_rgb(mode):
    (sample,) = Pipeline(operations=(Brightness(),)).samples(cat().convert(mode), count=1)
    assert sample.image.mode == "RGB"


def test_values_set_by_hand_are_applied():
    flipped = Pipeline(operations=(HorizontalFlip(),)).apply(cat(), [("horizontal_flip", {"flipped": True})])
    assert ImageChops.difference(flipped, cat().transpose(Image.Transpose.FLIP_LEFT_RIGHT)).getbbox() is None
    dark = Pipeline(operations=(Brightness(),)).apply(cat(), [("brightness", {"brightness": 0.0})])
    assert dark.getextrema() == ((0, 0),) * 3


def test_the_values_of_another_chain_are_refused():
    drawn = Pipeline(operations=(Brightness(),)).samples(cat(), count=1)[0].drawn
    with pytest.raises(CnnvizError) as caught:
        Pipeline(operations=(Contrast(),)).apply(cat(), drawn)
    assert caught.value.code == "drawn_does_not_match"
    assert "brightness" in str(caught.value) and "contrast" in str(caught.value)


@pytest.mark.parametrize("name", CHAINS)
def test_drawn_values_survive_json_and_read_as_words(name):
    pipeline = CHAINS[name].with_output_size(60)
    for sample in pipeline.samples(SMALL_CAT, count=4, seed=1):
        again = json.loads(json.dumps(sample.drawn))
        assert pipeline.apply(SMALL_CAT, again).tobytes() == sample.image.tobytes()
        for language in LANGUAGES:
            text = pipeline.describe(sample.drawn, Language(language))
            assert text and "{" not in text and "_" not in text


# Torchvision's form


def _executed(code: str) -> v2.Compose:
    namespace: dict[str, object] = {}
    exec(compile(code, "exported", "exec"), namespace)
    return namespace["transform"]


def _pixels(transform, image):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(42)
        return [
            v2.functional.pil_to_tensor(image) if _is_pil(image) else image for image in map(transform, [image] * 3)
        ]


def _is_pil(image):
    return isinstance(image, Image.Image)


def test_a_class_that_the_code_defines_is_the_one_that_is_used():
    source = inspect.getsource(lighting.Lighting).replace("  # type: ignore[misc]", "")
    assert source == DEFINITION


@pytest.mark.parametrize("name", CHAINS)
def test_exported_code_builds_the_same_transform(name):
    pipeline = CHAINS[name].with_output_size(60)
    exported, own = _executed(pipeline.code()), pipeline.transform()
    assert isinstance(own, v2.Compose)
    assert repr(exported) == repr(own)
    pixels = _pixels(exported, SMALL_CAT)
    assert all(torch.equal(one, other) for one, other in zip(pixels, _pixels(own, SMALL_CAT), strict=True))
    assert {tuple(image.shape[-2:]) for image in pixels} == {pipeline.output_size((75, 113))}


def test_exported_code_runs_alone(tmp_path):
    script = tmp_path / "transform.py"
    long = OPERATIONS[: len(OPERATIONS) - MAX_OPERATIONS : -1]  # from the end: mixing and what needs a definition
    every = Pipeline(operations=tuple(kind() for kind in long))
    assert every.mixing and "class Lighting" in every.code()
    script.write_text(every.code() + "\nprint(transform)\nprint(mix)\n", encoding="utf-8")
    done = subprocess.run([sys.executable, "-I", str(script)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"{every.transform()!r}\n{every.mix_transform()!r}"


def test_the_code_says_the_chapters_settings():
    assert COMBINED.code() == (
        "from torchvision.transforms import v2\n\n"
        "transform = v2.Compose([\n"
        "    v2.RandomHorizontalFlip(p=0.5),\n"
        "    v2.ColorJitter(brightness=0.5, contrast=0.5, saturation=0.5, hue=0.5),\n"
        "    v2.RandomResizedCrop(size=(200, 200), scale=(0.1, 1.0), ratio=(0.5, 2.0)),\n"
        "])\n"
    )


def test_what_is_switched_off_is_left_out():
    chain = Pipeline(operations=(HorizontalFlip(enabled=False), Brightness(brightness=0.2)))
    assert "Flip" not in chain.code()
    assert len(chain.transform().transforms) == 1
    assert len(chain.samples(cat(), count=1)[0].drawn) == 1


# The spec


@given(pipelines(), st.sampled_from(["L", "RGB"]), st.tuples(st.integers(32, 60), st.integers(32, 60)), st.integers(0))
def test_any_chain_draws_exports_and_comes_back_from_json(pipeline, mode, size, seed):
    picture = Image.new(mode, size, "#806040" if mode == "RGB" else 128)
    assert Pipeline.model_validate_json(pipeline.model_dump_json()) == pipeline
    assert repr(_executed(pipeline.code())) == repr(pipeline.transform())
    try:
        pipeline.check(size[::-1])
    except CnnvizError as error:
        assert error.field and str(error)
        return
    for sample in pipeline.samples(picture, count=2, seed=seed):
        assert sample.image.mode == mode
        assert sample.image.size[::-1] == pipeline.output_size(size[::-1])
        assert pipeline.describe(sample.drawn, Language()).count(";") == max(0, len(pipeline.active) - 1)


def test_mixing_is_stored_with_a_run_too():
    chain = Pipeline(operations=(HorizontalFlip(), MixUp(alpha=0.2)))
    config = TrainingConfig(architecture="lenet_bn", augmentation=chain)
    assert Pipeline.of(config.augmentation).mixing == (MixUp(alpha=0.2),)


def test_a_pipeline_is_stored_with_a_run_as_the_plain_spec_that_it_is():
    config = TrainingConfig(architecture="lenet_bn", augmentation=COMBINED)
    assert type(config.augmentation) is PipelineSpec
    assert config.augmentation == CHAPTER_PIPELINES["combined"].pipeline
    assert TrainingConfig.model_validate_json(config.model_dump_json()) == config
    assert hash(Pipeline.of(config.augmentation)) == hash(COMBINED)
