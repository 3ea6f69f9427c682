"""The operations of an augmentation pipeline as plain data, and the torchvision call that each one is. No torch."""

from cnnviz.specs.augmentation.base import (
    GROUPS,
    Draw,
    Drawn,
    EnumValue,
    Group,
    Operation,
    Parameter,
    Range,
    Size,
)
from cnnviz.specs.augmentation.colour import (
    ADJUSTMENTS,
    Brightness,
    ColorJitter,
    ColourOperation,
    Contrast,
    Hue,
    Saturation,
)
from cnnviz.specs.augmentation.crop import RandomResizedCrop
from cnnviz.specs.augmentation.cut import CenterCrop, Pad, RandomCrop, Resize
from cnnviz.specs.augmentation.detail import GaussianBlur, GaussianNoise, RandomErasing, Sharpness
from cnnviz.specs.augmentation.flip import HorizontalFlip, VerticalFlip
from cnnviz.specs.augmentation.levels import (
    Autocontrast,
    ChannelPermutation,
    Equalize,
    Grayscale,
    Invert,
    Posterize,
    Solarize,
)
from cnnviz.specs.augmentation.lighting import Lighting
from cnnviz.specs.augmentation.mixing import CutMix, Mixing, MixUp
from cnnviz.specs.augmentation.pipeline import (
    MAX_OPERATIONS,
    MAX_SIZE,
    MIXING_OPERATIONS,
    OPERATIONS,
    PICTURE_OPERATIONS,
    AnyOperation,
    PipelineSpec,
)
from cnnviz.specs.augmentation.policies import AugMix, AutoAugment, RandAugment, TrivialAugmentWide
from cnnviz.specs.augmentation.presets import CHAPTER_PIPELINES, PipelinePreset
from cnnviz.specs.augmentation.warp import Affine, Elastic, Perspective, Rotation

__all__ = [
    "ADJUSTMENTS",
    "CHAPTER_PIPELINES",
    "GROUPS",
    "MAX_OPERATIONS",
    "MAX_SIZE",
    "MIXING_OPERATIONS",
    "OPERATIONS",
    "PICTURE_OPERATIONS",
    "Affine",
    "AnyOperation",
    "AugMix",
    "AutoAugment",
    "Autocontrast",
    "Brightness",
    "CenterCrop",
    "ChannelPermutation",
    "ColorJitter",
    "ColourOperation",
    "Contrast",
    "CutMix",
    "Draw",
    "Drawn",
    "Elastic",
    "EnumValue",
    "Equalize",
    "GaussianBlur",
    "GaussianNoise",
    "Grayscale",
    "Group",
    "HorizontalFlip",
    "Hue",
    "Invert",
    "Lighting",
    "MixUp",
    "Mixing",
    "Operation",
    "Pad",
    "Parameter",
    "Perspective",
    "PipelinePreset",
    "PipelineSpec",
    "Posterize",
    "RandAugment",
    "RandomCrop",
    "RandomErasing",
    "RandomResizedCrop",
    "Range",
    "Resize",
    "Rotation",
    "Saturation",
    "Sharpness",
    "Size",
    "Solarize",
    "TrivialAugmentWide",
    "VerticalFlip",
]
