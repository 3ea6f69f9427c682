"""Is it still a cat? What torchvision's own networks make of the cat along one value, where their weights are on disk.

Nothing is fetched: only networks are asked whose ImageNet weights already lie in torch's folder (`TORCH_HOME`). The
picture is prepared as those weights want it. Any of ImageNet's five domestic cats counts as right.
"""

from pathlib import Path
from typing import Any, Final

from cnnviz.data import cat
from cnnviz.insight.garment_curve import GarmentCurve, moved, values_along
from cnnviz.specs.augmentation import Operation

CATS: Final = range(281, 286)
"""tabby, tiger cat, Persian cat, Siamese cat, Egyptian cat: ImageNet's classes in torchvision's order."""

_BATCH: Final = 8


def networks_on_disk() -> tuple[str, ...]:
    """Torchvision's names of the classification networks whose ImageNet weights are on this machine."""
    return tuple(sorted(_weights_on_disk()))


def imagenet_curve(name: str, operation: Operation, parameter: str) -> GarmentCurve:
    """What a network makes of the cat along a parameter of an operation; `label` is the first of `CATS`.

    Args:
        name: one of `networks_on_disk`.
        operation: its settings other than the parameters matter.
        parameter: the name of one of `operation.parameters()`.

    Raises:
        KeyError: a network whose weights are not on disk.
        CnnvizError: an operation that the cat does not fit.
    """
    import torch
    from torchvision.models import get_model
    from torchvision.transforms.v2 import functional

    weights, _path = _weights_on_disk()[name]
    network = get_model(name, weights=weights).eval()  # torchvision reads the file that is there
    prepare = weights.transforms()
    chosen = next(one for one in operation.parameters() if one.name == parameter)
    values = values_along(chosen)
    probabilities: list[torch.Tensor] = []
    with torch.inference_mode():
        for first in range(0, len(values), _BATCH):
            pictures = [moved(operation, parameter, value, cat()) for value in values[first : first + _BATCH]]
            batch = torch.stack([prepare(functional.pil_to_tensor(picture)) for picture in pictures])
            probabilities += network(batch).softmax(1).unbind()
    answers = (int(row.argmax()) for row in probabilities)
    return GarmentCurve(
        values=values,
        probabilities=tuple(float(row[CATS.start : CATS.stop].sum()) for row in probabilities),
        answers=tuple(CATS.start if answer in CATS else answer for answer in answers),
        label=CATS.start,
        neutral=chosen.neutral,
    )


def category_names() -> tuple[str, ...]:
    """ImageNet's 1,000 classes, in English, as torchvision's weights name them."""
    from torchvision.models import ResNet18_Weights

    return tuple(ResNet18_Weights.IMAGENET1K_V1.meta["categories"])


def _weights_on_disk() -> dict[str, tuple[Any, Path]]:
    import torch
    import torchvision

    folder = Path(torch.hub.get_dir()) / "checkpoints"
    found = {}
    for name in torchvision.models.list_models(module=torchvision.models):
        for weights in torchvision.models.get_model_weights(name):
            path = folder / weights.url.rpartition("/")[2]
            if path.is_file() and len(weights.meta.get("categories") or ()) == 1000:
                found[name] = weights, path
    return found
