"""The networks of the chapter: `catalog()` without torch, `build()` with it."""

from typing import TYPE_CHECKING, Any

from cnnviz.specs.architectures import ArchitectureSpec
from cnnviz.specs.catalog import Architecture, architecture, catalog, spec_of

if TYPE_CHECKING:
    import torch

__all__ = ["Architecture", "ArchitectureSpec", "architecture", "build", "catalog", "spec_of"]


def build(
    key: str | ArchitectureSpec, *, generator: "torch.Generator | None" = None, **options: Any
) -> "torch.nn.Module":
    """A network from a key or a spec; see `cnnviz.architectures.building.build`. Torch is imported only here."""
    from cnnviz.architectures.building import build as build_now

    return build_now(key, generator=generator, **options)
