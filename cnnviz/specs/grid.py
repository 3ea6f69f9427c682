"""How many draws of a picture are shown, and from which seed."""

from cnnviz.language import N_
from cnnviz.specs.base import Spec, knob


class GridSpec(Spec):
    """The grid of draws; the same seed gives the same pictures."""

    count: int = knob(8, N_("Pictures"), N_("How many draws of the same picture."), ge=1, le=16, step=1)
    seed: int = knob(0, N_("Seed"), N_("The same seed draws the same pictures again."), ge=0, le=2**31 - 1, step=1)
    values: bool = knob(False, N_("Drawn values"), N_("Writes on each picture what was drawn for it."))
    original: bool = knob(True, N_("Original"), N_("Shows the picture as it is before the draws."))
    garment: int = knob(
        0, N_("Number of the garment"), N_("One of the 10,000 test pictures of Fashion-MNIST."), ge=0, le=9999, step=1
    )
