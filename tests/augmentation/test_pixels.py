"""The page and training show the same pixels, and both are torchvision's."""

import re

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torchvision.transforms.v2 import functional

from cnnviz.augmentation import Pipeline
from cnnviz.augmentation.behaviours import resampling
from cnnviz.data import cat, fashion_mnist
from cnnviz.errors import CnnvizError
from cnnviz.specs.augmentation import ADJUSTMENTS, PICTURE_OPERATIONS, ColorJitter, Hue, RandomResizedCrop
from tests.augmentation.chains import ALONE, CHAINS, operations, pipelines


def _cats() -> torch.Tensor:
    return functional.pil_to_tensor(cat()).expand(6, -1, -1, -1)


def _garments() -> torch.Tensor:
    return torch.tensor(fashion_mnist("test").images[:64]).unsqueeze(1)


@pytest.mark.parametrize("images", [_cats, _garments])
@pytest.mark.parametrize("name", CHAINS)
def test_equal_draws_give_equal_pixels_on_the_page_and_in_a_batch(name, images):
    batch = images()
    size = tuple(batch.shape[-2:])
    pipeline = CHAINS[name].with_output_size(200 if batch.shape[1] == 3 else 28)
    generator = torch.Generator().manual_seed(1)
    drawn = [pipeline.draw(generator, size) for _image in batch]
    page = torch.stack([pipeline.apply(image, values) for image, values in zip(batch, drawn, strict=True)])
    together = pipeline.apply_draws(batch, pipeline.pack(drawn))
    assert together.dtype == torch.uint8
    assert tuple(together.shape[-2:]) == pipeline.output_size(size)
    assert (page.int() - together.int()).abs().max() <= 1
    if batch.shape[1] == 3 and any(operation.parameters() for operation in pipeline.active):
        assert page.unique(dim=0).shape[0] > 1  # the draws do differ


@pytest.mark.parametrize("name", CHAINS)
def test_float_images_agree_too(name):
    batch = _cats()[:3, :, ::3, ::3] / 255
    pipeline = CHAINS[name].with_output_size(64)
    generator = torch.Generator().manual_seed(2)
    drawn = [pipeline.draw(generator, tuple(batch.shape[-2:])) for _image in batch]
    page = torch.stack([pipeline.apply(image, values) for image, values in zip(batch, drawn, strict=True)])
    torch.testing.assert_close(pipeline.apply_draws(batch, pipeline.pack(drawn)), page, atol=1e-4, rtol=0)


def _agree(pipeline, levels, drawn):
    """Each step from the same pixels, since a step such as solarizing may make a large difference of a small one."""
    for whole in (True, False):
        images = levels if whole else levels / 255
        for place, operation in enumerate(pipeline.active):
            step = Pipeline(operations=(operation,))
            values = [(drawn_for_one[place],) for drawn_for_one in drawn]
            page = torch.stack([step.apply(image, value) for image, value in zip(images, values, strict=True)])
            together = step.apply_draws(images, step.pack(values))
            assert tuple(together.shape[-2:]) == step.output_size(tuple(images.shape[-2:]))
            assert (page.float() - together.float()).abs().max() <= (1 if whole else 1 / 255), operation
            images = page


def _draws(pipeline, size, generator, count=4):
    """None where the chain refuses a picture of this size, which it then does everywhere."""
    try:
        pipeline.check(size)
    except CnnvizError as error:
        with pytest.raises(CnnvizError, match=re.escape(str(error))):
            pipeline.draw(generator, size)
        with pytest.raises(CnnvizError, match=re.escape(str(error))):
            pipeline.apply_batch(torch.zeros(2, 1, *size), generator)
        return None
    return [pipeline.draw(generator, size) for _image in range(count)]


SIZES = st.tuples(st.integers(1, 40), st.integers(1, 40)) | st.tuples(st.integers(32, 48), st.integers(32, 48))


def _levels(channels, size, generator):
    return torch.randint(0, 256, (4, channels, *size), generator=generator, dtype=torch.uint8)


@pytest.mark.hypothesis
@pytest.mark.parametrize("kind", PICTURE_OPERATIONS)
def test_any_setting_of_each_operation_on_any_size_agrees(kind):
    compared = []

    @settings(database=None)
    @given(operations(kind), st.sampled_from([1, 3]), SIZES, st.integers(0, 2**31))
    def compare(operation, channels, size, seed):
        generator = torch.Generator().manual_seed(seed)
        pipeline = Pipeline(operations=(operation.replace(enabled=True),))
        drawn = _draws(pipeline, size, generator)
        if drawn is not None:
            _agree(pipeline, _levels(channels, size, generator), drawn)
            compared.append(size)

    compare()
    assert len(compared) > 2


@given(pipelines(), st.sampled_from([1, 3]), SIZES, st.integers(0, 2**31))
@example(Pipeline(operations=(RandomResizedCrop(size=4, ratio=(0.5, 0.5)),)), 1, (1, 1), 0)  # torchvision's own fails
def test_any_chain_on_any_size_agrees(pipeline, channels, size, seed):
    generator = torch.Generator().manual_seed(seed)
    drawn = _draws(pipeline, size, generator)
    if drawn is not None:
        _agree(pipeline, _levels(channels, size, generator), drawn)


def test_the_crop_of_a_batch_is_torchvisions():
    """Enlarged, shrunk by up to sixteen, one pixel, the whole picture, at the edges: box by box."""
    image = functional.pil_to_tensor(cat())
    boxes = [(0, 0, 300, 451), (0, 0, 1, 1), (299, 450, 1, 1), (10, 20, 200, 200), (7, 0, 13, 451), (0, 11, 300, 5)]
    for size in (1, 19, 28, 200, 224):
        pipeline = CHAINS["random_resized_crop"].with_output_size(size)
        drawn = [
            (("random_resized_crop", dict(zip(("top", "left", "height", "width"), box, strict=True))),) for box in boxes
        ]
        together = pipeline.apply_draws(image.expand(len(boxes), -1, -1, -1), pipeline.pack(drawn))
        for box, result in zip(boxes, together, strict=True):
            expected = functional.resized_crop(image, *box, size=[size, size])
            assert (expected.int() - result.int()).abs().max() <= 1, (box, size)


@pytest.mark.parametrize("whole_levels", [False, True])
@pytest.mark.parametrize("size", [1, 28, 96])
def test_looking_weights_up_gives_what_computing_them_gives(monkeypatch, size, whole_levels):
    """Every part of a side of 28 px, to the last bit; what would need too large a table is computed."""
    parts = torch.tensor([(start, length) for length in range(1, 29) for start in range(29 - length)]).T
    box = resampling.Box(parts[0], parts[0].flip(0), parts[1], parts[1].flip(0))
    box = box._replace(left=torch.minimum(box.left, 28 - box.width))
    found = [resampling._weights(box, (28, 28), size, torch.device("cpu"), whole_levels)]
    monkeypatch.setattr(resampling, "_FEW", 0)
    found.append(resampling._weights(box, (28, 28), size, torch.device("cpu"), whole_levels))
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))


@pytest.mark.parametrize("turn", [-0.5, -0.31, -0.1, 0.0, 0.004, 1 / 6, 0.25, 0.499, 0.5])
def test_the_hue_is_torchvisions(turn):
    """On a coarse cube of all colours, greys and pure colours included, and on the cat."""
    levels = torch.arange(0, 256, 5, dtype=torch.uint8)
    cube = torch.cartesian_prod(levels, levels, levels).T.reshape(3, 52, -1)
    pipeline = Pipeline(operations=(Hue(),))
    for image in (cube, functional.pil_to_tensor(cat())):
        ours = pipeline.apply(image, [("hue", {"hue": turn})])
        assert (ours.int() - functional.adjust_hue(image, turn).int()).abs().max() <= 1
        together = pipeline.apply_draws(image.unsqueeze(0), pipeline.pack([(("hue", {"hue": turn}),)]))
        assert torch.equal(together[0], ours)
    floats = cube / 255
    torch.testing.assert_close(
        pipeline.apply(floats, [("hue", {"hue": turn})]), functional.adjust_hue(floats, turn), atol=1e-5, rtol=0
    )


@pytest.mark.parametrize("order", [ADJUSTMENTS, ADJUSTMENTS[::-1], ("hue", "contrast", "brightness", "saturation")])
@pytest.mark.parametrize("factor", [0.0, 0.31, 0.999, 1.0, 1.7])
def test_adjustments_in_a_row_are_torchvisions_one_after_the_other(order, factor):
    """To the last bit, although nothing is converted between them; a grey picture has no colour to adjust."""
    pipeline = Pipeline(operations=(ColorJitter(),))
    values = {name: factor - 0.6 if name == "hue" and factor < 1.1 else factor for name in order}
    values["hue"] = max(-0.5, min(0.5, values["hue"]))
    for image in (functional.pil_to_tensor(cat()), functional.pil_to_tensor(cat().convert("L"))):
        expected = image
        for name in order:
            expected = getattr(functional, f"adjust_{name}")(expected, values[name])
        assert torch.equal(pipeline.apply(image, [("color_jitter", {"order": list(order), **values})]), expected)


def test_an_order_of_adjustments_is_followed():
    image = functional.pil_to_tensor(cat())
    factors = {"brightness": 1.4, "contrast": 0.6, "saturation": 1.5, "hue": 0.2}
    results = []
    for order in (list(ADJUSTMENTS), list(reversed(ADJUSTMENTS))):
        expected = image
        for name in order:
            expected = getattr(functional, f"adjust_{name}")(expected, factors[name])
        result = Pipeline(operations=(ColorJitter(),)).apply(image, [("color_jitter", {"order": order, **factors})])
        assert (expected.int() - result.int()).abs().max() <= 1
        results.append(result)
    assert not torch.equal(*results)


def test_what_does_nothing_to_a_grey_garment_says_so():
    """All draws of each operation leave 64 garments as they are, or some do not: it must have said which."""
    garments = _garments() // 2 + 20  # neither black nor white, so that there is contrast to gain
    without_light = Pipeline(operations=(ColorJitter(brightness=0, contrast=0),))
    for chain in (*ALONE.values(), without_light):
        (operation,) = chain.with_output_size(28).active
        pipeline = Pipeline(operations=(operation,))
        results = [pipeline.apply_batch(garments, torch.Generator().manual_seed(seed)) for seed in range(2)]
        unchanged = all(torch.equal(result, garments) for result in results)
        identity = operation.kind in ("resize", "center_crop", "random_crop")  # 28 px of 28 px
        assert unchanged == (operation.no_effect_on_grey or identity), operation.kind
        if operation.no_effect_on_grey:
            drawn = pipeline.draw(torch.Generator().manual_seed(0), (28, 28))
            assert torch.equal(pipeline.apply(garments[0], drawn), garments[0])


def test_a_batch_is_left_as_it_was_and_needs_no_gradient():
    images = (_garments() / 255).requires_grad_()
    before = images.detach().clone()
    result = CHAINS["combined"].apply_batch(images, torch.Generator().manual_seed(0))
    assert torch.equal(images, before)
    assert not result.requires_grad


def test_an_autocast_around_the_step_does_not_coarsen_the_pixels():
    garments = _garments()
    pipeline = CHAINS["combined"].with_output_size(28)
    plain = pipeline.apply_batch(garments, torch.Generator().manual_seed(0))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = pipeline.apply_batch(garments, torch.Generator().manual_seed(0))
    assert torch.equal(plain, inside)


@pytest.mark.parametrize("shape", [(28, 28), (1, 28, 28), (2, 2, 28, 28), (2, 4, 28, 28)])
def test_a_batch_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match=r"must be \(N, 1 or 3, H, W\)"):
        CHAINS["combined"].apply_batch(torch.zeros(shape), torch.Generator())


def test_each_image_of_a_batch_has_its_own_draw():
    same = _garments()[:1].expand(32, -1, -1, -1)
    result = CHAINS["combined"].with_output_size(28).apply_batch(same, torch.Generator().manual_seed(0))
    assert result.unique(dim=0).shape[0] == 32
