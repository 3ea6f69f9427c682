"""Every exported network is the project's own: the same parameters by name, the same weights, the same outputs."""

import os
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz.architectures.building import build
from cnnviz.architectures.limits import smallest_image_size
from cnnviz.errors import CnnvizError
from cnnviz.export import architecture_notebook, architecture_script
from cnnviz.specs.catalog import architecture, catalog, spec_of
from tests.architectures.test_random_specs import COMMON, FAMILIES, QUIET
from tests.export.running import cells, execute, same_network, shapes
from tests.heavy import heavy_in_soak

NETWORKS = {entry.key: entry.spec() for entry in catalog()} | {
    f"{entry.key}-{preset.key}": entry.spec(**preset.options) for entry in catalog() for preset in entry.presets
}
SHELF = [
    spec_of("torchvision/resnet18", image_size=32),
    spec_of("torchvision/squeezenet1_1", image_size=40, in_channels=1, num_classes=10),
    spec_of("torchvision/mobilenet_v3_small", image_size=32, in_channels=4, num_classes=7),
    spec_of("torchvision/regnet_y_400mf", image_size=32),
    spec_of("torchvision/googlenet", image_size=32, num_classes=10),
]


def reduced(spec):
    """The same code with an eighth of the channels, few blocks, and a size just above the smallest."""
    fewer = {
        name: tuple(min(count, 3) for count in getattr(spec, name))
        for name in ("blocks", "convolutions")
        if hasattr(spec, name)
    }
    narrow = spec.replace(width=spec.width / 8, **fewer)
    return narrow.replace(image_size=smallest_image_size(narrow) + 9)


@pytest.mark.parametrize("name", heavy_in_soak(NETWORKS))
def test_full_size_has_the_same_parameters(name):
    spec = NETWORKS[name]
    exported = execute(architecture_script(spec))["build"]
    with torch.device("meta"):
        twin, own = exported(), build(spec)
    assert shapes(twin) == shapes(own) and list(shapes(twin)) == list(shapes(own))
    assert sum(weight.numel() for weight in twin.parameters()) == sum(weight.numel() for weight in own.parameters())
    assert "cnnviz" not in architecture_script(spec).replace("Written by cnnviz", "")


@pytest.mark.parametrize("name", heavy_in_soak(NETWORKS))
def test_reduced_puts_out_the_same(name):
    spec = reduced(NETWORKS[name])
    same_network(execute(architecture_script(spec))["build"](), build(spec), spec.input_shape)


@pytest.mark.parametrize("spec", SHELF, ids=lambda spec: spec.key)
def test_torchvision_networks_too(spec):
    twin = execute(architecture_script(spec))["build"](5)
    own = build(spec, generator=torch.Generator().manual_seed(5))
    torch.testing.assert_close(twin.state_dict(), own.state_dict(), rtol=0, atol=0)
    same_network(twin, own, spec.input_shape)


@pytest.mark.parametrize("initialization", ["default", "xavier", "he"])
@pytest.mark.parametrize("key", ["lenet", "lenet_bn", "nin", "googlenet", "resnet50", "densenet"])
def test_a_seed_draws_the_weights_of_build(key, initialization):
    spec = reduced(spec_of(key))
    twin = execute(architecture_script(spec, initialization=initialization))["build"](7)
    own = build(spec, generator=torch.Generator().manual_seed(7), initialization=initialization)
    torch.testing.assert_close(twin.state_dict(), own.state_dict(), rtol=0, atol=0)


@pytest.mark.hypothesis
@pytest.mark.parametrize("key", FAMILIES)
def test_any_spec_is_exported_or_refused_as_build_refuses_it(key):
    fields = set(architecture(key).spec_type.model_fields) - {"key"}
    strategies = {name: kind for name, kind in (COMMON | FAMILIES[key]).items() if name in fields}
    exported = refused = 0

    @settings(QUIET, max_examples=QUIET.max_examples // (2 if key == "googlenet" else 1))
    @given(st.fixed_dictionaries(strategies))
    def check(options):
        nonlocal exported, refused
        try:
            spec = architecture(key).spec(**options)
        except CnnvizError:
            return
        try:
            own = build(spec)
        except CnnvizError as error:
            refused += 1
            with pytest.raises(CnnvizError) as caught:
                architecture_script(spec)
            assert (str(caught.value), caught.value.field) == (str(error), error.field)
            return
        exported += 1
        same_network(execute(architecture_script(spec))["build"](), own, spec.input_shape, images=3)

    check()
    assert exported >= 3
    assert refused or key in ("googlenet", "resnet18")  # whose paddings leave something of any input


def test_no_branch_that_this_network_does_not_take():
    script = architecture_script(spec_of("lenet", activation="relu", pooling="max"))
    assert "nn.ReLU()" in script and "nn.MaxPool2d" in script
    for absent in ("Sigmoid", "sigmoid =", "AvgPool", "BatchNorm", "Dropout", "if stride", "padding: int = 0, groups"):
        assert absent not in script
    plain = architecture_script(architecture("resnet18").spec(residual=False))
    assert "shortcut" not in plain.replace("residual", "") and "Identity" not in plain
    naive = architecture_script(architecture("googlenet").spec(inception_3a=(64, 0, 128, 0, 32, 32)))
    assert " if " not in naive.split("if __name__")[0]


def test_the_same_spec_gives_the_same_bytes():
    spec = spec_of("resnet18", width=0.3)
    assert architecture_script(spec) == architecture_script(spec_of(spec.model_dump(mode="json")))
    assert architecture_notebook(spec) == architecture_notebook(spec_of(spec.model_dump(mode="json")))
    assert "Changed from the usual one: width = 0.3." in architecture_script(spec)


def test_a_script_runs_alone(tmp_path):
    """In a process whose folder is empty and whose Python does not look at this repository."""
    script = tmp_path / "lenet.py"
    script.write_text(architecture_script(spec_of("lenet")), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    hidden = "import sys, runpy; sys.modules['cnnviz'] = None; runpy.run_path(sys.argv[1], run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", hidden, str(script)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["61,706 parameters", "output shape (1, 10)"]


def test_a_notebook_runs_cell_by_cell(capsys):
    namespace = execute("")
    code = cells(architecture_notebook(spec_of("densenet", width=0.25), initialization="xavier"))
    for cell in code:
        exec(compile(cell, "cell", "exec"), namespace)
    own = build("densenet", width=0.25)
    assert shapes(namespace["network"]) == shapes(own)
    parameters = sum(weight.numel() for weight in own.parameters())
    assert capsys.readouterr().out.splitlines() == [f"{parameters:,} parameters", "output shape (1, 10)"]
