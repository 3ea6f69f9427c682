"""GoogLeNet as source text; mirrors `cnnviz.architectures.googlenet`.

With all six widths of every block there is one class with the branches written out, which the stages call with the
numbers of the paper's table. As soon as one width is 0 a block's branches are written out where it stands, so that no
exported branch asks whether it is there. Both forms come from the one function `_branches`.
"""

from typing import cast

from cnnviz.export.code import Argument, Call, Value, call, lay_out, named
from cnnviz.export.layers import Layers, Part, conv
from cnnviz.export.networks.base import Source, Stages, source
from cnnviz.specs.architectures import GoogLeNetSpec, Six

_WIDTHS = ("c1", "c2[0]", "c2[1]", "c3[0]", "c3[1]", "c4")


def googlenet(spec: GoogLeNetSpec) -> Source:
    """A stem of two stages, three stages of Inception blocks, and the average."""
    layers = Layers(spec.activation, spec.norm, spec.pooling, spec.conv_bias)
    complete = all(all(widths) for widths in spec.inceptions().values())
    stages = Stages.of(spec)
    stem1, stem2, stem3 = (spec.scaled(width) for width in spec.stem_channels)
    stages.window("stage1.conv1.conv", 7, stride=2, padding=3)
    _halve(stages, 1)
    stem = [("conv1", conv(stages.channels, stem1, 7, stride=2, padding=3)), ("pool", layers.pool(3, 2, 1))]
    stages.add("stage1", named(stem), stem1)
    _halve(stages, 2)
    stem = [
        ("conv1", conv(stem1, stem2, 1)),
        ("conv2", conv(stem2, stem3, 3, padding=1)),
        ("pool", layers.pool(3, 2, 1)),
    ]
    stages.add("stage2", named(stem), stem3)
    for number, letters in ((3, "ab"), (4, "abcde"), (5, "ab")):
        channels, blocks = stages.channels, []
        for letter in letters:
            widths = spec.inceptions()[f"{number}{letter}"]
            c1, c2a, c2b, c3a, c3b, c4 = widths
            after = c1 + c2b + c3b + c4
            if complete:
                block = call("Inception", channels, c1, (c2a, c2b), (c3a, c3b), c4)
            else:
                block = _written_out(spec, layers, channels, after, widths)
            blocks.append(Argument(f"inception{number}{letter}", block, f"{after} channels"))
            channels = after
        if number < 5:
            _halve(stages, number)
            blocks.append(Argument("pool", layers.pool(3, 2, 1)))
        stages.add(f"stage{number}", Call("named", tuple(blocks), open=True), channels)
    stages.global_head(spec.num_classes, spec.dropout)
    if complete:
        branches = _branches(spec, layers, "in_channels", _WIDTHS)
        return source(stages, layers, blocks=[_class(spec, layers, branches)], inside=[named(branches)])
    return source(stages, layers, blocks=[_class_of_branches(spec, layers)])


def _halve(stages: Stages, number: int) -> None:
    stages.window(f"stage{number}.pool", 3, stride=2, padding=1)


def _branches(spec: GoogLeNetSpec, layers: Layers, channels: Value, widths: tuple[Value, ...]) -> list[Part]:
    """The branches of a block in terms of numbers or of names; a width of 0 leaves its convolution out."""
    c1, reduce2, c2, reduce3, c3, c4 = widths
    branches: list[Part] = []
    if c1:
        branches.append(("branch1", named([("conv1", conv(channels, c1, 1))])))
    if c2:
        reduction = _reduction(channels, reduce2)
        branches.append(("branch2", named([*reduction, ("conv2", conv(reduce2 or channels, c2, 3, padding=1))])))
    if c3:
        reduction, before = _reduction(channels, reduce3), reduce3 or channels
        large: list[Part] = [("conv2", conv(before, c3, 5, padding=2))]
        if spec.large_kernel == "two_3x3":
            large = [("conv2", conv(before, c3, 3, padding=1)), ("conv3", conv(c3, c3, 3, padding=1))]
        branches.append(("branch3", named([*reduction, *large])))
    if c4:
        branches.append(("branch4", named([("pool", layers.pool(3, 1, 1)), ("conv1", conv(channels, c4, 1))])))
    return branches


def _reduction(channels: Value, width: Value) -> list[Part]:
    return [("conv1", conv(channels, width, 1))] if width else []


def _written_out(spec: GoogLeNetSpec, layers: Layers, channels: int, after: int, widths: Six) -> Call:
    branches = tuple(Argument(*part) for part in _branches(spec, layers, channels, cast(tuple[Value, ...], widths)))
    if not spec.residual:
        return Call("Inception", branches)
    shortcut = call("nn.Identity") if channels == after else layers.conv2d(channels, after, 1)
    return Call("Inception", (*branches, Argument("shortcut", shortcut)))


def _class(spec: GoogLeNetSpec, layers: Layers, branches: list[Part]) -> str:
    """The class whose branches all exist."""
    names = [name for name, _ in branches]
    lines = [
        "class Inception(nn.Module):",
        '    """Four branches over one input, side by side along the channels."""',
        "",
        "    def __init__(self, in_channels: int, c1: int, c2: tuple[int, int], c3: tuple[int, int], c4: int) -> None:",
        "        super().__init__()",
        *(lay_out(branch, before=f"self.{name} = ", indent=8) for name, branch in branches),
    ]
    if spec.residual:
        lines += [
            "        out_channels = c1 + c2[1] + c3[1] + c4",
            "        self.shortcut = nn.Identity()",
            "        if in_channels != out_channels:",
            lay_out(layers.conv2d("in_channels", "out_channels", 1), before="self.shortcut = ", indent=12),
        ]
        lines.append(lay_out(layers.activation_call, before="self.activation = ", indent=8))
    joined = f"torch.cat([{', '.join(f'self.{name}(x)' for name in names)}], dim=1)"
    return "\n".join([*lines, *_forward(spec, [], joined)]) + "\n"


def _class_of_branches(spec: GoogLeNetSpec, layers: Layers) -> str:
    """The class that is given its branches, and its shortcut if it has one."""
    signature = (
        "self, *, shortcut: nn.Module, **branches: nn.Module" if spec.residual else "self, **branches: nn.Module"
    )
    lines = [
        "class Inception(nn.Module):",
        '    """Branches over one input, side by side along the channels."""',
        "",
        f"    def __init__({signature}) -> None:",
        "        super().__init__()",
        "        self.branches = list(branches)",
        "        for name, branch in branches.items():",
        "            self.add_module(name, branch)",
    ]
    if spec.residual:
        lines.append("        self.shortcut = shortcut")
        lines.append(lay_out(layers.activation_call, before="self.activation = ", indent=8))
    return (
        "\n".join([*lines, *_forward(spec, [], "torch.cat([getattr(self, name)(x) for name in self.branches], dim=1)")])
        + "\n"
    )


def _forward(spec: GoogLeNetSpec, before: list[str], joined: str) -> list[str]:
    lines = ["", "    def forward(self, x: Tensor) -> Tensor:"]
    if not spec.residual:
        return [*lines, '        """Run every branch and join them."""', f"        return {joined}"]
    return [
        *lines,
        '        """Run every branch, join them and add the input."""',
        f"        joined = {joined}",
        "        return self.activation(joined + self.shortcut(x))",
    ]
