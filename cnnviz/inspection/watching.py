"""What runs while a network runs: the stack of its layers, and what each receives and returns.

Every module's `forward` is replaced, on the module itself and for one pass, by one that takes notes. Module hooks would
do as well and cost three times as much, which a network of 900 layers feels.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from cnnviz.inspection.receptive import NOWHERE, Field, Fields
from cnnviz.rows import Shape

Key = int | tuple[int, str]
"""Identity of a module; with a name, a functional operation inside it."""
Shortcut = Callable[[Any, Tensor, Fields], tuple[Tensor, int] | None]
"""(layer, input, fields) → (output, MACs), or None for what it leaves to PyTorch."""


@dataclass(slots=True)
class Visit:
    """What was seen of a layer the first time it ran, and how often it ran."""

    inputs: tuple[Shape, ...] = ()
    output: Shape = ()
    output_bytes: int = 0
    before: Field | None = None
    after: Field | None = None
    calls: int = 0


@dataclass(slots=True)
class Function:
    """A functional operation of a network: what it is, and the settings of its window where it has one."""

    type: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Frame:
    """A layer that is running; `names` counts the functional operations inside it by name."""

    key: Key
    names: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Broken:
    """The innermost layer in which a pass broke, and the shapes that had arrived there."""

    key: Key
    received: tuple[Shape, ...]
    error: Exception


@dataclass(slots=True)
class Pass:
    """One forward pass: visits, MACs and saved bytes by the key of the layer that was running."""

    visits: dict[Key, Visit] = field(default_factory=dict)
    functions: dict[Key, Function] = field(default_factory=dict)
    running: list[Frame] = field(default_factory=list)
    macs: Counter[Key] = field(default_factory=Counter)
    saved: Counter[Key] = field(default_factory=Counter)
    fields: Fields = field(default_factory=Fields)
    broken: Broken | None = None

    def begin(self, key: Key, arrived: list[Tensor]) -> Visit:
        """A layer starts to run."""
        visit = self.visits.get(key)
        if visit is None:
            visit = self.visits[key] = Visit()
            visit.inputs = tuple([tuple(tensor.shape) for tensor in arrived])
            visit.before = self.fields.of(arrived[0]) if arrived else None
        visit.calls += 1
        self.running.append(Frame(key))
        return visit

    def end(self, visit: Visit, arrived: list[Tensor], result: Tensor | None) -> None:
        """A layer has run."""
        self.running.pop()
        if result is None:
            return
        after = self.fields.of(result)
        if after is None and any(self.fields.of(tensor) is not None for tensor in arrived):
            after = NOWHERE
            self.fields.set(result, after)
        if visit.calls == 1:
            visit.output = tuple(result.shape)
            visit.output_bytes = result.numel() * result.element_size()
            visit.after = after

    def breaks(self, arrived: list[Tensor], error: Exception) -> None:
        """A layer has raised; the innermost one is the first to say so."""
        frame = self.running.pop()
        if self.broken is None or (self.broken.error is not error.__cause__ and self.broken.error is not error):
            self.broken = Broken(frame.key, tuple(tuple(tensor.shape) for tensor in arrived), error)


def tensors(values: Any) -> Iterator[Tensor]:
    """The tensors in a layer's arguments or results."""
    if isinstance(values, Tensor):
        yield values
    elif isinstance(values, dict):
        for value in values.values():
            yield from tensors(value)
    elif isinstance(values, (list, tuple)):
        for value in values:
            yield from tensors(value)


def keep_place(fields: Fields, source: Tensor, result: Tensor) -> None:
    """A dense layer over the last axis is a 1×1 convolution: height and width stay, though PyTorch flattens them."""
    before = fields.of(source)
    if before is not None and before.axes is not None and result.dim() - 1 not in before.axes:
        fields.set(result, before)


@contextmanager
def watched(model: nn.Module, seen: Pass, shortcuts: Mapping[type, Shortcut]) -> Iterator[None]:
    """Keeps a pass up to date while the model runs.

    Args:
        model: its modules get their own `forward` back at the end.
        seen: is filled.
        shortcuts: by the exact type of a layer; asked before the layer itself.
    """
    own: list[tuple[nn.Module, Any]] = []
    try:
        for module in model.modules():
            own.append((module, module.__dict__.get("forward")))
            module.__dict__["forward"] = _noting(module, own[-1][1], seen, shortcuts)
        yield
    finally:
        for module, forward in own:
            if forward is None:
                del module.__dict__["forward"]
            else:
                module.__dict__["forward"] = forward


def _noting(
    module: nn.Module, own: Callable[..., Any] | None, seen: Pass, shortcuts: Mapping[type, Shortcut]
) -> Callable[..., Any]:
    """A `forward` that takes notes.

    Looking at a tensor's shape would itself be an operation for `Functions`, so that is switched off around the notes
    and inside layers without children, which are one row whatever they do.
    """
    key, leaf = id(module), not any(True for _ in module.children())

    def forward(*args: Any, **kwargs: Any) -> Any:
        with torch._C.DisableTorchFunction():
            arrived = list(tensors(args)) if not kwargs else list(tensors((args, kwargs)))
            visit = seen.begin(key, arrived)
            if leaf:
                shortcut = shortcuts.get(type(module))
                if shortcut is not None and len(args) == 1 and arrived and not kwargs:
                    found = shortcut(module, arrived[0], seen.fields)
                    if found is not None:
                        result, macs = found
                        seen.macs[key] += macs
                        seen.end(visit, arrived, result)
                        return result
                return run(visit, arrived, args, kwargs)
        return run(visit, arrived, args, kwargs)

    def run(visit: Visit, arrived: list[Tensor], args: Any, kwargs: Any) -> Any:
        try:
            # the class is asked late: a lazy layer becomes another one when it first runs
            output = own(*args, **kwargs) if own is not None else type(module).forward(module, *args, **kwargs)
        except Exception as error:
            with torch._C.DisableTorchFunction():
                seen.breaks(arrived, error)
            raise
        with torch._C.DisableTorchFunction():
            result = next(tensors(output), None)
            if result is not None and arrived and isinstance(module, nn.Linear):
                keep_place(seen.fields, arrived[0], result)
            seen.end(visit, arrived, result)
        return output

    return forward
