"""Staircase, joins and memory against the chapter's figures, counts by hand and a block in plain torch."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from cnnviz.insight.dense import ceiling, joined, memory, staircase
from cnnviz.specs.labs.dense import DenseLabSpec


def test_the_chapters_staircase():
    """Channels 64→192→96→224→112→240→120→248 at 24, 24, 12, 12, 6, 6, 3, 3 px."""
    steps = staircase(DenseLabSpec())
    ends = [step for number, step in enumerate(steps) if step.kind != "layer" or step.layer == 4]
    assert [step.channels for step in ends] == [64, 192, 96, 224, 112, 240, 120, 248]
    assert [step.size for step in ends] == [24, 24, 12, 12, 6, 6, 3, 3]
    assert sum(step.kind == "layer" for step in steps) == 16
    assert staircase(DenseLabSpec(compression=1.0))[-1].channels == 576  # the lab's question


@pytest.mark.parametrize(
    "spec",
    [
        DenseLabSpec(),
        DenseLabSpec(growth_rate=4, convolutions=8, compression=1.0, stem_channels=8),
        DenseLabSpec(growth_rate=64, convolutions=1, compression=0.1, stem_channels=128),
    ],
)
def test_every_layer_adds_the_growth_rate_and_every_transition_cuts(spec):
    steps = staircase(spec)
    assert steps[0].channels == spec.stem_channels
    for before, step in pairwise(steps):
        assert step.received == before.channels
        if step.kind == "layer":
            assert step.parts == (*before.parts, spec.growth_rate)
            assert step.weights == (9 * step.received + 1) * spec.growth_rate
            assert step.weights_added == (9 * step.received + 1) * step.received
        else:
            assert step.parts == (int(before.channels * spec.compression),)
            assert step.weights == (step.received + 1) * step.channels


def test_cut_staircases_have_a_ceiling():
    """Block after block by hand: c → c + n·k → compression · that."""
    for growth, layers, compression in ((32, 4, 0.5), (12, 8, 0.25), (4, 1, 0.9)):
        channels = 1.0
        for _ in range(400):
            channels = compression * channels + layers * growth
        assert ceiling(growth, layers, compression) == pytest.approx(channels)
    assert ceiling(32, 4, 0.5) == 256
    assert ceiling(32, 4, 1.0) == float("inf")


def test_concatenation_keeps_the_input_bit_for_bit_and_addition_does_not():
    found = joined()
    assert found.concatenated == 0.0
    assert found.added > 0.1


def saved_by_hand(batch, size, convolutions):
    """Bytes of the tensors that autograd's graph of the chapter's DenseNet holds, found by walking the graph."""
    channels, kept = 64, {}
    stem = nn.Sequential(nn.Conv2d(1, 64, 7, 2, 3), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
    x = torch.zeros(batch, 1, size, size)
    parameters = set()

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in parameters and storage.data_ptr() != x.untyped_storage().data_ptr():
            kept[storage.data_ptr()] = storage, storage.nbytes()
        return tensor

    layers = [stem]
    for number in range(4):
        if number:
            layers.append(
                nn.Sequential(
                    nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, channels // 2, 1), nn.AvgPool2d(2, 2)
                )
            )
            channels //= 2
        for _ in range(convolutions):
            layers.append((nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, 32, 3, padding=1)))
            channels += 32
    layers.append(
        nn.Sequential(
            nn.BatchNorm2d(channels), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)
        )
    )
    for layer in layers:
        for module in layer if isinstance(layer, tuple) else (layer,):
            parameters |= {p.untyped_storage().data_ptr() for p in module.parameters()}
            parameters |= {b.untyped_storage().data_ptr() for b in module.buffers()}
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        out = x
        for layer in layers:
            if isinstance(layer, tuple):
                new = out
                for module in layer:
                    new = module(new)
                out = torch.cat([out, new], 1)
            else:
                out = layer(out)
    return sum(size for _storage, size in kept.values())


def test_memory_is_what_autograd_keeps_of_a_network_in_plain_torch():
    found = {(kept.key, kept.image_size): kept for kept in memory(DenseLabSpec(batch=16, convolutions=2))}
    assert found["densenet", 96].saved_bytes == saved_by_hand(16, 96, 2)


def test_memory_grows_with_the_picture_and_the_batch():
    one, many = memory(DenseLabSpec(batch=1, size=224)), memory(DenseLabSpec(batch=16, size=224))
    assert [kept.image_size for kept in one] == [96, 224, 96, 224]
    for small, large in (one[:2], one[2:]):
        # (224/96)² = 5.44; statistics of batch norm and the head do not grow
        assert 5.2 < large.saved_bytes / small.saved_bytes < 5.5
    for few, more in zip(one, many, strict=True):
        assert few.parameters == more.parameters and 15 < more.saved_bytes / few.saved_bytes <= 16
    dense, residual = one[0], one[2]
    # n layers of growth k on c channels: the concatenations hold Σ (c + i·k), the new channels n·k
    places = [24 * 24, 12 * 12, 6 * 6, 3 * 3]
    starts = [64, 96, 112, 120]
    assert dense.copied_bytes == 4 * sum(
        (start + 32 * i) * place for start, place in zip(starts, places, strict=True) for i in range(1, 5)
    )
    assert dense.fresh_bytes == 4 * sum(4 * 32 * place for place in places)
    assert residual.copied_bytes == residual.fresh_bytes == 0
    assert dense.parameters < residual.parameters / 10 and dense.saved_bytes > residual.saved_bytes


def test_the_staircase_stays_below_its_ceiling_however_long():
    """From the chapter's 64 channels on, block after block: 4 layers of 32, then half."""
    behind_blocks, channels = [], 64.0
    for _ in range(50):
        behind_blocks.append(channels + 4 * 32)
        channels = behind_blocks[-1] / 2
    assert behind_blocks[3] == 248 and behind_blocks == sorted(behind_blocks)
    assert all(channels <= ceiling(32, 4, 0.5) for channels in behind_blocks)
