"""What cannot be inspected, and says so."""

import subprocess
import sys

import pytest
from torch import nn
from torchvision.models import get_model

from cnnviz.architectures import architecture, build, catalog
from cnnviz.errors import CnnvizError
from cnnviz.inspection import inspect, report_of
from tests.heavy import heavy_in_soak


@pytest.mark.parametrize(
    "shape",
    [
        (1, 28, 28), (1, 1, 28, 28, 1), (), (0, 1, 28, 28), (1, 1, -28, 28), (1, 1, 28.0, 28), (True, 1, 28, 28),
        (1, 1, 10**9, 10**9), (10**6, 3, 10**4, 10**4), "1x1x28x28", None, 28,
    ],
    ids=str,
)  # fmt: skip
def test_shapes_that_are_none(shape):
    with pytest.raises(CnnvizError) as caught:
        inspect(lambda: build("lenet"), shape)
    assert caught.value.code == "input_shape_invalid"
    assert "1×1×224×224" in str(caught.value)


def test_lists_and_sizes_are_shapes():
    assert inspect(lambda: build("lenet"), [2, 1, 28, 28]).input_shape == (2, 1, 28, 28)


def test_a_picture_that_is_too_small_names_the_layer():
    with pytest.raises(CnnvizError) as caught:
        inspect(lambda: get_model("alexnet"), (1, 3, 32, 32))
    error = caught.value
    assert error.code == "input_wrong"
    assert error.parameters["layer"] == "features.12 (MaxPool2d)"  # 1×1 arrives at a window of 3×3
    assert error.parameters["received"] == "3×32×32"


def test_wrong_channels_name_the_first_layer():
    with pytest.raises(CnnvizError) as caught:
        inspect(lambda: get_model("resnet18"), (1, 1, 224, 224))
    assert caught.value.parameters["layer"] == "conv1 (Conv2d)"


def test_a_network_of_the_project_explains_itself():
    with pytest.raises(CnnvizError) as caught:
        inspect(lambda: build("vgg11"), (1, 1, 16, 16))
    assert caught.value.code == "input_too_small"
    assert caught.value.parameters["smallest"] == 32


@pytest.mark.parametrize("entry", heavy_in_soak(catalog()), ids=lambda entry: entry.key)
def test_specs_that_are_too_small_name_the_smallest_that_works(entry):
    try:
        report_of(entry.spec(image_size=1))
    except CnnvizError as error:
        assert error.code == "input_too_small" and error.field == "image_size"
        smallest = error.parameters["smallest"]
        assert smallest > 1
        assert report_of(entry.spec(image_size=smallest)).output_shape == (1, 10)
        with pytest.raises(CnnvizError, match="at least"):
            report_of(entry.spec(image_size=smallest - 1))
    else:
        assert entry.spec().family in ("resnet", "googlenet")  # padded everywhere: any size works


def test_the_batch_of_a_spec_is_checked():
    with pytest.raises(CnnvizError, match="not an input shape"):
        report_of(architecture("lenet").spec(), batch_size=0)


def test_what_a_factory_raises_passes_through():
    class BrokenError(RuntimeError):
        pass

    def factory() -> nn.Module:
        raise BrokenError("no network today")

    with pytest.raises(BrokenError, match="today"):
        inspect(factory, (1, 1, 28, 28))


def test_a_network_that_cannot_train_is_inspected_as_it_predicts():
    class Predicts(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 2, 3)
            self.only_then = nn.Softmax(dim=1)

        def forward(self, x):
            x = self.conv(x)
            if self.training:
                raise RuntimeError("not made for this")
            return self.only_then(x)

    report = inspect(Predicts, (3, 1, 8, 8))
    assert report.output_shape == (3, 2, 6, 6)
    assert report.row("only_then").saved_bytes == 3 * 2 * 6 * 6 * 4


def test_a_layer_that_only_predicts_has_the_batch_too():
    class Predicts(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 2, 3)
            self.only_then = nn.Softmax(dim=1)

        def forward(self, x):
            return self.conv(x) if self.training else self.only_then(self.conv(x))

    row = inspect(Predicts, (3, 1, 8, 8)).row("only_then")
    assert (row.calls, row.output_shape, row.output_bytes) == (1, (3, 2, 6, 6), 3 * 2 * 6 * 6 * 4)


class Boxed:
    """A result that torchinfo refuses."""

    def __init__(self, tensor):
        self.tensor = tensor


class Inner(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)

    def forward(self, x):
        return Boxed(self.conv(x))


class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Inner()

    def forward(self, x):
        return {"features": [self.inner(x).tensor], "note": "done"}


def test_outputs_that_are_no_tensors_do_not_matter():
    report = inspect(Outer, (3, 1, 8, 8))
    assert report.output_shape == (3, 2, 6, 6)
    assert report.row("inner").output_shape == ()
    assert report.row("inner.conv").output_shape == (3, 2, 6, 6)
    assert report.macs == 36 * 18


def test_the_package_waits_with_torch():
    code = "import sys, cnnviz.inspection, cnnviz.inspection.facts, cnnviz.inspection.formula, " \
           "cnnviz.inspection.alignment, cnnviz.figures.cost; print('torch' in sys.modules)"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
