"""Networks without weights in memory: building on the meta device, and quick answers where its kernels are slow.

On the meta device a tensor has a shape and no values. Some meta kernels are Python programs of PyTorch: the one of
batch normalisation takes 1 ms, and a DenseNet-201 asks it 400 times. `FastMeta` gives the same answers (same shapes,
strides, dtypes, one new storage per output) from a few lines here; a test holds each of them against PyTorch's own.
What it does not know, or finds in an unusual form, it leaves to PyTorch.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._device import DeviceContext
from torch.utils._python_dispatch import TorchDispatchMode

aten = torch.ops.aten

Factory = Callable[[], nn.Module]


def plain(*tensors: Any) -> bool:
    """Whether these are contiguous float32 or float64 tensors on the meta device."""
    return all(
        isinstance(tensor, Tensor)
        and tensor.is_meta
        and tensor.dtype in (torch.float32, torch.float64)
        and tensor.is_contiguous()
        for tensor in tensors
    )


def slid_size(
    sizes: Sequence[int], kernel: Sequence[int], stride: Sequence[int], padding: Sequence[int], dilation: Sequence[int]
) -> tuple[int, ...] | None:
    """⌊(n + 2p − d(k − 1) − 1)/s⌋ + 1 for height and width, or None where the window does not fit."""
    made = []
    for n, k, s, p, d in zip(sizes, kernel, stride, padding, dilation, strict=True):
        room = n + 2 * p - d * (k - 1) - 1
        if room < 0 or n < 1 or p < 0:
            return None
        made.append(room // s + 1)
    return tuple(made)


def pooled_size(
    sizes: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    ceil: bool,
) -> tuple[int, ...] | None:
    """Height and width after pooling, or None where it cannot work; the padding is at most half the window."""
    if any(2 * p > k for k, p in zip(kernel, padding, strict=True)):
        return None
    made = slid_size(sizes, kernel, stride, padding, dilation)
    if made is None or not ceil:
        return made
    grown = []
    for n, k, s, p, d in zip(sizes, kernel, stride, padding, dilation, strict=True):
        size = -(-(n + 2 * p - d * (k - 1) - 1) // s) + 1
        grown.append(size - 1 if (size - 1) * s >= n + p else size)  # no window begins in the padding at the end
    return tuple(grown)


def _two(values: Sequence[int]) -> Sequence[int]:
    return values if len(values) == 2 else (values[0], values[0])


def _convolution(
    x: Tensor,
    weight: Tensor,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    _: Any,
    groups: int,
) -> Tensor | None:
    if transposed or x.dim() != 4 or weight.dim() != 4 or not plain(x, weight) or x.dtype != weight.dtype:
        return None
    if x.shape[1] != weight.shape[1] * groups or weight.shape[0] % groups:
        return None
    made = slid_size(x.shape[2:], weight.shape[2:], _two(stride), _two(padding), _two(dilation))
    return None if made is None else x.new_empty((x.shape[0], weight.shape[0], *made))


def _max_pool(
    x: Tensor, kernel: Any, stride: Any = (), padding: Any = (0,), dilation: Any = (1,), ceil: bool = False
) -> tuple[Tensor, Tensor] | None:
    if x.dim() != 4 or not plain(x):
        return None
    kernel = _two(kernel)
    made = pooled_size(x.shape[2:], kernel, _two(stride) if stride else kernel, _two(padding), _two(dilation), ceil)
    if made is None:
        return None
    shape = (*x.shape[:2], *made)
    return x.new_empty(shape), x.new_empty(shape, dtype=torch.int64)


def _average_pool(
    x: Tensor, kernel: Any, stride: Any = (), padding: Any = (0,), ceil: bool = False, *_: Any
) -> Tensor | None:
    if x.dim() != 4 or not plain(x):
        return None
    kernel = _two(kernel)
    made = pooled_size(x.shape[2:], kernel, _two(stride) if stride else kernel, _two(padding), (1, 1), ceil)
    return None if made is None else x.new_empty((*x.shape[:2], *made))


def _batch_norm(x: Tensor, *settings: Any) -> tuple[Tensor, Tensor, Tensor] | None:
    """`settings` are weight, bias, running mean, running variance, training, momentum, ε.

    The statistics of the batch are kept in training only, as on the CPU; PyTorch's meta kernel follows CUDA here.
    """
    if not plain(x) or x.dim() < 2:
        return None
    statistics = x.shape[1] if settings[4] else 0
    return x.new_empty(x.shape), x.new_empty(statistics), x.new_empty(statistics)


def _layer_norm(x: Tensor, shape: list[int], *_: Any) -> tuple[Tensor, Tensor, Tensor] | None:
    if not plain(x) or list(x.shape[-len(shape) :]) != list(shape):
        return None
    statistics = (*x.shape[: x.dim() - len(shape)], *(1 for _ in shape))
    return x.new_empty(x.shape), x.new_empty(statistics), x.new_empty(statistics)


def _concatenate(tensors: list[Tensor], dim: int = 0) -> Tensor | None:
    first = tensors[0]
    dim = dim % first.dim() if first.dim() else 0
    shapes = {(tensor.dtype, *tensor.shape[:dim], *tensor.shape[dim + 1 :]) for tensor in tensors}
    if not plain(*tensors) or len(shapes) > 1 or {tensor.dim() for tensor in tensors} != {first.dim()}:
        return None
    return first.new_empty((*first.shape[:dim], sum(tensor.shape[dim] for tensor in tensors), *first.shape[dim + 1 :]))


def _dense(bias: Tensor, x: Tensor, weight: Tensor) -> Tensor | None:
    if not plain(bias, x) or x.dim() != 2 or weight.dim() != 2 or x.dtype != weight.dtype:
        return None
    if x.shape[1] != weight.shape[0] or bias.shape != weight.shape[1:]:
        return None
    return x.new_empty((x.shape[0], weight.shape[1]))


def _mean(x: Tensor, dims: list[int] | None, keepdim: bool = False, *, dtype: Any = None) -> Tensor | None:
    if not plain(x) or not dims or dtype is not None:
        return None
    over = {dim % x.dim() for dim in dims}
    sizes = [1 if dim in over else size for dim, size in enumerate(x.shape) if keepdim or dim not in over]
    return x.new_empty(sizes)


def _same(x: Tensor, *_: Any, **__: Any) -> Tensor | None:
    return x.new_empty(x.shape) if plain(x) else None


def _same_shapes(x: Any, y: Any) -> Tensor | None:
    return x.new_empty(x.shape) if plain(x, y) and x.shape == y.shape and x.dtype == y.dtype else None


def _like(x: Tensor, *, dtype: Any = None, device: Any = None, **_: Any) -> Tensor | None:
    elsewhere = dtype not in (None, x.dtype) or device not in (None, x.device)
    return None if elsewhere or not plain(x) else x.new_empty(x.shape)


def _in_place(x: Tensor, *_: Any, **__: Any) -> Tensor | None:
    return x if x.is_meta else None


_ANSWERS: Final[Mapping[Any, Callable[..., Any]]] = {
    aten.native_batch_norm.default: _batch_norm,
    aten.native_layer_norm.default: _layer_norm,
    aten.convolution.default: _convolution,
    aten.max_pool2d_with_indices.default: _max_pool,
    aten.avg_pool2d.default: _average_pool,
    aten.cat.default: _concatenate,
    aten.addmm.default: _dense,
    aten.mean.dim: _mean,
    aten.relu.default: _same,
    aten.sigmoid.default: _same,
    aten.tanh.default: _same,
    aten.gelu.default: _same,
    aten.silu.default: _same,
    aten.leaky_relu.default: _same,
    aten.hardtanh.default: _same,
    aten.hardswish.default: _same,
    aten.hardsigmoid.default: _same,
    aten.relu_.default: _in_place,
    aten.silu_.default: _in_place,
    aten.hardtanh_.default: _in_place,
    aten.hardswish_.default: _in_place,
    aten.mul.Tensor: _same_shapes,
    aten.add.Tensor: _same_shapes,
    aten.empty_like.default: _like,
    aten.bernoulli_.float: _in_place,
    aten.div_.Scalar: _in_place,
    aten.normal_.default: _in_place,
    aten.uniform_.default: _in_place,
}


class FastMeta(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Answers the slow meta kernels itself; everything else goes to PyTorch. One instance per thread and use."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Nothing is compiled here; PyTorch's guard against it would import its compiler, which takes 1.4 s."""
        return False

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """One operation."""
        answer = _ANSWERS.get(func)
        if answer is not None:
            result = answer(*args, **(kwargs or {}))
            if result is not None:
                return result
        return func(*args, **(kwargs or {}))


class _Unfilled(DeviceContext):
    """`torch.device("meta")` on which filling a tensor with values does nothing, as there are none."""

    _FILLING: Final = frozenset(
        {nn.init.uniform_, nn.init.normal_, nn.init.constant_, nn.init.kaiming_uniform_, nn.init.kaiming_normal_}
        | {Tensor.uniform_, Tensor.normal_, Tensor.fill_, Tensor.zero_}
    )

    def __init__(self) -> None:
        super().__init__(torch.device("meta"))

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func in self._FILLING:
            tensor = args[0] if args else (kwargs or {}).get("tensor")
            if isinstance(tensor, Tensor) and tensor.is_meta:
                return tensor
        return super().__torch_function__(func, types, args, kwargs)  # type: ignore[no-untyped-call]


class _StoresOnMeta(TorchFunctionMode):
    """Sends what holds weights to the meta device and leaves small computations (`arange`, `tensor`) their values.

    For factories that compute with tensors while they build, as torchvision's RegNets do for their widths.
    """

    _STORES: Final = (torch.empty, torch.zeros, torch.ones, torch.full, torch.rand, torch.randn)

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func in self._STORES and kwargs.get("device") is None:
            kwargs["device"] = torch.device("meta")
        return func(*args, **kwargs)


def build_on_meta(factory: Factory, dtype: torch.dtype = torch.float32) -> nn.Module:
    """The factory's network on the meta device, in `dtype`.

    The factory runs once, under `torch.device("meta")`; a second time only if it needs the values of a tensor that it
    made there. A network that arrives with real weights is left as it is, and a meta copy of it returned.
    """
    try:
        with _Unfilled(), FastMeta():
            model = factory()
    except RuntimeError as error:  # a missing meta kernel is one, too
        if "meta tensor" not in str(error):
            raise
        with _StoresOnMeta():
            model = factory()
    stored = [*model.parameters(), *model.buffers()]
    if not all(tensor.is_meta for tensor in stored):
        model = _copy_on_meta(model)
    if any(tensor.is_floating_point() and tensor.dtype != dtype for tensor in stored):
        model = model.to(dtype)
    return model


def _copy_on_meta(model: nn.Module) -> nn.Module:
    """A copy with the same structure, its shared weights shared, and no values."""
    memo: dict[int, Any] = {}
    for tensor in [*model.parameters(), *model.buffers()]:
        twin: Any
        if torch.nn.parameter.is_lazy(tensor):
            twin = type(tensor)(device="meta", dtype=tensor.dtype)  # type: ignore[call-arg]
        elif isinstance(tensor, nn.Parameter):
            twin = nn.Parameter(torch.empty_like(tensor, device="meta"), tensor.requires_grad)
        else:
            twin = torch.empty_like(tensor, device="meta")
        memo[id(tensor)] = twin
    return copy.deepcopy(model, memo)
