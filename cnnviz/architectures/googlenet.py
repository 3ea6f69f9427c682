"""GoogLeNet: four branches side by side, concatenated.

Szegedy et al. 2014, "Going deeper with convolutions", arXiv 1409.4842, table 1 and figure 2(b).

Deviations from the paper, which are the chapter's: no auxiliary heads, no local response normalisation, no dropout
before the output, and 96 px instead of 224. torchvision's `googlenet` has batch norm everywhere and a 3×3 kernel in the
branch that the paper gives a 5×5.
"""

from torch import Tensor, nn

from cnnviz.architectures.activation import activation
from cnnviz.architectures.head import global_head
from cnnviz.architectures.join import Add, Concatenate
from cnnviz.architectures.layers import PLAIN, Layers, sequence
from cnnviz.architectures.network import Network
from cnnviz.specs.architectures import GoogLeNetSpec


class InceptionBlock(nn.Module):
    """Four branches over one input, concatenated: (N, C, H, W) → (N, c1 + c2[1] + c3[1] + c4, H, W).

    Args:
        in_channels: C.
        c1: channels of the 1×1 branch.
        c2: channels of the 1×1 reduction and the 3×3 convolution behind it.
        c3: channels of the 1×1 reduction and the 5×5 convolution behind it.
        c4: channels of the 1×1 convolution behind the 3×3 pooling.
            A zero leaves that convolution out: a reduction alone makes the branch the paper's naive form (figure 2a),
            a branch's last width removes the branch.
        large_kernel: "5x5", or "two_3x3" for two 3×3 convolutions in its place (arXiv 1512.00567).
        residual: add the input to the result, through a 1×1 convolution where the channels differ, and activate.
        layers: what comes with each convolution; `pooling` is the fourth branch's.
    """

    def __init__(
        self,
        in_channels: int,
        c1: int,
        c2: tuple[int, int],
        c3: tuple[int, int],
        c4: int,
        *,
        large_kernel: str = "5x5",
        residual: bool = False,
        layers: Layers = PLAIN,
    ) -> None:
        super().__init__()
        branches: list[tuple[str, nn.Module]] = []
        if c1:
            branches.append(("branch1", sequence([("conv1", layers.conv(in_channels, c1, 1))])))
        if c2[1]:
            reduce, channels = _reduction(in_channels, c2[0], layers)
            conv = layers.conv(channels, c2[1], 3, padding=1)
            branches.append(("branch2", sequence([*reduce, ("conv2", conv)])))
        if c3[1]:
            reduce, channels = _reduction(in_channels, c3[0], layers)
            branches.append(("branch3", sequence([*reduce, *_large(channels, c3[1], large_kernel, layers)])))
        if c4:
            pool = ("pool", layers.pool(3, 1, 1))
            branches.append(("branch4", sequence([pool, ("conv1", layers.conv(in_channels, c4, 1))])))
        self.names = tuple(name for name, _ in branches)
        for name, branch in branches:
            self.add_module(name, branch)
        self.concatenate = Concatenate()
        self.out_channels = c1 + c2[1] + c3[1] + c4
        self.residual = residual
        if residual:
            matches = in_channels == self.out_channels
            self.shortcut = nn.Identity() if matches else layers.bare_conv(in_channels, self.out_channels, 1)
            self.add = Add()
            self.activation = activation(layers.activation)

    def forward(self, input: Tensor) -> Tensor:
        """Run every branch and join them."""
        output: Tensor = self.concatenate(*(getattr(self, name)(input) for name in self.names))
        if self.residual:
            output = self.activation(self.add(output, self.shortcut(input)))
        return output


def _reduction(in_channels: int, width: int, layers: Layers) -> tuple[list[tuple[str, nn.Module]], int]:
    """The 1×1 convolution in front of a large one, if there is one, and the channels behind it."""
    if not width:
        return [], in_channels
    return [("conv1", layers.conv(in_channels, width, 1))], width


def _large(in_channels: int, width: int, kind: str, layers: Layers) -> list[tuple[str, nn.Module]]:
    if kind == "5x5":
        return [("conv2", layers.conv(in_channels, width, 5, padding=2))]
    return [
        ("conv2", layers.conv(in_channels, width, 3, padding=1)),
        ("conv3", layers.conv(width, width, 3, padding=1)),
    ]


def body(spec: GoogLeNetSpec) -> list[tuple[str, nn.Module]]:
    """The paper's five stages; each of the first four ends in a pooling that halves."""
    layers = Layers(activation=spec.activation, norm=spec.norm, pooling=spec.pooling, bias=spec.conv_bias)
    stem1, stem2, channels = (spec.scaled(width) for width in spec.stem_channels)
    blocks: dict[str, InceptionBlock] = {}
    for name, (c1, c2a, c2b, c3a, c3b, c4) in spec.inceptions().items():
        block = InceptionBlock(
            channels, c1, (c2a, c2b), (c3a, c3b), c4,
            large_kernel=spec.large_kernel, residual=spec.residual, layers=layers,
        )  # fmt: skip
        blocks[name] = block
        channels = block.out_channels

    def stage(*names: str, pool: bool = True) -> nn.Sequential:
        parts: list[tuple[str, nn.Module]] = [(f"inception{name}", blocks[name]) for name in names]
        return sequence([*parts, ("pool", layers.pool(3, 2, 1))] if pool else parts)

    return [
        ("stage1", sequence([
            ("conv1", layers.conv(spec.in_channels, stem1, 7, stride=2, padding=3)),
            ("pool", layers.pool(3, 2, 1)),
        ])),  # 64×24²
        ("stage2", sequence([
            ("conv1", layers.conv(stem1, stem2, 1)),
            ("conv2", layers.conv(stem2, spec.scaled(spec.stem_channels[2]), 3, padding=1)),
            ("pool", layers.pool(3, 2, 1)),
        ])),  # 192×12²
        ("stage3", stage("3a", "3b")),  # 480×6²
        ("stage4", stage("4a", "4b", "4c", "4d", "4e")),  # 832×3²
        ("stage5", stage("5a", "5b", pool=False)),  # 1024×3²
    ]  # fmt: skip


def googlenet(spec: GoogLeNetSpec) -> Network:
    """GoogLeNet: (N, 1, 96, 96) → (N, 10)."""
    stages = body(spec)
    c1, _, c2, _, c3, c4 = spec.inceptions()["5b"]
    return Network(spec, [*stages, *global_head(c1 + c2 + c3 + c4, spec.num_classes, spec.dropout)])  # 1024, 10
