"""What autograd keeps, foreseen on the meta device, against a real training pass on the CPU."""

import gc

import pytest
import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks
from torchvision.models import get_model

from cnnviz.architectures import build
from cnnviz.architectures.block_builders import LoneBlock
from cnnviz.errors import CnnvizError
from cnnviz.inspection import inspect
from cnnviz.inspection.watching import Pass
from cnnviz.specs.blocks import ResidualSpec


def really_saved(model: nn.Module, batch: torch.Tensor) -> int:
    """Bytes of the storages that autograd saves in one real pass, without parameters, buffers and the batch."""
    known = {tensor.untyped_storage().data_ptr() for tensor in (*model.parameters(), *model.buffers(), batch)}
    kept, total = [], 0

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        nonlocal total
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            known.add(storage.data_ptr())
            kept.append(storage)
            total += storage.nbytes()
        return tensor

    with torch.random.fork_rng(devices=[]), saved_tensors_hooks(pack, lambda tensor: tensor):
        model.train()(batch)
    return total


NETWORKS = {
    "lenet": (lambda: build("lenet"), (3, 1, 28, 28)),
    "lenet_bn": (lambda: build("lenet_bn"), (3, 1, 28, 28)),
    "batch norm from scratch": (lambda: build("lenet_bn", norm_kind="scratch"), (3, 1, 28, 28)),
    "alexnet": (lambda: build("alexnet", width=0.125, image_size=96), (2, 1, 96, 96)),
    "googlenet": (lambda: build("googlenet", width=0.25, image_size=64), (2, 1, 64, 64)),
    "resnet18": (lambda: build("resnet18", width=0.25, image_size=64), (2, 1, 64, 64)),
    "pre-activation": (lambda: build("resnet18", width=0.25, image_size=64, preactivation=True), (2, 1, 64, 64)),
    "densenet": (lambda: build("densenet", image_size=64), (2, 1, 64, 64)),
    "torchvision mobilenet": (lambda: get_model("mobilenet_v3_small"), (2, 3, 64, 64)),
    "torchvision shufflenet": (lambda: get_model("shufflenet_v2_x0_5"), (2, 3, 64, 64)),
    "torchvision convnext": (lambda: get_model("convnext_tiny"), (1, 3, 64, 64)),
    "several activations": (
        lambda: nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.GELU(), nn.Conv2d(4, 4, 3), nn.SiLU(), nn.LayerNorm(12), nn.Tanh(), nn.Dropout(0.5)
        ),
        (2, 1, 16, 16),
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_meta_foresees_what_the_cpu_saves(name):
    factory, shape = NETWORKS[name]
    with torch.random.fork_rng(devices=[]):
        model, batch = factory(), torch.zeros(shape)
    report = inspect(factory, shape)
    assert report.saved_bytes == really_saved(model, batch) > 0


def test_lenet_by_hand():
    """Convolution, pooling and dense layers keep their input, a sigmoid its output; the picture is there anyway."""
    report = inspect(lambda: build("lenet"), (2, 1, 28, 28))
    kept = {
        "conv1.activation": 6 * 28 * 28,  # the pooling keeps the same tensor
        "conv2.conv": 6 * 14 * 14,
        "conv2.activation": 16 * 10 * 10,
        "dense1.dense": 16 * 5 * 5,
        "dense1.activation": 120,
        "dense2.activation": 84,
    }
    assert {row.path: row.saved_bytes for row in report.leaves if row.saved_bytes} == {
        path: 2 * 4 * values for path, values in kept.items()
    }


def test_the_batch_multiplies_what_is_kept():
    one, many = (inspect(lambda: build("resnet18", norm="none"), (size, 1, 96, 96)) for size in (1, 5))
    assert many.saved_bytes == 5 * one.saved_bytes


def test_a_single_image_through_batch_norm_after_a_dense_layer_is_still_reported():
    """PyTorch refuses to train on it; the other layers are in training mode all the same."""
    one, two = (inspect(lambda: build("lenet_bn"), (size, 1, 28, 28)) for size in (1, 2))
    kept_by_norm = 2 * 4 * 6  # mean and deviation of six channels, whatever the batch
    assert one.row("conv1.norm").saved_bytes == 4 * 6 * 24 * 24 + kept_by_norm
    assert two.row("conv1.norm").saved_bytes == 2 * 4 * 6 * 24 * 24 + kept_by_norm


def test_half_precision_halves_the_bytes():
    full = inspect(lambda: build("alexnet"), (2, 1, 224, 224))
    half = inspect(lambda: build("alexnet"), (2, 1, 224, 224), dtype=torch.bfloat16)
    assert half.weight_bytes * 2 == full.weight_bytes
    assert half.row("conv1").output_bytes * 2 == full.row("conv1").output_bytes
    assert (half.parameters, half.macs) == (full.parameters, full.macs)


def test_nothing_of_an_inspection_stays_alive():
    """A circle through autograd's C++ objects would stay for ever: a server takes networks apart all day."""

    def living():
        gc.collect()
        return sum(type(thing) in (LoneBlock, Pass) for thing in gc.get_objects())

    before = living()
    for _ in range(3):
        assert inspect(lambda: LoneBlock(ResidualSpec()), (2, *ResidualSpec().input_shape)).saved_bytes > 0
    with pytest.raises(CnnvizError):
        inspect(lambda: LoneBlock(ResidualSpec()), (2, 1, 1, 1))
    assert living() == before
