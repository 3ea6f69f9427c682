"""AlexNet's colour lighting: a shift along the directions in which the colours of ImageNet vary.

Krizhevsky et al. 2012, section 4.1, describe it; the paper gives no numbers for the directions. Those used everywhere
were published with Facebook's ResNet training code (fb.resnet.torch, datasets/imagenet.lua, 2016): eigenvalues and
eigenvectors of the covariance of ImageNet's red, green and blue in [0, 1].
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal

from typing_extensions import override

from cnnviz.language import N_, Language
from cnnviz.specs.augmentation.base import Group, Operation, Parameter, Size, sign
from cnnviz.specs.base import knob

EIGENVALUES: Final = (0.2175, 0.0188, 0.0045)
EIGENVECTORS: Final = ((-0.5675, 0.7192, 0.4009), (-0.5808, -0.0045, -0.8140), (-0.5836, -0.6948, 0.4203))
"""One row for each channel, one column for each eigenvalue."""

DEFINITION: Final = '''\
class Lighting(v2.Transform):
    """AlexNet's colour lighting (Krizhevsky et al. 2012, section 4.1); torchvision has no class for it."""

    VALUES = torch.tensor([0.2175, 0.0188, 0.0045])
    VECTORS = torch.tensor([[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]])

    def __init__(self, sigma: float = 0.1) -> None:
        super().__init__()
        self.sigma = sigma

    def make_params(self, flat_inputs: list[torch.Tensor]) -> dict[str, torch.Tensor]:
        """An amount along each direction."""
        return {"alpha": torch.randn(3) * self.sigma}

    def transform(self, inpt: torch.Tensor, params: dict[str, torch.Tensor]) -> torch.Tensor:
        """All pixels shifted alike, within black and white."""
        if inpt.shape[-3] != 3:
            return inpt  # a grey picture has no colour to shift
        white = 1 if inpt.is_floating_point() else 255
        shift = white * (self.VECTORS @ (self.VALUES * params["alpha"]))
        shifted = inpt + shift.view(3, 1, 1).to(inpt.device)
        return (shifted if white == 1 else shifted.round()).clamp(0, white).to(inpt.dtype)
'''
"""The class for exported code; `cnnviz.augmentation.lighting` holds the same lines to import."""


class Lighting(Operation):
    """Shift all pixels along the three main directions of ImageNet's colours, each by a normal amount."""

    title: ClassVar[str] = N_("Colour lighting")
    group: ClassVar[Group] = "colour"
    teaches: ClassVar[str] = N_("Daylight, lamps and clouds change all colours together; AlexNet was trained with it.")
    harms: ClassVar[str] = N_("When a slight shade decides; and on grey pictures it does nothing.")
    needs_tensor: ClassVar[bool] = True
    definition: ClassVar[str] = DEFINITION

    kind: Literal["lighting"] = "lighting"
    sigma: float = knob(
        0.1, N_("Spread"), N_("Standard deviation of the three normal amounts; AlexNet's is 0.1."),
        ge=0, le=1, step=0.05,
    )  # fmt: skip

    @override
    def torchvision_call(self) -> tuple[str, dict[str, Any]]:
        return "Lighting", {"sigma": self.sigma}

    @override
    def describe(self, values: Mapping[str, Any], _: Language) -> str:
        return _(
            "lighting {amounts}", amounts=", ".join(sign(values[name], _, 2) for name in ("first", "second", "third"))
        )

    @override
    def parameters(self) -> tuple[Parameter, ...]:
        return (
            Parameter("first", N_("First direction: light and dark"), -1, 1, 0),
            Parameter("second", N_("Second direction: from red to blue"), -1, 1, 0),
            Parameter("third", N_("Third direction: green"), -1, 1, 0),
        )

    @override
    def drawn_from(self, values: Mapping[str, float], size: Size) -> dict[str, Any]:
        return dict(values)

    @property
    @override
    def no_effect_on_grey(self) -> bool:
        return True
