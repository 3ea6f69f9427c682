"""What torchvision's own classes draw, under the names of this project's drawn values."""

from unittest.mock import patch

import numpy as np
import torch
from torchvision.transforms.v2 import _auto_augment, _geometry

from cnnviz.augmentation import Pipeline
from cnnviz.specs.augmentation import ADJUSTMENTS, ColorJitter
from cnnviz.specs.augmentation.policies import STEPS

SEED = 11


def transform_of(operation):
    """The operation's class with its settings."""
    return Pipeline(operations=(operation,)).transform().transforms[-1]


def torchvisions(operation, size, count, channels=3):
    """`count` draws of each value, by name."""
    transform = transform_of(operation)
    image = torch.zeros((channels, *size), dtype=torch.uint8)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        if hasattr(transform, "p"):
            draws = _sometimes(transform, image, count)
        elif isinstance(transform, _auto_augment._AutoAugmentBase):
            return _steps(transform, image, count)
        else:
            draws = [transform.make_params([image]) for _ in range(count)]
    return {name: np.array(values) for name, values in _READ[type(transform).__name__](operation, size, draws).items()}


def _sometimes(transform, image, count):
    """The parameters of each call, None where chance left the picture alone."""
    draws = []
    transform.transform = lambda inpt, params: draws.append(params) or inpt
    coefficients = patch.object(_geometry, "_get_perspective_coeffs", lambda _starts, ends: ends)
    with coefficients:
        for number in range(count):
            transform(image)
            if len(draws) == number:
                draws.append(None)
    return draws


def _steps(transform, image, count):
    """(count, longest) numbers and strengths of the steps, -1 where there is none; for AugMix also the shares."""
    taken, shares = [], []
    sample = torch._sample_dirichlet

    def apply(image, step, magnitude, **_options):
        taken[-1].append((STEPS.index(step), magnitude))
        return image

    def dirichlet(concentrations):
        shares[-1].append(sample(concentrations)[0].tolist())
        return torch.tensor([shares[-1][-1]])

    transform._apply_image_or_video_transform = apply
    transform._sample_dirichlet = dirichlet
    for _ in range(count):
        taken.append([])
        shares.append([])
        transform(image)
    longest = max(len(steps) for steps in taken)
    filled = np.array([[*steps, *([(-1, 0.0)] * (longest - len(steps)))] for steps in taken])
    values = {"step": filled[..., 0].astype(int), "strength": filled[..., 1]}
    if shares[0]:
        values["share"] = np.array([[own, *(part * share for share in chains)] for (own, part), chains in shares])
    return values


def _applied(_operation, _size, draws):
    return {"applied": [draw is not None for draw in draws]}


def _amount(name, field, neutral):
    def read(operation, _size, draws):
        return {name: [neutral if draw is None else getattr(operation, field) for draw in draws]}

    return read


def _flipped(_operation, _size, draws):
    return {"flipped": [draw is not None for draw in draws]}


def _crop(_operation, size, draws):
    values = {key: np.array([draw[key] for draw in draws]) for key in ("top", "left", "height", "width")}
    area = values["height"] * values["width"] / (size[0] * size[1])
    return {**values, "area": area, "ratio": values["width"] / values["height"]}


def _erased(_operation, size, draws):
    nothing = {"i": 0, "j": 0, "h": 0, "w": 0}
    draws = [nothing if draw is None or draw["v"] is None else draw for draw in draws]
    top, left, height, width = (np.array([draw[key] for draw in draws]) for key in "ijhw")
    shape = {"area": height * width / (size[0] * size[1]), "ratio": height / np.maximum(width, 1)}
    return {"top": top, "left": left, "height": height, "width": width, **shape}


def _jitter(operation, _size, draws):
    values = {
        key: [draw[f"{key}_factor"] for draw in draws] for key in ADJUSTMENTS if draws[0][f"{key}_factor"] is not None
    }
    if isinstance(operation, ColorJitter):
        values["order"] = [draw["fn_idx"].tolist() for draw in draws]
    return values


def _affine(_operation, _size, draws):
    pairs = {"translate_x": ("translate", 0), "translate_y": ("translate", 1), "shear_x": ("shear", 0)}
    values = {name: [draw[key][place] for draw in draws] for name, (key, place) in pairs.items()}
    values["shear_y"] = [draw["shear"][1] for draw in draws]
    return {**values, **{name: [draw[name] for draw in draws] for name in ("angle", "scale")}}


def _perspective(_operation, size, draws):
    bottom, right = size[0] - 1, size[1] - 1
    still = [[0, 0], [right, 0], [right, bottom], [0, bottom]]
    corners = [still if draw is None else draw["coefficients"] for draw in draws]
    return {"applied": [draw is not None for draw in draws], "corners": corners}


_READ = {
    "RandomHorizontalFlip": _flipped,
    "RandomVerticalFlip": _flipped,
    "RandomResizedCrop": _crop,
    "RandomCrop": lambda _o, _s, draws: {key: [draw[key] for draw in draws] for key in ("top", "left")},
    "RandomRotation": lambda _o, _s, draws: {"angle": [draw["angle"] for draw in draws]},
    "RandomAffine": _affine,
    "RandomPerspective": _perspective,
    "ColorJitter": _jitter,
    "RandomGrayscale": _applied,
    "RandomChannelPermutation": lambda _o, _s, draws: {"channels": [d["permutation"].tolist() for d in draws]},
    "RandomInvert": _applied,
    "RandomPosterize": _amount("bits", "bits", 8),
    "RandomSolarize": _amount("threshold", "threshold", 256),
    "RandomEqualize": _applied,
    "RandomAutocontrast": _applied,
    "RandomAdjustSharpness": _amount("sharpness", "factor", 1.0),
    "GaussianBlur": lambda _o, _s, draws: {"sigma": [draw["sigma"][0] for draw in draws]},
    "RandomErasing": _erased,
    "Lighting": lambda _o, _s, draws: {
        name: [float(draw["alpha"][place]) for draw in draws] for place, name in enumerate(("first", "second", "third"))
    },
}
