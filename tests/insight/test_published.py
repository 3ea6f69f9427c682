"""Chains of torchvision's networks against torchvision's own forward pass, and their weights from disk."""

import pytest
import torch
from safetensors.torch import save_file
from torchvision.models import get_model

from cnnviz.errors import CnnvizError
from cnnviz.insight import inside, published


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.soak] if name == "vgg11" else []) for name in published.CHAINS]
)  # half a gigabyte of weights
def test_a_chain_does_what_torchvision_does(name, tmp_path):
    options = {"aux_logits": False, "init_weights": False, "transform_input": True} if name == "googlenet" else {}
    model = get_model(name, weights=None, **options).eval()
    file = tmp_path / f"{name}.safetensors"
    save_file(model.state_dict(), file)
    chain = published.published(name, file)
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    with torch.no_grad():
        expected = model((picture - mean[:, None, None]) / std[:, None, None])
        assert torch.allclose(chain(picture), expected, rtol=1e-4, atol=1e-5)
    fresh = published.untrained(name)
    assert list(fresh.state_dict()) == list(chain.state_dict()) and not fresh.training
    assert not chain.training and not any(parameter.requires_grad for parameter in chain.parameters())


@pytest.mark.parametrize("name", published.CHAINS)
def test_a_chain_can_be_looked_into(name):
    report = published.report(name)
    options = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    with torch.device("meta"):
        own = get_model(name, weights=None, **options)
    assert report.parameters == sum(parameter.numel() for parameter in own.parameters())
    stages = inside.map_stages(report)
    assert len(stages) >= 4
    assert stages[-1].output_shape[2:] in {(7, 7), (6, 6)}


def test_only_weights_that_are_there_are_offered(tmp_path, monkeypatch):
    monkeypatch.delenv(published.VARIABLE, raising=False)
    assert published.available() == {}
    monkeypatch.setenv(published.VARIABLE, str(tmp_path))
    assert published.available() == {}
    (tmp_path / "resnet18.safetensors").write_bytes(b"")
    (tmp_path / "secret.safetensors").write_bytes(b"")
    assert list(published.available()) == ["resnet18"]


@pytest.mark.parametrize("content", ["empty", "other"])
def test_weights_that_do_not_fit_are_named(tmp_path, content):
    file = tmp_path / "resnet18.safetensors"
    if content == "other":
        save_file({"conv1.weight": torch.zeros(1)}, file)
    else:
        file.write_bytes(b"")
    with pytest.raises(CnnvizError) as refused:
        published.published("resnet18", file)
    assert refused.value.code == "weights_unusable" and "resnet18.safetensors" in str(refused.value)


def test_classes_are_imagenets():
    names = published.class_names("resnet18")
    assert len(names) == 1000 and names[281] == "tabby"


def test_the_command_is_python():
    import ast

    text = published.COMMAND.format(name="resnet18")
    source = text.removeprefix('python -c "').removesuffix('"')
    assert "resnet18.safetensors" in ast.unparse(ast.parse(source))
