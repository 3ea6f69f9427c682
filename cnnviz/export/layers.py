"""How the exported layers are dressed: the source of each convolution and dense layer with what comes with it.

The counterpart of `cnnviz.architectures.layers`, with source text in place of modules; a test holds both together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cnnviz.export.code import Call, Value, call, calls, lay_out, named

Part = tuple[str, Value]

ACTIVATIONS: Final = {
    "relu": ("nn.ReLU", "ReLU"),
    "sigmoid": ("nn.Sigmoid", "sigmoid"),
    "tanh": ("nn.Tanh", "tanh"),
    "leaky_relu": ("nn.LeakyReLU", "leaky ReLU"),
    "gelu": ("nn.GELU", "GELU"),
    "silu": ("nn.SiLU", "SiLU"),
}
"""The class of each activation, and its name in a sentence."""


@dataclass(frozen=True, slots=True)
class Layers:
    """What comes with every convolution and dense layer of a network; see `cnnviz.architectures.layers.Layers`."""

    activation: str = "relu"
    norm: str = "none"
    pooling: str = "max"
    bias: bool = True
    norm_kind: str = "standard"
    norm_affine: bool = True

    def conv2d(
        self,
        in_channels: Value,
        out_channels: Value,
        kernel_size: Value,
        *,
        stride: Value = 1,
        padding: Value = 0,
        groups: int = 1,
    ) -> Call:
        """The convolution alone; options that have PyTorch's default are left out."""
        options = _changed(stride=stride, padding=padding, groups=groups, bias=self.bias)
        return call("nn.Conv2d", in_channels, out_channels, kernel_size, **options)

    def norm_and_activation(self, channels: Value, number: object = "", flat: bool = False) -> list[Part]:
        """Batch norm and activation, named, in the order this network has them."""
        parts: list[Part] = [(f"activation{number}", self.activation_call)]
        if self.norm != "none":
            parts.insert(0 if self.norm == "before" else 1, (f"norm{number}", self.batch_norm(channels, flat)))
        return parts

    @property
    def activation_call(self) -> Call:
        """A fresh activation."""
        return call(ACTIVATIONS[self.activation][0])

    def batch_norm(self, channels: Value, flat: bool = False) -> Call:
        """The batch norm alone, for (N, C) if `flat`, else for (N, C, H, W)."""
        if self.norm_kind != "standard":
            return call("BatchNorm", channels)
        options: dict[str, Value] = {} if self.norm_affine else {"affine": False}
        return call("nn.BatchNorm1d" if flat else "nn.BatchNorm2d", channels, **options)

    def pool(self, kernel_size: int, stride: int, padding: int = 0) -> Call:
        """The pooling alone."""
        options: dict[str, Value] = {} if stride == kernel_size else {"stride": stride}
        if padding:
            options["padding"] = padding
        return call("nn.MaxPool2d" if self.pooling == "max" else "nn.AvgPool2d", kernel_size, **options)

    def words(self, layer: str) -> str:
        """The docstring of a dressed layer: "Convolution, batch norm and ReLU"."""
        name = ACTIVATIONS[self.activation][1]
        behind = {"none": [name], "before": ["batch norm", name], "after": [name, "batch norm"]}[self.norm]
        return " and ".join([", ".join([layer, *behind[:-1]]), behind[-1]])

    # The helpers of the exported code that networks call

    def conv_definition(self, used_by: Value) -> str:
        """The source of `conv`, with only the options that the calls in `used_by` give it."""
        given = {argument.name for one in calls(used_by) if one.function == "conv" for argument in one.arguments}
        stride: Value = "stride" if "stride" in given else 1
        padding: Value = "padding" if "padding" in given else 0
        signature = ["in_channels: int", "out_channels: int", "kernel_size: int"]
        signature += [f"{name}: int = {default}" for name, default in (("stride", 1), ("padding", 0)) if name in given]
        conv = self.conv2d("in_channels", "out_channels", "kernel_size", stride=stride, padding=padding)
        body = named([("conv", conv), *self.norm_and_activation("out_channels")])
        return function("conv", ", ".join(signature), self.words("Convolution"), body)

    def dense_definition(self, dropout: float) -> str:
        """The source of `dense`."""
        options: dict[str, Value] = {} if self.bias else {"bias": False}
        parts: list[Part] = [("dense", call("nn.Linear", "in_features", "out_features", **options))]
        parts += self.norm_and_activation("out_features", flat=True)
        if dropout:
            parts.append(("dropout", call("nn.Dropout", dropout)))
        words = self.words("Dense layer") + (", then dropout" if dropout else "")
        return function("dense", "in_features: int, out_features: int", words, named(parts))

    def norm_definition(self) -> str:
        """The source of the class `BatchNorm`, for the kinds that PyTorch does not have."""
        subtract, divide = self.norm_kind != "variance", self.norm_kind != "mean"
        what = (
            "that "
            + {
                "scratch": "subtracts the mean and divides by the deviation, written out",
                "mean": "only subtracts the mean",
                "variance": "only divides by the deviation",
            }[self.norm_kind]
        )
        affine = [
            "        self.weight = nn.Parameter(torch.ones(channels))",
            "        self.bias = nn.Parameter(torch.zeros(channels))",
        ]
        normalise = ["        x = x - mean.view(shape)"] if subtract else []
        normalise += ["        x = x / (variance + 1e-5).sqrt().view(shape)"] if divide else []
        result = "x * self.weight.view(shape) + self.bias.view(shape)" if self.norm_affine else "x"
        lines = [
            "class BatchNorm(nn.Module):",
            f'    """Batch norm over (N, C) or (N, C, H, W) {what}."""',
            "",
            "    def __init__(self, channels: int) -> None:",
            "        super().__init__()",
            *(affine if self.norm_affine else []),
            '        self.register_buffer("running_mean", torch.zeros(channels))',
            '        self.register_buffer("running_var", torch.ones(channels))',
            '        self.register_buffer("num_batches_tracked", torch.tensor(0))',
            "",
            "    def forward(self, x: Tensor) -> Tensor:",
            '        """By the statistics of the batch in training, by the running ones otherwise."""',
            "        axes = [axis for axis in range(x.ndim) if axis != 1]",
            "        shape = [1, -1] + [1] * (x.ndim - 2)",
            "        if self.training:",
            "            values = x.numel() // x.shape[1]  # per channel",
            "            mean = x.mean(axes)",
            "            variance = (x - mean.view(shape)).square().mean(axes)",
            "            self.running_mean.lerp_(mean.detach(), 0.1)",
            "            self.running_var.lerp_(variance.detach() * values / (values - 1), 0.1)",
            "            self.num_batches_tracked += 1",
            "        else:",
            "            mean, variance = self.running_mean, self.running_var",
            *normalise,
            f"        return {result}",
        ]
        return "\n".join(lines) + "\n"


def conv(in_channels: Value, out_channels: Value, kernel_size: Value, *, stride: Value = 1, padding: Value = 0) -> Call:
    """A call of the exported helper `conv`: a dressed convolution."""
    return call("conv", in_channels, out_channels, kernel_size, **_changed(stride=stride, padding=padding))


def dense(in_features: int, out_features: int) -> Call:
    """A call of the exported helper `dense`: a dressed dense layer."""
    return call("dense", in_features, out_features)


def function(name: str, signature: str, words: str, body: Call) -> str:
    """The source of a function that returns a sequence of modules."""
    head = f'def {name}({signature}) -> nn.Sequential:\n    """{words}."""\n'
    return head + lay_out(body, before="return ", indent=4) + "\n"


_DEFAULTS: Final[Mapping[str, Value]] = {"stride": 1, "padding": 0, "groups": 1, "bias": True}


def _changed(**options: Value) -> dict[str, Value]:
    """The options of a convolution that differ from PyTorch's defaults."""
    return {name: value for name, value in options.items() if value != _DEFAULTS[name]}
