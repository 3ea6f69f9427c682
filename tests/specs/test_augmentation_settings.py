"""Settings that cannot work, groups and sizes of the operations, without torch."""

import subprocess
import sys
from typing import get_args

import pytest

from cnnviz.errors import CnnvizError, problems
from cnnviz.language import Language
from cnnviz.specs.augmentation import (
    GROUPS,
    MAX_SIZE,
    MIXING_OPERATIONS,
    OPERATIONS,
    PICTURE_OPERATIONS,
    CenterCrop,
    Elastic,
    GaussianBlur,
    Group,
    Lighting,
    MixUp,
    Pad,
    Perspective,
    PipelineSpec,
    RandomCrop,
    RandomResizedCrop,
    Resize,
    Rotation,
)
from cnnviz.specs.augmentation.lighting import DEFINITION, EIGENVALUES, EIGENVECTORS


def _refused(operation, size) -> CnnvizError:
    with pytest.raises(CnnvizError) as caught:
        PipelineSpec(operations=(operation,)).check(size)
    assert str(caught.value) and Language().error(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("operation", "size", "code", "field", "limit"),
    [
        (CenterCrop(size=29), (28, 40), "crop_too_large", "size", 28),
        (RandomCrop(size=37, padding=4), (28, 28), "crop_too_large", "size", 36),
        (RandomCrop(size=20, padding=28, border="reflect"), (28, 28), "padding_too_wide", "padding", 27),
        (Pad(padding=28, border="reflect"), (28, 60), "padding_too_wide", "padding", 27),
        (Pad(padding=29, border="symmetric"), (28, 60), "padding_too_wide", "padding", 28),
        (GaussianBlur(kernel_size=31), (15, 60), "smoothing_too_wide", "kernel_size", 29),
        (Elastic(sigma=7.5), (28, 28), "smoothing_too_wide", "sigma", 6.5),
        (Perspective(), (1, 20), "picture_too_small", "distortion", None),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(operation, size, code, field, limit):
    error = _refused(operation, size)
    assert (error.code, error.field) == (code, field)
    if limit is not None:
        assert error.parameters["limit"] == limit
        assert operation.replace(**{field: limit}).check(size) is None
    assert (
        operation.replace(enabled=False)
        and PipelineSpec(operations=(operation.replace(enabled=False),)).check(size) is None
    )


def test_each_step_is_checked_on_what_reaches_it():
    chain = PipelineSpec(operations=(RandomResizedCrop(size=20), CenterCrop(size=28)))
    with pytest.raises(CnnvizError, match="20 × 20"):
        chain.check((300, 451))
    assert PipelineSpec(operations=(Pad(padding=4), CenterCrop(size=36))).check((28, 28)) is None


def test_a_picture_does_not_grow_for_ever():
    pads = (Pad(padding=64),) * 9
    with pytest.raises(CnnvizError) as caught:
        PipelineSpec(operations=pads).check((28, 28))
    assert caught.value.code == "picture_grows_too_large" and caught.value.parameters["limit"] == MAX_SIZE


def test_an_even_kernel_is_refused():
    with pytest.raises(CnnvizError) as caught:
        GaussianBlur.parse({"kernel_size": 8})
    assert (caught.value.code, caught.value.field) == ("value_not_odd", "kernel_size")
    assert "7" in str(caught.value) and "9" in str(caught.value)


def test_groups_are_used_and_the_menu_keeps_them_together():
    groups = [operation.group for operation in OPERATIONS]
    assert list(dict.fromkeys(groups)) == list(GROUPS) == list(get_args(Group))
    assert groups == sorted(groups, key=list(GROUPS).index)
    assert {operation.group for operation in MIXING_OPERATIONS} == {"mixing"}
    assert len(OPERATIONS) == len(PICTURE_OPERATIONS) + len(MIXING_OPERATIONS)


def test_sizes_follow_every_operation_that_makes_another():
    assert PipelineSpec(operations=(Pad(padding=3),)).output_size((28, 30)) == (34, 36)
    for operation in (Resize(), CenterCrop(), RandomCrop(), RandomResizedCrop()):
        assert PipelineSpec(operations=(operation,)).with_output_size(24).output_size((28, 30)) == (24, 24)


def test_an_operation_may_come_more_than_once_and_in_any_order():
    chain = PipelineSpec(operations=(Rotation(), MixUp(), Rotation(degrees=(0, 5)), Lighting()))
    again = PipelineSpec.model_validate_json(chain.model_dump_json())
    assert again == chain
    assert [operation.kind for operation in again.active] == ["rotation", "rotation", "lighting"]
    assert again.mixing == (MixUp(),)
    assert again.code().count("RandomRotation") == 2 and again.code().count("class Lighting") == 1


def test_lighting_is_alexnets():
    """The directions are perpendicular and of length one; the first is light and dark."""
    for first in range(3):
        for second in range(3):
            product = sum(row[first] * row[second] for row in EIGENVECTORS)
            assert product == pytest.approx(float(first == second), abs=2e-3)
    assert len({row[0] > 0 for row in EIGENVECTORS}) == 1
    for number in (*EIGENVALUES, *(value for row in EIGENVECTORS for value in row)):
        assert f"{number:.4f}" in DEFINITION


def test_specs_need_no_torch():
    code = (
        "import sys; from cnnviz.specs.augmentation import OPERATIONS\n"
        "for kind in OPERATIONS: kind().torchvision_call(); kind().parameters()\n"
        "assert not {'torch', 'torchvision'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_problems_of_a_chain_name_the_field():
    with pytest.raises(ValueError) as caught:
        PipelineSpec.model_validate({"operations": [{"kind": "gaussian_blur", "kernel_size": 4}]})
    (problem,) = problems(caught.value)
    assert problem.field == "kernel_size"
