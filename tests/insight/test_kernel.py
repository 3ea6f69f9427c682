"""One convolution looked at: PyTorch's own layer is the witness."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.data import CLASS_NAMES, fashion_mnist
from cnnviz.insight.kernel import CAT_SIZE, KERNELS, convolve, first_filters, picture
from cnnviz.specs.labs.kernel import GARMENTS, KernelSpec


def by_torch(image, kernel, stride, padding, dilation):
    tensors = (torch.tensor(array, dtype=torch.float64)[None, None] for array in (image, kernel))
    return torch.nn.functional.conv2d(*tensors, stride=stride, padding=padding, dilation=dilation)[0, 0].numpy()


@given(
    size=st.integers(1, 12),
    side=st.integers(1, 5),
    stride=st.integers(1, 4),
    padding=st.integers(0, 3),
    dilation=st.integers(1, 4),
)
def test_it_is_pytorchs_convolution(size, side, stride, padding, dilation):
    random = np.random.default_rng((size, side, stride))
    image, kernel = random.normal(size=(size, size)), random.normal(size=(side, side))
    mine = convolve(image, kernel, stride, padding, dilation)
    if dilation * (side - 1) + 1 > size + 2 * padding:
        assert mine.size == 0
        return
    np.testing.assert_allclose(mine, by_torch(image, kernel, stride, padding, dilation), atol=1e-12)


def test_the_question_28_px_3x3_stride_2_gives_13():
    assert convolve(np.zeros((28, 28)), np.zeros((3, 3)), 2).shape == (13, 13)
    assert (28 - 3) // 2 + 1 == 13


def test_every_kernel_of_the_choice_has_nine_weights():
    choices = set(KernelSpec.model_fields["kernel"].annotation.__args__) - {"own_weights"}
    assert choices == set(KERNELS)
    assert {len(weights) for weights in KERNELS.values()} == {9}


def test_kernels_do_what_their_names_say():
    even, image = np.full((6, 6), 0.5), picture("sneakers")
    stripe = np.tile([0.0, 0, 0, 1, 1, 1], (6, 1))  # dark at the left, bright at the right

    def out(name, values):
        return convolve(values, np.reshape(KERNELS[name], (3, 3)))

    for name in ("vertical", "horizontal", "outline"):
        np.testing.assert_allclose(out(name, even), 0, atol=1e-12)
    for name in ("blur", "sharpen", "unchanged"):
        np.testing.assert_allclose(out(name, even), 0.5)
    assert np.abs(out("vertical", stripe)).max() == 4 and np.abs(out("horizontal", stripe)).max() == 0
    assert np.abs(out("horizontal", stripe.T)).max() == 4 and np.abs(out("vertical", stripe.T)).max() == 0
    np.testing.assert_array_equal(out("unchanged", image), image[1:-1, 1:-1])
    assert out("blur", image).std() < image[1:-1, 1:-1].std() < out("sharpen", image).std()


@given(brightness=st.floats(0, 1), seed=st.integers(0, 99))
def test_an_even_area_gives_brightness_times_the_sum_of_the_weights(brightness, seed):
    kernel = np.random.default_rng(seed).normal(size=(5, 5))
    np.testing.assert_allclose(convolve(np.full((9, 9), brightness), kernel), brightness * kernel.sum(), atol=1e-12)


@pytest.mark.parametrize("name", KernelSpec.model_fields["picture"].annotation.__args__)
def test_pictures_are_grey_and_what_they_say(name):
    image = picture(name)
    assert image.min() >= 0 and 0.5 < image.max() <= 1
    assert image.shape == ((CAT_SIZE, CAT_SIZE) if name == "cat" else (28, 28))
    if name != "cat":
        garments = fashion_mnist("test")
        place = next(i for i, one in enumerate(garments.images) if np.array_equal(one / 255, image))
        assert garments.labels[place] == CLASS_NAMES.index(GARMENTS[name])


def test_the_filters_of_a_checkpoint_are_the_first_layers(tmp_path):
    from cnnviz.architectures import build, spec_of
    from cnnviz.training.checkpoints import Position, Saved, write

    spec = spec_of("lenet_bn")
    network = build(spec, generator=torch.Generator().manual_seed(4))
    write(tmp_path / "last.safetensors", Saved(Position({}, 1, 0.0, 0.1), dict(network.state_dict())))
    found = first_filters(spec, tmp_path / "last.safetensors")
    first = next(part for part in network.modules() if isinstance(part, torch.nn.Conv2d))
    np.testing.assert_allclose(found.weights, first.weight.detach()[:, 0].numpy(), atol=1e-7)
    assert (found.stride, found.padding) == (1, 0)
    image = fashion_mnist("test").images[0] / 255
    output = first(torch.tensor(image, dtype=torch.float32)[None, None])[0].detach().numpy()
    for index in range(6):
        bias = float(first.bias[index].detach())
        np.testing.assert_allclose(convolve(image, found.weights[index]) + bias, output[index], atol=1e-5)


def test_with_stride_2_the_last_column_is_never_read():
    """The question's answer: 13 positions end at pixel 26 of 28, and what lies behind changes nothing."""
    image = picture("sneakers")
    other = image.copy()
    other[:, -1] = other[-1, :] = 5.0
    kernel = np.ones((3, 3))
    np.testing.assert_array_equal(convolve(image, kernel, 2), convolve(other, kernel, 2))
    assert (convolve(image, kernel, 1) != convolve(other, kernel, 1)).any()
