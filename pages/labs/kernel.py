"""The lab of the kernel: one convolution by hand, and the filters that training found."""

from cnnviz.language import N_
from cnnviz.specs.labs.kernel import VIEWS, KernelSpec
from cnnviz.ui.lab import Lab
from cnnviz.ui.lab_kernel import RENDER, options
from cnnviz.ui.places import KERNEL
from cnnviz.ui.reader import reader

lab = Lab(
    KERNEL,
    N_("A convolution by hand"),
    N_("Every pixel of a feature map is one small sum: watch it being added up."),
    KernelSpec,
    VIEWS,
    options(reader()),
)
lab.show(RENDER)
