"""A chain of augmentations as a notebook: its code, and a grid of draws over one picture file."""

import ast
from typing import Final

from cnnviz.export.code import lay_out, parse
from cnnviz.export.document import Document, Section, joined
from cnnviz.specs.augmentation import PipelineSpec

_GRID: Final = '''\
def grid(path: str, count: int = 8, size: int = 200) -> Image.Image:
    """Draws of one picture side by side, four in a row; whatever size the chain puts out is shown at `size` px."""
    picture = v2.functional.pil_to_tensor(Image.open(path).convert("RGB"))
    show = v2.Resize((size, size))
    draws = [show(transform(picture)) for _ in range(count)]
    return v2.functional.to_pil_image(make_grid(draws, nrow=4))
'''


def augmentation_notebook(pipeline: PipelineSpec) -> str:
    """A Jupyter notebook (`.ipynb`, nbformat 4.5) with the chain's code and a grid of eight draws over one picture.

    It needs torchvision and Pillow. The picture is the file `picture.jpg` beside the notebook until its name is changed
    there.

    Args:
        pipeline: operations that are switched off are left out.
    """
    return Document(
        title="Augmentation",
        prose=("Written by cnnviz; it needs nothing but torch, torchvision and Pillow.",),
        sections=(
            Section("The chain", joined(source for _, source in chain_definitions(pipeline))),
            Section("A grid of draws", _GRID, "Every picture is drawn anew each time; `torch.manual_seed` repeats it."),
        ),
        script_end="",
        notebook_end=(Section("One picture", 'PICTURE = "picture.jpg"\n\ntorch.manual_seed(0)\ngrid(PICTURE)'),),
    ).notebook()


def chain_definitions(pipeline: PipelineSpec) -> list[tuple[str, str]]:
    """(name, source) of what the chain's own code defines, laid out like the rest.

    That is `transform`, `mix` where a batch is mixed, and the classes that torchvision does not have. The code's import
    lines are left out, since they stand at the top of what is exported.
    """
    code = pipeline.code()
    definitions = []
    for statement in ast.parse(code).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)]):
                definitions.append((name, lay_out(parse(statement.value), before=f"{name} = ")))
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                definitions.append((name, ast.get_source_segment(code, statement) or ""))
    return definitions
