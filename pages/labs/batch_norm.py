"""The lab of batch norm: what is averaged, training and prediction, the noise of a batch, and the race."""

from cnnviz.language import N_
from cnnviz.specs.labs.batch_norm import VIEWS, BatchNormSpec
from cnnviz.ui.lab import Lab
from cnnviz.ui.lab_batch_norm import RENDER
from cnnviz.ui.places import BATCH_NORM

lab = Lab(
    BATCH_NORM,
    N_("Batch norm from inside"),
    N_("Why a layer that only shifts and scales lets a network learn with larger steps."),
    BatchNormSpec,
    VIEWS,
)
lab.show(RENDER)
