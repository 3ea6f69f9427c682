"""The lab of activations: the function and its slope, and what depth makes of signals and gradients."""

from cnnviz.language import N_
from cnnviz.specs.labs.activations import VIEWS, ActivationsSpec
from cnnviz.ui.lab import Lab
from cnnviz.ui.lab_activations import RENDER
from cnnviz.ui.places import ACTIVATIONS

lab = Lab(
    ACTIVATIONS,
    N_("Activations"),
    N_("Why deep networks had to wait for ReLU and for better first weights."),
    ActivationsSpec,
    VIEWS,
)
lab.show(RENDER)
