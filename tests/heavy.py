"""Members of a family that cost seconds and prove nothing that a smaller one does not: only `make soak` has them."""

from collections.abc import Iterable

import pytest

LARGE = {
    "resnet34", "resnet101", "resnet152", "resnext101_32x8d", "vgg19", "densenet121", "densenet161", "densenet169",
    "densenet201",
    # of torchvision alone
    "convnext_base", "convnext_large", "convnext_small", "efficientnet_b3", "efficientnet_b4", "efficientnet_b5",
    "efficientnet_b6", "efficientnet_b7", "efficientnet_v2_l", "efficientnet_v2_m", "regnet_x_16gf", "regnet_x_32gf",
    "regnet_x_8gf", "regnet_y_128gf", "regnet_y_16gf", "regnet_y_32gf", "regnet_y_8gf", "resnext101_64x4d", "swin_b",
    "swin_s", "swin_v2_b", "swin_v2_s", "vit_h_14", "vit_l_16", "vit_l_32", "wide_resnet101_2",
}  # fmt: skip


def heavy_in_soak(values: Iterable[object]) -> list[object]:
    """The values for `parametrize`, the large networks marked; a value is a key, an entry, or begins with one."""

    def large(value: object) -> bool:
        first = value[0] if isinstance(value, tuple) else value
        key = str(getattr(first, "key", first))
        return key.removeprefix("torchvision/").partition("-")[0] in LARGE

    def marked(value: object) -> object:
        parts = value if isinstance(value, tuple) else (value,)
        return pytest.param(*parts, marks=pytest.mark.soak) if large(value) else value

    return [marked(value) for value in values]
