"""Look inside: feature maps, what a cell sees, what speaks for a class, and what excites a filter."""

from cnnviz.language import N_
from cnnviz.specs.labs.inside import VIEWS, InsideLabSpec
from cnnviz.ui.inside import options
from cnnviz.ui.inside_views import views
from cnnviz.ui.lab import Lab
from cnnviz.ui.places import INSIDE
from cnnviz.ui.reader import reader

lab = Lab(
    INSIDE,
    N_("Look inside"),
    N_("What a network that you trained has made of its pictures, layer by layer."),
    InsideLabSpec,
    VIEWS,
    options(reader()),
)
lab.show(views(lab))
