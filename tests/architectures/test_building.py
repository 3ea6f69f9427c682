"""`build`: from a key or a spec to weights that are there, drawn from a generator that has an owner."""

import threading

import pytest
import torch
from torch import nn

from cnnviz.architectures import architecture, build, catalog
from cnnviz.architectures.initialization import SCHEMES, initialize
from cnnviz.errors import CnnvizError
from cnnviz.specs.catalog import spec_of
from tests.heavy import heavy_in_soak


def on_meta(key, **options):
    with torch.device("meta"):
        return build(key, **options)


def seeded(seed=1):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("entry", heavy_in_soak(catalog()), ids=lambda entry: entry.key)
def test_on_meta_no_weight_takes_memory(entry):
    model = on_meta(entry.key)
    assert {tensor.device.type for tensor in [*model.parameters(), *model.buffers()]} == {"meta"}
    assert sum(parameter.numel() for parameter in model.parameters()) == entry.parameters
    assert model.training
    assert model.spec == entry.spec()


PRESETS = [(entry, preset) for entry in catalog() for preset in entry.presets]


@pytest.mark.parametrize(("entry", "preset"), heavy_in_soak(PRESETS), ids=lambda value: value.key)
def test_every_preset_builds_and_infers(entry, preset):
    model = on_meta(entry.key, **preset.options).eval()
    assert repr(model) != repr(on_meta(entry.key)) or model.spec.image_size != entry.spec().image_size
    images = torch.empty(2, *model.spec.input_shape, device="meta")
    assert model(images).shape == (2, 10)


@pytest.mark.parametrize("key", ["lenet", "lenet_bn", "vgg11_small", "nin", "googlenet", "resnet18", "densenet"])
def test_real_networks_give_finite_logits_and_gradients(key):
    size = {"vgg11_small": 32, "nin": 67, "googlenet": 48, "resnet18": 48, "densenet": 48}.get(key, 28)
    model = build(key, image_size=size, generator=seeded())
    logits = model(torch.rand(3, 1, size, size, generator=seeded()))
    assert logits.shape == (3, 10) and logits.isfinite().all()
    logits.square().sum().backward()
    gradients = [parameter.grad for parameter in model.parameters()]
    assert all(gradient is not None and gradient.isfinite().all() for gradient in gradients)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_generator_owns_the_weights_and_the_global_state_is_left_alone(scheme):
    before = torch.random.get_rng_state()
    first, again, other = (
        build("lenet_bn", generator=seeded(seed), initialization=scheme).state_dict() for seed in (1, 1, 2)
    )
    assert torch.equal(before, torch.random.get_rng_state())
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["conv1.conv.weight"], other["conv1.conv.weight"])
    assert not torch.equal(first["conv1.conv.bias"], other["conv1.conv.bias"])


def test_the_default_is_what_torch_draws_with_the_same_seed():
    """Layer by layer as a notebook would make them after `torch.manual_seed`."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        expected = [nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5), nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)]
        torch.manual_seed(3)
        notebook = build("lenet")
    owned = build("lenet", generator=seeded(3))
    for model in (owned, notebook):
        layers = [module for module in model.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
        for ours, theirs in zip(layers, expected, strict=True):
            assert torch.equal(ours.weight, theirs.weight) and torch.equal(ours.bias, theirs.bias)


def test_xavier_draws_weights_from_glorots_interval_and_biases_from_torchs():
    model = build("vgg11_small", image_size=32, generator=seeded(), initialization="xavier")
    for module in model.modules():
        if not isinstance(module, nn.Conv2d | nn.Linear):
            continue
        area = module.weight[0, 0].numel()
        fan_in, fan_out = module.weight.shape[1] * area, module.weight.shape[0] * area
        for tensor, bound in ((module.weight, (6 / (fan_in + fan_out)) ** 0.5), (module.bias, fan_in**-0.5)):
            assert tensor.abs().max() <= bound
            if tensor.numel() > 1000:  # uniform: the deviation is the bound over √3, the mean zero
                assert tensor.std().item() == pytest.approx(bound / 3**0.5, rel=0.05)
                assert abs(tensor.mean().item()) < bound / 10
        assert module.weight.abs().max() > (6 / (fan_in + fan_out)) ** 0.5 * 0.8


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("options", [{}, {"norm_kind": "scratch"}])
def test_batch_norm_starts_empty(scheme, options):
    model = build("lenet_bn", generator=seeded(), initialization=scheme, **options)
    norms = [module for module in model.modules() if hasattr(module, "running_mean")]
    assert len(norms) == 4
    for norm in norms:
        assert (norm.running_mean == 0).all() and (norm.running_var == 1).all() and norm.num_batches_tracked == 0
        assert (norm.weight == 1).all() and (norm.bias == 0).all()


def test_initialize_starts_anew():
    model = build("lenet_bn", generator=seeded(1))
    model(torch.rand(8, 1, 28, 28, generator=seeded()))
    initialize(model, "default", seeded(2))
    fresh = build("lenet_bn", generator=seeded(2)).state_dict()
    assert all(torch.equal(value, fresh[name]) for name, value in model.state_dict().items())


def test_an_unknown_scheme_is_refused():
    with pytest.raises(CnnvizError, match="xavier"):
        build("lenet", initialization="zeros")


def test_threads_with_their_own_generators_do_not_meet():
    expected = [build("lenet", generator=seeded(seed)).state_dict() for seed in range(4)]
    found: dict[int, dict] = {}

    def work(seed):
        for _ in range(5):
            found[seed] = build("lenet", generator=seeded(seed)).state_dict()

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, weights in enumerate(expected):
        assert all(torch.equal(weights[name], found[seed][name]) for name in weights)


@pytest.mark.parametrize(
    ("options", "code", "field"),
    [
        ({"colour": "red"}, "field_unknown", "colour"),
        ({"channels": (0, 16)}, "value_too_small", "channels"),
        ({"image_size": 5000}, "value_too_large", "image_size"),
        ({"activation": "step"}, "value_not_allowed", "activation"),
        ({"kernel_size": "wide"}, "value_not_a_number", "kernel_size"),
        ({"image_size": 3}, "input_too_small", "image_size"),
    ],
)
def test_a_wrong_option_is_an_error_at_its_field(options, code, field):
    with pytest.raises(CnnvizError) as caught:
        build("lenet", **options)
    assert (caught.value.code, caught.value.field) == (code, field)


def test_a_spec_a_key_and_plain_data_build_the_same():
    spec = architecture("resnet18").spec(width=0.25, preactivation=True)
    by_key = on_meta("resnet18", width=0.25, preactivation=True)
    assert repr(on_meta(spec)) == repr(by_key)
    assert repr(on_meta(spec_of(spec.model_dump(mode="json")))) == repr(by_key)
    assert repr(on_meta(spec, preactivation=False)) == repr(on_meta("resnet18", width=0.25))


def test_the_weights_can_be_saved_and_loaded():
    """State, not pickled code: what a checkpoint keeps is enough to go on."""
    model, other = build("densenet", image_size=32, generator=seeded(1)), build("densenet", image_size=32)
    images = torch.rand(2, 1, 32, 32, generator=seeded())
    model(images)
    other.load_state_dict(model.state_dict())
    assert torch.equal(model.eval()(images), other.eval()(images))


@pytest.mark.parametrize(
    "key", ["lenet_bn", "googlenet", *(pytest.param(key, marks=pytest.mark.soak) for key in ("resnet18", "densenet"))]
)
def test_torch_can_compile_it_whole(key):
    """What explains a wrong input must not cut the graph of a right one."""
    model = build(key, image_size=32, width=0.25, generator=seeded()).eval()
    images = torch.rand(2, 1, 32, 32, generator=seeded())
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(images), model(images))
