"""The notebook of a chain: torchvision's own chain with the same ranges, and a grid over one picture."""

import json

import pytest
import torch

from cnnviz.augmentation import CHAPTER_PIPELINES, Pipeline
from cnnviz.data import cat
from cnnviz.export import augmentation_notebook
from cnnviz.specs.augmentation import OPERATIONS, HorizontalFlip, PipelineSpec
from tests.export.running import cells, execute

GROUPS = {first: OPERATIONS[first : first + 6] for first in range(0, len(OPERATIONS), 6)}
CHAINS = {
    **{name: preset.pipeline for name, preset in CHAPTER_PIPELINES.items()},
    **{f"operations from {n}": PipelineSpec(operations=tuple(kind() for kind in kinds)) for n, kinds in GROUPS.items()},
    "nothing": PipelineSpec(),
    "switched off": PipelineSpec(operations=(HorizontalFlip(enabled=False),)),
}


@pytest.mark.parametrize("name", CHAINS)
def test_the_notebook_draws_a_grid(name, tmp_path, monkeypatch):
    chain = CHAINS[name]
    cat().resize((64, 64)).save(tmp_path / "picture.jpg")
    monkeypatch.chdir(tmp_path)
    namespace = execute("")
    text = augmentation_notebook(chain)
    assert json.loads(text) == json.loads(augmentation_notebook(PipelineSpec.parse(chain.model_dump(mode="json"))))
    *before, last = cells(text)
    for cell in before:
        exec(compile(cell, "cell", "exec"), namespace)
    assert repr(namespace["transform"]) == repr(Pipeline.of(chain).transform())
    statements = last.strip().splitlines()
    exec("\n".join(statements[:-1]), namespace)
    state = torch.get_rng_state()
    picture = eval(statements[-1], namespace)
    assert picture.size == (4 * 202 + 2, 2 * 202 + 2)  # two rows of four, 2 px between them
    again = namespace["torch"].set_rng_state(state) or eval(statements[-1], namespace)
    assert picture.tobytes() == again.tobytes()
