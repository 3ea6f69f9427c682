"""What every network of the project is: its stages in order, and the spec it was made from."""

from collections import OrderedDict

from torch import Tensor, nn

from cnnviz.architectures.layers import Named
from cnnviz.specs.architectures import ArchitectureSpec


class Network(nn.Sequential):
    """The chapter's stages in order, under their names.

    Attributes:
        spec: the choices it was built from.
    """

    def __init__(self, spec: ArchitectureSpec, stages: Named) -> None:
        super().__init__(OrderedDict(stages))
        self.spec = spec

    def forward(self, input: Tensor) -> Tensor:
        """Images (N, C, H, W) → logits (N, classes).

        Raises:
            CnnvizError: an input that is too small or of another shape, naming the layer that cannot take it.
        """
        try:
            return super().forward(input)  # type: ignore[no-any-return, no-untyped-call]
        except RuntimeError as error:
            from cnnviz.architectures.limits import explain

            problem = explain(self.spec, tuple(input.shape))
            if problem is None:
                raise
            raise problem from error
