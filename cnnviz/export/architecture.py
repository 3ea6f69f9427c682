"""One network as a script and as a notebook that need torch alone.

The text is put together from the spec by one function per family (`networks`), which mirror the builders of
`cnnviz.architectures` line by line, with source text in place of modules. The alternative, a template per family with
conditions in it, would either leave the conditions in the exported code or need a second language; and the builders
themselves cannot be printed, since they ask the spec at every turn. Three things keep the two from growing apart: all
knobs that several families share (activation, batch norm, pooling, bias, heads) are in one file, `layers`; a block is
described once in terms of names and, where that is needed, of numbers; and a test loads the weights of every network
into its exported twin, by name, and compares what both put out.
"""

from collections.abc import Sequence
from typing import Final, Literal

from cnnviz.export.code import lay_out
from cnnviz.export.document import Document, Section, joined
from cnnviz.export.networks import source_of
from cnnviz.export.networks.torchvision import torchvision_network
from cnnviz.specs.architectures import ArchitectureSpec, TorchvisionSpec
from cnnviz.specs.catalog import architecture

Initialization = Literal["default", "xavier", "he"]

_XAVIER: Final = '''\
def initialize(network: nn.Module) -> nn.Module:
    """Xavier-uniform weights (Glorot & Bengio 2010); biases by PyTorch's own rule."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                bound = 1 / math.sqrt(module.weight[0].numel())
                nn.init.uniform_(module.bias, -bound, bound)
    return network
'''
_HE: Final = (
    ("Xavier-uniform weights (Glorot & Bengio 2010)", "He-normal weights (He et al. 2015)"),
    ("nn.init.xavier_uniform_(module.weight)", 'nn.init.kaiming_normal_(module.weight, nonlinearity="relu")'),
)
_OTHERS: Final = """\
        elif hasattr(module, "reset_parameters"):
            module.reset_parameters()
"""


def architecture_script(spec: ArchitectureSpec, *, initialization: Initialization = "default") -> str:
    """Python that builds exactly this network without cnnviz, and prints its parameters and the shape it puts out.

    Its function `build(seed)` draws the weights that `cnnviz.architectures.build` draws with a generator of that seed
    on the CPU, and its `state_dict` has the same keys in the same order.

    Args:
        spec: any network of the catalogue, torchvision's included.
        initialization: "default", PyTorch's own rules, "xavier", the chapter's, or "he".

    Returns:
        The text of a `.py` file; the same for the same spec.

    Raises:
        CnnvizError: an input that is too small for one of the project's networks, or that ViT or MaxViT cannot cut.
    """
    return _document(spec, initialization).script()


def architecture_notebook(spec: ArchitectureSpec, *, initialization: Initialization = "default") -> str:
    """The same as `architecture_script` as the text of a Jupyter notebook (`.ipynb`, nbformat 4.5)."""
    return _document(spec, initialization).notebook()


def _document(spec: ArchitectureSpec, initialization: Initialization) -> Document:
    channels, height, width = spec.input_shape
    show = [
        "network = build()",
        f"images = torch.zeros(1, {channels}, {height}, {width})",
        'print(f"{sum(weights.numel() for weights in network.parameters()):,} parameters")',
        'print("output shape", tuple(network.eval()(images).shape))',
    ]
    return Document(
        title=architecture(spec.key).title,
        prose=(*provenance(spec), "Written by cnnviz; it needs nothing but " + _needs(spec) + "."),
        sections=network_sections(spec, initialization),
        script_end=main(show),
        notebook_end=(Section("Look at it", "\n".join(show)),),
    )


def main(lines: Sequence[str]) -> str:
    """Lines that run when the script does."""
    return "\n".join(['if __name__ == "__main__":', *(f"    {line}" if line else "" for line in lines)])


def provenance(spec: ArchitectureSpec) -> tuple[str, ...]:
    """Paragraphs: the paper, and what differs from the catalogue's network."""
    entry = architecture(spec.key)
    paper = entry.paper
    paragraphs = [f'{paper.authors} {paper.year}, "{paper.title}", {paper.reference}.']
    usual = dict(entry.spec())
    changed = [f"{name} = {value}" for name, value in spec if value != usual[name]]
    if changed:
        paragraphs.append(f"Changed from the usual one: {'; '.join(changed)}.")
    return tuple(paragraphs)


def network_sections(spec: ArchitectureSpec, initialization: Initialization) -> tuple[Section, ...]:
    """The blocks, the weights' initialisation where it is not PyTorch's own, and the function `build`."""
    if isinstance(spec, TorchvisionSpec):
        made, definitions = torchvision_network(spec)
    else:
        source = source_of(spec)
        made, definitions = lay_out(source.network, before="network = ", indent=4), source.definitions
    sections = [Section("Blocks", joined(definitions))] if definitions else []
    seeded = "    torch.manual_seed(seed)"
    lines = [seeded, made, "    return network"]
    if initialization != "default":
        sections.append(Section("Initialisation", _initialize(spec, made + joined(definitions), initialization)))
        # torchvision's networks draw when they are built and then once more; the project's have one draw.
        lines = [
            *([seeded, made] if isinstance(spec, TorchvisionSpec) else [made, seeded]),
            "    return initialize(network)",
        ]
    elif not isinstance(spec, TorchvisionSpec):
        lines = [seeded, made.replace("network = ", "return ", 1)]
    shape = ", ".join(map(str, spec.input_shape))
    head = [
        "def build(seed: int = 0) -> nn.Module:",
        f'    """(N, {shape}) → (N, {spec.num_classes}), with weights drawn by the seed."""',
    ]
    code = "\n".join([*head, *lines]) + "\n"
    return (*sections, Section("The network", code))


def _initialize(spec: ArchitectureSpec, code: str, initialization: Initialization) -> str:
    """`initialize` without questions that have one answer in this network."""
    text = _XAVIER
    if initialization == "he":
        for old, new in _HE:
            text = text.replace(old, new)
    if isinstance(spec, TorchvisionSpec):
        return text.replace("    return network", f"{_OTHERS}    return network")
    if "bias=False" in code:
        return text
    lines = text.splitlines()
    place = next(number for number, line in enumerate(lines) if "module.bias is not None" in line)
    return "\n".join([*lines[:place], *(line[4:] for line in lines[place + 1 : place + 3]), *lines[place + 3 :], ""])


def _needs(spec: ArchitectureSpec) -> str:
    return "torch and torchvision" if isinstance(spec, TorchvisionSpec) else "torch"
