"""The lab that looks inside a network: which one, at which picture, at which stage, and what to ask it."""

from typing import Final, Literal

from cnnviz.language import N_
from cnnviz.specs.base import Spec, knob
from cnnviz.specs.lab import Question, View

NIN_RUN: Final = "hrbf2vmfqb"  # recorded runs, the same on every server
LENET_RUN: Final = "ygwk2ijufr"
UNTRAINED: Final = ("lenet", "lenet_bn", "vgg11_small", "nin", "googlenet", "resnet18", "densenet")


class InsideLabSpec(Spec):
    """What is looked at; the network and its stage are texts, since which ones there are is only known on the page."""

    network: str = knob(
        "",
        N_("Network"),
        N_(
            "Your trained runs, or a network that has learnt nothing yet. Of torchvision's networks those can be "
            "looked into that are a row of stages."
        ),
    )
    stage: str = knob("", N_("Stage"), N_("Behind which stage of the network to look."))
    picture: Literal["garment", "cat", "upload"] = knob("garment", N_("Picture"))
    garment: int = knob(0, N_("Garment"), N_("Number of the test picture of Fashion-MNIST."), ge=0, le=9999, step=1)
    down: float = knob(
        50.0, N_("Down"), N_("Where the cell lies, from the upper edge."), ge=0, le=100, step=0.5, unit="%"
    )
    across: float = knob(
        50.0, N_("Across"), N_("Where the cell lies, from the left edge."), ge=0, le=100, step=0.5, unit="%"
    )
    deep: str = knob("", N_("Stage"), N_("Whose maps are weighed; usually the last one that has any."))
    other: str = knob("7", N_("Another class"), N_("To ask what speaks for it."))
    channel: int = knob(1, N_("Filter"), N_("Number of the channel behind the stage."), ge=1, le=2048, step=1)


VIEWS: Final = {
    "maps": View(
        N_("Feature maps"),
        N_(
            "Each channel behind a stage is a picture of its own: bright where its filter answers. Near the input one "
            "still recognises the garment; further on the maps become small, many, and say what is there rather than "
            "how it looks."
        ),
        ("network", "stage", "picture", "garment"),
        Question(
            N_("From the first stage to the last one with maps: what happens to them?"),
            (N_("Fewer and larger"), N_("More and smaller"), N_("Nothing changes")),
            1,
            N_(
                "Here {first} become {last}: what a place loses in sharpness it gains in meanings. Of the networks "
                "here only NiN ends with fewer, one map for each class. Channels that stay black for this picture may "
                "well answer to another one."
            ),
        ),
    ),
    "field": View(
        N_("Receptive field"),
        N_(
            "A cell of a feature map sees a window of the picture, no more. Move over the map: the frame is what the "
            "cell can see in theory, from kernels and strides. The glow is what it really looks at: how strongly each "
            "pixel would change the cell."
        ),
        ("network", "stage", "picture", "garment"),
        Question(
            N_("A cell behind LeNet's second pooling (5×5 cells for 28 px). How many pixels across does it see?"),
            ("5", "10", "16", "28"),
            2,
            N_(
                "5 after the first 5×5; the pooling makes it 6 and doubles the distance between neighbours; four more "
                "steps of 2 px make it 14; the second pooling 16. And the middle counts more than the rim: most ways "
                "lead through it."
            ),
            {"network": "untrained:lenet", "stage": "pool2"},
        ),
    ),
    "cam": View(
        N_("Grad-CAM"),
        N_(
            "Which places of the last maps speak for a class? Each map is weighed by the mean gradient of the class's "
            "score and added up; what is negative counts as zero. Beside it, the same for the same network before it "
            "has learnt anything."
        ),
        ("network", "deep", "picture", "garment", "other"),
        Question(
            N_("An untrained network is asked the same. Can it draw a map too?"),
            (N_("No, it stays black"), N_("Yes, for some classes")),
            1,
            N_(
                "It can: untrained, this network draws one for {count} of {all} classes. Random filters answer to "
                "edges too, and the eye finds sense in it. A map alone is no proof that the network looks at the right "
                "thing (Adebayo et al. 2018, arXiv 1810.03292). Compare both before believing one."
            ),
            {"picture": "garment", "garment": 0, "other": "7"},
        ),
    ),
    "filters": View(
        N_("What excites a filter"),
        N_(
            "Out of many test pictures, the nine that make one channel answer most strongly anywhere. Look for what "
            "they have in common: an edge, a sleeve, a heel, a handle."
        ),
        ("network", "stage", "channel"),
        Question(
            N_("In a trained NiN, the nine strongest pictures of a filter come from one class …"),
            (N_("… mostly near the input"), N_("… mostly near the output"), N_("… equally often everywhere")),
            1,
            N_(
                "The further from the input, the more a filter answers to a kind of garment and not to an edge: a "
                "deep network shows it, a LeNet with its two convolutions hardly. In the network chosen now the most "
                "frequent class makes up {first} of the nine in the first stage and {last} in the last, over all "
                "filters; by chance it would be about {chance}."
            ),
            {"network": f"run:{NIN_RUN}"},
        ),
    ),
}
