"""Blocks on their own: what they compute, against plain torch, and what they refuse."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from cnnviz.architectures.activation import ACTIVATIONS, activation
from cnnviz.architectures.densenet import DenseBlock, TransitionBlock
from cnnviz.architectures.googlenet import InceptionBlock
from cnnviz.architectures.join import Add, Concatenate
from cnnviz.architectures.layers import Layers
from cnnviz.architectures.nin import nin_block
from cnnviz.architectures.resnet import BottleneckBlock, PaddedIdentity, ResidualBlock
from cnnviz.architectures.resnext import ResNeXtBlock
from cnnviz.architectures.vgg import vgg_block
from cnnviz.errors import CnnvizError


def images(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def parameters(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_add_never_broadcasts():
    x = images(4, 3, 6, 6)
    assert torch.equal(Add()(x, x), 2 * x)
    for shape in [(4, 1, 6, 6), (1, 3, 6, 6), (4, 3, 1, 1)]:  # torch alone would repeat these silently
        with pytest.raises(CnnvizError) as caught:
            Add()(x, images(*shape))
        assert caught.value.code == "shapes_differ"


def test_concatenate_goes_along_the_channels():
    x, y = images(2, 3, 4, 4), images(2, 5, 4, 4)
    both = Concatenate()(x, y)
    assert both.shape == (2, 8, 4, 4)
    assert torch.equal(both[:, :3], x) and torch.equal(both[:, 3:], y)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_torchs_and_leave_their_input_alone(name):
    x = images(5, 7)
    kept = x.clone()
    assert torch.equal(activation(name)(x), getattr(functional, name)(kept))
    assert torch.equal(x, kept)


@pytest.mark.parametrize(
    "block",
    [
        lambda: ResidualBlock(3, 3),
        lambda: ResNeXtBlock(32, 16),
        lambda: InceptionBlock(8, 2, (2, 2), (2, 2), 2, residual=True),
        lambda: DenseBlock(2, 3, 10),
    ],
)
def test_joins_and_activations_are_modules(block):
    kinds = [type(module) for module in block().modules()]
    assert nn.ReLU in kinds
    assert Add in kinds or Concatenate in kinds


def test_a_residual_block_adds_to_its_input():
    block = ResidualBlock(3, 3)
    for parameter in block.body.norm2.parameters():  # γ = β = 0: g(x) = 0, so f(x) is x, activated
        nn.init.zeros_(parameter)
    x = images(4, 3, 6, 6)
    torch.testing.assert_close(block(x), x.relu())


def test_a_residual_block_is_what_the_chapter_writes():
    block = ResidualBlock(3, 6, 2, use_projection=True)
    x = images(4, 3, 6, 6)
    body, shortcut = block.body, block.shortcut
    y = functional.relu(functional.batch_norm(body.conv1(x), None, None, training=True))
    y = functional.batch_norm(body.conv2(y), None, None, training=True)
    torch.testing.assert_close(block(x), functional.relu(y + shortcut.conv(x)))
    assert body.conv1.stride == shortcut.conv.stride == (2, 2)


@pytest.mark.parametrize("norm", ["none", "before", "after"])
@pytest.mark.parametrize("preactivation", [False, True])
def test_the_order_of_a_residual_blocks_layers(norm, preactivation):
    block = ResidualBlock(4, 4, preactivation=preactivation, layers=Layers(norm=norm))
    order = [name.rpartition(".")[2].rstrip("12") for name, module in block.named_modules() if not [*module.children()]]
    dressed = {"none": ["activation"], "before": ["norm", "activation"], "after": ["activation", "norm"]}[norm]
    if preactivation:
        expected = [*dressed, "conv", *dressed, "conv", "shortcut", "add"]
    else:
        before_the_sum = dressed[: dressed.index("activation")]
        behind_it = dressed[dressed.index("activation") :]
        expected = ["conv", *dressed, "conv", *before_the_sum, "shortcut", "add", *behind_it]
    assert order == expected
    x = images(2, 4, 5, 5)
    if preactivation:  # the shortcut is clean: the last thing that happens is the sum
        torch.testing.assert_close(block(x) - block.body(x), x)


def test_option_a_strides_and_pads_with_zeros():
    x = images(2, 3, 7, 7)
    y = PaddedIdentity(3, 5, 2)(x)
    assert torch.equal(y[:, :3], x[:, :, ::2, ::2]) and (y[:, 3:] == 0).all()
    assert torch.equal(PaddedIdentity(3, 2, 1)(x), x[:, :2])
    block = ResidualBlock(3, 5, 2, pad_shortcut=True)
    assert block(x).shape == (2, 5, 4, 4)
    assert parameters(block.shortcut) == 0


@pytest.mark.parametrize("size", [1, 2, 5, 6, 7])
def test_odd_and_even_sizes_meet_at_the_sum(size):
    for options in ({"use_projection": True}, {"pad_shortcut": True}):
        assert ResidualBlock(3, 6, 2, **options).eval()(images(2, 3, size, size)).shape[2] == -(-size // 2)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ResidualBlock(1, 6),  # would broadcast silently
        lambda: ResidualBlock(3, 3, 2),
        lambda: BottleneckBlock(8, 4, 16),
        lambda: ResNeXtBlock(32, 16, stride=2),
        lambda: ResNeXtBlock(32, 16, in_channels=16),
    ],
)
def test_a_changed_shape_without_a_shortcut_that_changes_it_is_refused(make):
    with pytest.raises(CnnvizError) as caught:
        make()
    assert caught.value.code == "shortcut_needed"


def test_a_plain_block_has_no_shortcut():
    block = ResidualBlock(3, 6, 2, residual=False)
    assert not any(isinstance(module, Add) for module in block.modules())
    assert block(images(4, 3, 6, 6)).shape == (4, 6, 3, 3)


@pytest.mark.parametrize("make", [lambda: ResNeXtBlock(32, 5), lambda: ResidualBlock(6, 6, groups=4)])
def test_groups_that_do_not_divide_are_refused_at_their_field(make):
    with pytest.raises(CnnvizError) as caught:
        make()
    assert (caught.value.code, caught.value.field) == ("groups_do_not_divide", "groups")


def test_groups_and_their_width_are_two_numbers():
    """With 32 channels, 16 groups and groups of width 16 are different networks."""
    sixteen_groups, width_sixteen = ResNeXtBlock(32, 16), ResNeXtBlock(32, 2)
    assert (sixteen_groups.group_width, width_sixteen.group_width) == (2, 16)
    for block, groups in ((sixteen_groups, 16), (width_sixteen, 2)):
        conv = block.body.conv2
        assert conv.groups == groups
        assert conv.weight.numel() == 32 * 32 * 9 // groups  # c_in·c_out/g weights per kernel position


def test_inception_concatenates_its_branches():
    block = InceptionBlock(8, 2, (3, 4), (2, 3), 5)
    x = images(2, 8, 6, 6)
    branches = [block.branch1(x), block.branch2(x), block.branch3(x), block.branch4(x)]
    assert [branch.shape[1] for branch in branches] == [2, 4, 3, 5]
    assert torch.equal(block(x), torch.cat(branches, 1))
    assert all((branch >= 0).all() for branch in branches)  # ReLU after every branch
    kernels = [[conv.kernel_size[0] for conv in branch.modules() if isinstance(conv, nn.Conv2d)]
               for branch in (block.branch1, block.branch2, block.branch3, block.branch4)]  # fmt: skip
    assert kernels == [[1], [1, 3], [1, 5], [1]]


def test_inception_3a_costs_what_the_chapter_says():
    assert parameters(InceptionBlock(192, 64, (96, 128), (16, 32), 32)) == 163_696


def test_zero_widths_leave_convolutions_out():
    naive = InceptionBlock(8, 2, (0, 4), (0, 3), 5)  # the paper's figure 2(a), but for its pooling's 1×1
    assert naive.branch2.conv2.conv.in_channels == 8
    assert naive(images(2, 8, 6, 6)).shape == (2, 14, 6, 6)
    alone = InceptionBlock(8, 0, (0, 4), (2, 0), 0)
    assert [name for name, _ in alone.named_children()] == ["branch2", "concatenate"]
    assert alone(images(2, 8, 6, 6)).shape == (2, 4, 6, 6)


def test_two_3x3_see_as_far_as_one_5x5():
    seen = {}
    for kind in ("5x5", "two_3x3"):
        branch = InceptionBlock(1, 0, (0, 0), (0, 1), 0, large_kernel=kind).branch3
        for parameter in branch.parameters():
            nn.init.constant_(parameter, 0.1)
        x = torch.zeros(1, 1, 11, 11, requires_grad=True)
        branch(x)[0, 0, 5, 5].backward()
        seen[kind] = (x.grad != 0).nonzero()[:, 2].unique().tolist()
    assert seen["5x5"] == seen["two_3x3"] == [3, 4, 5, 6, 7]


def test_residual_inception_adds_its_input():
    block = InceptionBlock(8, 2, (2, 2), (2, 2), 2, residual=True)
    x = images(2, 8, 6, 6)
    branches = torch.cat([block.branch1(x), block.branch2(x), block.branch3(x), block.branch4(x)], 1)
    torch.testing.assert_close(block(x), (branches + x).relu())
    assert isinstance(InceptionBlock(8, 4, (2, 2), (2, 2), 2, residual=True).shortcut, nn.Conv2d)


def test_dense_layers_keep_what_came_before():
    block, x = DenseBlock(3, 4, 5), images(2, 4, 6, 6)
    y = block(x)
    assert torch.equal(y[:, :4], x)
    first = block.layer1(x)
    assert torch.equal(y[:, :9], first)
    assert [block.get_submodule(f"layer{n}.body.conv1").in_channels for n in (1, 2, 3)] == [4, 9, 14]


def test_a_transition_halves_with_the_pooling_chosen():
    x = images(2, 6, 8, 8)
    for pooling, kind in (("average", nn.AvgPool2d), ("max", nn.MaxPool2d)):
        block = TransitionBlock(6, 3, Layers(norm="before", pooling=pooling))
        assert [type(child) for child in block] == [nn.BatchNorm2d, nn.ReLU, nn.Conv2d, kind]
        assert block(x).shape == (2, 3, 4, 4)


def test_a_1x1_convolution_is_a_dense_layer_at_every_pixel():
    block, x = nin_block(2, 4, 3, padding=1, pointwise=1), images(2, 2, 5, 5)
    inner = block.conv1(x)
    conv = block.conv2.conv
    dense = functional.linear(inner.movedim(1, -1), conv.weight[:, :, 0, 0], conv.bias).movedim(-1, 1).relu()
    torch.testing.assert_close(block(x), dense)


def test_vgg_blocks_of_two_3x3():
    block = vgg_block(2, 3, 8)
    assert [name for name, _ in block.named_children()] == ["conv1", "conv2", "pool"]
    assert parameters(block) == (9 * 3 + 1) * 8 + (9 * 8 + 1) * 8
