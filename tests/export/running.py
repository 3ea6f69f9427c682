"""Exported code at work: run in a namespace of its own, where there is no cnnviz."""

import builtins
import json

import torch
from torch import nn


def execute(code, **names):
    """The namespace after the code ran; importing cnnviz in it fails, as it does where there is none."""

    def guarded(name, *arguments, **more):
        if name.partition(".")[0] == "cnnviz":
            raise ImportError("exported code must not need cnnviz")
        return builtins.__import__(name, *arguments, **more)

    namespace = {"__name__": "exported", **names}
    namespace["__builtins__"] = {**vars(builtins), "__import__": guarded}
    exec(compile(code, "exported.py", "exec"), namespace)
    return namespace


def cells(text):
    """The sources of a notebook's code cells, in order, after the notebook's structure was looked at."""
    notebook = json.loads(text)
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids) and notebook["cells"][0]["cell_type"] == "markdown"
    code = []
    for cell in notebook["cells"]:
        assert cell["metadata"] == {} and "".join(cell["source"]).strip()
        assert all(line.endswith("\n") for line in cell["source"][:-1])
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None
            code.append("".join(cell["source"]))
        else:
            assert set(cell) == {"cell_type", "id", "metadata", "source"}
    return code


def shapes(network):
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def same_network(exported, own, input_shape, images=2):
    """Load cnnviz's weights by name into its exported twin; both must put out the same in both modes."""
    assert list(shapes(exported)) == list(shapes(own))
    exported.load_state_dict(own.state_dict())
    for network in (exported, own):
        for module in network.modules():
            if isinstance(module, nn.Dropout) or type(module).__name__ == "StochasticDepth":
                module.p = 0.0
    x = torch.rand(images, *input_shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for mode in (True, False):
            torch.testing.assert_close(exported.train(mode)(x), own.train(mode)(x))
    torch.testing.assert_close(exported.state_dict(), own.state_dict())  # the running statistics
