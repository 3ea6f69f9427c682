"""The lab of features by hand: key points of a picture, and a bag of visual words against a LeNet."""

from typing import Final, Literal

from cnnviz.language import N_
from cnnviz.specs.base import Spec, knob
from cnnviz.specs.lab import Question, Racer, View
from cnnviz.specs.presets import preset_named
from cnnviz.specs.training import CLASSES, TrainingConfig

TEST_IMAGES: Final = 2_000
_LONGEST: Final = 200  # passes over the images: the seconds end the run long before
_SHORTEST: Final = 2.0  # seconds, so that LeNet takes some steps at all


class ByHandSpec(Spec):
    """The knobs of both views."""

    picture: Literal["cat", "upload"] = knob("cat", N_("Picture"))
    angle: int = knob(  # little enough to leave the question open, whose turn defeats the pixels
        10, N_("Turned by"), N_("The picture at the right."), ge=-180, le=180, step=5, unit="°", slide=True
    )
    points: int = knob(
        200, N_("Key points"), N_("The most distinct ones, at most so many."), ge=10, le=300, step=10, slide=True
    )
    words: Literal[16, 64, 256] = knob(
        64, N_("Visual words"), N_("Into so many kinds the small windows are sorted."), slide=True
    )
    images: Literal[1000, 3000, 6000] = knob(3000, N_("Training images"), N_("The same for both."), slide=True)
    network: Literal["lenet", "lenet_bn"] = knob("lenet_bn", N_("Network"))

    @property
    def arguments(self) -> tuple[str, str]:
        """What a bag of words is measured with."""
        return str(self.words), str(self.images)

    @property
    def learned(self) -> int:
        """Numbers of the linear classifier: a weight for each word and a bias, for each class."""
        return (self.words + 1) * CLASSES


VIEWS: Final = {
    "points": View(
        N_("Key points"),
        N_(
            "Before 2012 people, not training, decided what to look for. SIFT (2004) finds blobs and corners and "
            "describes the surroundings of each by 128 numbers: how much brightness rises in which direction, measured "
            "relative to the point's own direction and size. Lines join the points that are recognised in the turned "
            "picture."
        ),
        ("picture", "angle", "points"),
        Question(
            N_("The cat turned by 30°: which description recognises its key points?"),
            (
                N_("The pixels around a point, and SIFT"),
                N_("Neither"),
                N_("SIFT more than half of them, the pixels hardly any"),
            ),
            2,
            N_(
                "SIFT measures directions from the point's own, so turning changes little: {sift} of {all} are found "
                "again at their place. The {side}×{side} pixels around each point, compared one by one, find {pixels}. "
                "Such an invariance was invented by a person, one after the other."
            ),
            {"picture": "cat", "angle": 30},
        ),
    ),
    "bag": View(
        N_("A bag of visual words"),
        N_(
            "SIFT describes 49 windows of every garment. Alike ones are gathered into visual words (2003), and a "
            "garment becomes a count: which word occurs how often. A linear classifier learns from the counts. Beside "
            "it LeNet learns from the pixels: the same pictures, as many seconds, one processor core each."
        ),
        ("words", "images", "network"),
        Question(
            N_("What of the bag of words has ever seen a label?"),
            (
                N_("Everything: descriptions, words and classifier"),
                N_("Words and classifier"),
                N_("The linear classifier alone"),
            ),
            2,
            N_(
                "The classifier alone, {few} numbers; SIFT is fixed, and words are averages of windows without a "
                "label. In the network all {many} numbers are learnt from labels, features included: that was the "
                "turn of 2012."
            ),
        ),
    ),
}


def lenet(spec: ByHandSpec, seconds: float) -> Racer:
    """The network on the same pictures for as many seconds (whole ones), on one core.

    Args:
        spec: which network, and how many pictures.
        seconds: that the features by hand have taken.
    """
    config: TrainingConfig = preset_named(spec.network, "class").config.replace(
        train_images=spec.images, test_images=TEST_IMAGES, epochs=_LONGEST, evaluations=40, schedule="constant",
        time_budget=float(max(_SHORTEST, round(seconds))), device="cpu", threads=1,
    )  # fmt: skip
    return Racer(N_("LeNet") if spec.network == "lenet" else N_("LeNet with batch norm"), config, 0)
