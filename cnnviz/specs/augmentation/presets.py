"""The chapter's augmentations with the chapter's settings."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from cnnviz.language import N_
from cnnviz.specs.augmentation.colour import Brightness, ColorJitter, Hue
from cnnviz.specs.augmentation.crop import RandomResizedCrop
from cnnviz.specs.augmentation.flip import HorizontalFlip, VerticalFlip
from cnnviz.specs.augmentation.pipeline import PipelineSpec


class PipelinePreset(NamedTuple):
    """A chain with a name (an English message of the catalogue)."""

    title: str
    pipeline: PipelineSpec


def _chapter() -> dict[str, PipelinePreset]:
    alone = HorizontalFlip(), VerticalFlip(), RandomResizedCrop(), Brightness(), Hue(), ColorJitter()
    presets: dict[str, PipelinePreset] = {
        step.kind: PipelinePreset(step.title, PipelineSpec(operations=(step,))) for step in alone
    }
    combined = PipelineSpec(operations=(HorizontalFlip(), ColorJitter(), RandomResizedCrop()))
    return {**presets, "combined": PipelinePreset(N_("Flip, colour and crop"), combined)}


CHAPTER_PIPELINES: Final[Mapping[str, PipelinePreset]] = MappingProxyType(_chapter())
"""Each alone, then flip, colour and crop combined."""
