"""Operations that a network does without a module, as layers of their own: additions, concatenations, reshapes, …

torchinfo and hooks see modules only, so `x + y`, `torch.cat` or `torch.flatten` are invisible to them. `Functions` sees
what a network's own code asks of torch, while none of its layers is running, and notes each operation whose arguments
come from the picture.
"""

from collections.abc import Callable, Iterable, Mapping
from types import FunctionType, MappingProxyType
from typing import Any, Final

from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from cnnviz.inspection.receptive import NOWHERE
from cnnviz.inspection.watching import Function, Pass, keep_place, tensors

_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "add": "Add", "radd": "Add", "iadd": "Add", "sub": "Subtract", "rsub": "Subtract", "mul": "Multiply",
        "rmul": "Multiply", "div": "Divide", "truediv": "Divide", "matmul": "MatMul", "rmatmul": "MatMul",
        "bmm": "MatMul", "mm": "MatMul", "cat": "Concatenate", "concat": "Concatenate", "concatenate": "Concatenate",
        "getitem": "Slice", "view": "Reshape", "reshape": "Reshape", "relu": "ReLU", "relu6": "ReLU6", "gelu": "GELU",
        "silu": "SiLU", "conv2d": "Conv2d", "max_pool2d": "MaxPool2d", "avg_pool2d": "AvgPool2d",
        "adaptive_avg_pool2d": "AdaptiveAvgPool2d", "adaptive_max_pool2d": "AdaptiveMaxPool2d",
    }
)  # fmt: skip
_NAMES: Final[Mapping[str, str]] = MappingProxyType({"getitem": "slice", "radd": "add", "iadd": "add", "rmul": "mul"})
# Neither an attribute nor a change of layout is a step of the network.
_NO_STEP: Final = frozenset({"get", "contiguous", "detach", "to", "type_as", "requires_grad", "setitem", "set"})
# Of the many operations inside PyTorch's attention, those that compute.
_STEPS_INSIDE: Final = frozenset(
    {"linear", "bmm", "baddbmm", "matmul", "softmax", "scaled_dot_product_attention", "dropout", "mean"}
)
_WEIGHTED: Final = frozenset({"Linear", "Conv2d", "BatchNorm", "LayerNorm"})  # tensors after the first are weights
_WINDOWS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "MaxPool2d": ("input", "kernel_size", "stride", "padding", "dilation", "ceil_mode"),
        "AvgPool2d": ("input", "kernel_size", "stride", "padding", "ceil_mode"),
    }
)


class Functions(TorchFunctionMode):
    """Notes functional operations in a pass; one instance per pass.

    A dense layer that is computed with the weights of another module, as attention does, counts as a run of that
    module. Operations on constants alone count for the module around them.
    """

    def __init__(self, model: nn.Module, seen: Pass) -> None:
        super().__init__()
        self._model = model
        self._seen = seen
        self._owners: dict[int, int] = {}
        self._inside = 0

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """One operation."""
        kwargs = kwargs or {}
        seen = self._seen
        body = _BODIES.get(func)
        if body is not None:
            self._inside += 1
            try:
                with self:
                    return body(*args, **kwargs)
            finally:
                self._inside -= 1
        arrived = list(tensors((args, kwargs)))
        if not seen.running or not any(seen.fields.of(tensor) is not None for tensor in arrived):
            return func(*args, **kwargs)
        name = getattr(func, "__name__", "").strip("_")
        if name in _NO_STEP or (self._inside and name not in _STEPS_INSIDE):
            result = func(*args, **kwargs)
            self._follow(tensors(result))
            return result
        return self._note(func, name, arrived, args, kwargs)

    def _follow(self, made: Iterable[Tensor]) -> None:
        """What comes from the picture stays known as such."""
        for tensor in made:
            if self._seen.fields.of(tensor) is None:
                self._seen.fields.set(tensor, NOWHERE)

    def _note(self, func: Any, name: str, arrived: list[Tensor], args: Any, kwargs: Any) -> Any:
        seen, frame = self._seen, self._seen.running[-1]
        name = _NAMES.get(name, name)
        kind = _TYPES.get(name) or "".join(part.capitalize() for part in name.split("_"))
        module = frame.key if isinstance(frame.key, int) else frame.key[0]
        key: Any = module, f"{name}_{frame.names[name] + 1}"
        owner = self._owner(arrived[1]) if kind == "Linear" and len(arrived) > 1 else None
        if owner is not None and owner != module:
            key = owner
        before = len(seen.visits)
        visit = seen.begin(key, arrived[:1] if kind in _WEIGHTED else arrived)
        try:
            result = func(*args, **kwargs)
        except Exception as error:
            seen.functions.setdefault(key, Function(kind))
            seen.breaks(arrived, error)
            raise
        made = list(tensors(result))
        if not made:  # a question, such as a size
            seen.running.pop()
            visit.calls -= 1
            if len(seen.visits) > before:
                del seen.visits[key]
            return result
        if kind == "Linear":
            keep_place(seen.fields, arrived[0], made[0])
        seen.end(visit, arrived, made[0])
        self._follow(made[1:])
        if not isinstance(key, int):
            frame.names[name] += 1
            if key not in seen.functions:
                seen.functions[key] = Function(kind, _settings(kind, args, kwargs))
        return result

    def _owner(self, weight: Tensor) -> int | None:
        """The module that holds a weight."""
        if not self._owners:
            self._owners = {
                id(parameter): id(module)
                for module in self._model.modules()
                for parameter in module._parameters.values()
                if parameter is not None
            }
        return self._owners.get(id(weight))


def _settings(kind: str, args: Any, kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
    names = _WINDOWS.get(kind)
    return {} if names is None else {**dict(zip(names, args, strict=False)), **kwargs}


def _body(function: Any) -> Callable[..., Any]:
    """A function of torch without its question whether a mode wants it whole, so that the mode sees its parts."""
    parts = {**function.__globals__, "has_torch_function": lambda _: False}
    body = FunctionType(function.__code__, parts, function.__name__, function.__defaults__, function.__closure__)
    body.__kwdefaults__ = function.__kwdefaults__
    return body


_BODIES: Final[Mapping[Any, Callable[..., Any]]] = MappingProxyType(
    {functional.multi_head_attention_forward: _body(functional.multi_head_attention_forward)}
)
