"""The lab of residual networks: nested classes, a block that does nothing, gradients in depth, and the race."""

from cnnviz.language import N_
from cnnviz.specs.labs.residual import VIEWS, ResidualLabSpec
from cnnviz.ui.lab import Lab
from cnnviz.ui.lab_residual import RENDER
from cnnviz.ui.places import RESIDUAL

lab = Lab(
    RESIDUAL,
    N_("Residual connections"),
    N_("Why a network can be 56 layers deep, once each block only has to learn what to add."),
    ResidualLabSpec,
    VIEWS,
)
lab.show(RENDER)
