"""Features by hand: what was done before 2012, key points and visual words, beside a LeNet."""

from cnnviz.language import N_
from cnnviz.specs.labs.by_hand import VIEWS, ByHandSpec
from cnnviz.ui.lab import Lab
from cnnviz.ui.lab_by_hand import views
from cnnviz.ui.places import BY_HAND

lab = Lab(
    BY_HAND,
    N_("Before 2012"),
    N_("People invented the features, and only a classifier on top of them learned."),
    ByHandSpec,
    VIEWS,
)
lab.show(views(lab))
