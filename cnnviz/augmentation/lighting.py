"""AlexNet's colour lighting as a class of transforms, the same lines that exported code contains."""

import torch
from torchvision.transforms import v2


class Lighting(v2.Transform):  # type: ignore[misc]
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
