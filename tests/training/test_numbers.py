"""The numbers of a run are those of a plain PyTorch loop, the same every time, and the same after an interruption."""

import math

import pytest
import torch
from safetensors.torch import load_file
from torch.nn import functional

from cnnviz.architectures import build, catalog, spec_of
from cnnviz.data import fashion_mnist
from cnnviz.inspection import report_of
from cnnviz.specs.augmentation import HorizontalFlip, PipelineSpec, RandomResizedCrop
from cnnviz.training import Control, TrainingConfig, train
from cnnviz.training.randomness import generator
from tests.heavy import heavy_in_soak

RATE = 0.01
# Every network of the project, thin and on small pictures, so that each step is a matter of milliseconds.
EVERY = [entry.key for entry in catalog()]
SMALLEST = {"alexnet": 72, "nin": 72, "resnet": 20, "resnext": 20, "lenet": 28}


@pytest.fixture(autouse=True)
def one_thread():
    """So small a network gains nothing from more."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def small(key, **options):
    """The network with an eighth of its channels, or its narrowest form, on the smallest picture that it takes well."""
    spec = spec_of(key)
    sizes = {"image_size": SMALLEST.get(spec.family, 32)}
    known = {"width": 0.125, "dropout": 0.0, "growth_rate": 4, "base_width": 1} | sizes | options
    return spec_of(key, **{name: value for name, value in known.items() if name in type(spec).model_fields})


OPTIMIZERS = {
    "sgd": lambda parameters, rate: torch.optim.SGD(parameters, lr=rate, foreach=False),
    "momentum": lambda parameters, rate: torch.optim.SGD(parameters, lr=rate, momentum=0.9, weight_decay=1e-3),
    "adam": lambda parameters, rate: torch.optim.Adam(parameters, lr=rate),
    "adamw": lambda parameters, rate: torch.optim.AdamW(parameters, lr=rate, weight_decay=1e-2),
}
SETTINGS = {
    "sgd": {"optimizer": "sgd"},
    "momentum": {"optimizer": "sgd", "momentum": 0.9, "weight_decay": 1e-3},
    "adam": {"optimizer": "adam"},
    "adamw": {"optimizer": "adamw", "weight_decay": 1e-2},
}


def losses(events):
    return [loss for event in events if event.kind == "steps" for loss in event.losses]


def plain_losses(config, weights, kind, steps, layout):
    """The same training written out: nothing of the engine but the order of the images."""
    network = build(config.architecture)
    network.load_state_dict(weights)
    network.train().to(memory_format=layout)
    optimizer = OPTIMIZERS[kind](network.parameters(), config.learning_rate)
    images, labels = (torch.tensor(array) for array in fashion_mnist("train"))
    chosen = torch.randperm(60_000, generator=generator(config.seed, "subset"))[: config.train_images]
    order = chosen[torch.randperm(len(chosen), generator=generator(config.seed, "order", 0))]
    size, found = config.architecture.image_size, []
    for batch in order.split(config.batch_size)[:steps]:
        inputs = images[batch].unsqueeze(1).float() / 255
        if size != 28:
            inputs = functional.interpolate(inputs, (size, size), mode="bilinear", antialias=size < 28)
        inputs = inputs.contiguous(memory_format=layout)
        loss = functional.cross_entropy(network(inputs), labels[batch].long())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


@pytest.mark.parametrize(
    ("key", "kind", "steps"),
    [
        *heavy_in_soak((key, "sgd", 20) for key in EVERY),
        *(("lenet_bn", kind, 20) for kind in OPTIMIZERS if kind != "sgd"),
    ],
)
def test_the_losses_are_those_of_a_plain_loop(key, kind, steps, tmp_path):
    config = TrainingConfig(
        architecture=small(key), batch_size=8, train_images=8 * steps, test_images=8,
        evaluations=1, learning_rate=RATE, precision="float32", **SETTINGS[kind],
    )  # fmt: skip
    check_losses(config, kind, steps, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("key", EVERY)
def test_the_losses_are_those_of_a_plain_loop_at_the_settings_of_the_chapter(key, tmp_path):
    """The resolution and width that the chapter has, in batches that this memory and these minutes allow."""
    spec = spec_of(key, dropout=0.0) if "dropout" in type(spec_of(key)).model_fields else spec_of(key)
    batch = 16 if report_of(spec).macs < 1e9 else 4
    config = TrainingConfig(
        architecture=spec, batch_size=batch, train_images=20 * batch, test_images=16, evaluations=1,
        learning_rate=RATE, precision="float32",
    )  # fmt: skip
    check_losses(config, "sgd", 20, tmp_path)


def check_losses(config, kind, steps, folder):
    """Train with the engine and with the plain loop from the same weights, and compare every loss."""
    found, weights, layout, tolerance = [], None, torch.contiguous_format, 1e-6
    for event in train(config, folder=folder):
        if event.kind == "started" and event.kernels:  # of the project's own, which round differently
            tolerance = 1e-3
        if event.kind == "started" and event.channels_last:  # rounds differently, which batch norm magnifies
            layout = torch.channels_last
        if event.kind == "checkpoint" and event.step == 0:
            saved = load_file(folder / event.file)
            weights = {name.removeprefix("model/"): t for name, t in saved.items() if name.startswith("model/")}
        found += losses([event])
    assert len(found) == steps
    assert found == pytest.approx(plain_losses(config, weights, kind, steps, layout), rel=tolerance)


FLIP = PipelineSpec(operations=(HorizontalFlip(), RandomResizedCrop(size=28)))
RANDOM = {
    "dropout": {"architecture": spec_of("lenet", dropout=0.5), "optimizer": "adam", "learning_rate": 0.01},
    "augmentation": {"architecture": "lenet_bn", "augmentation": FLIP, "momentum": 0.9},
    "cosine": {"architecture": "lenet_bn", "schedule": "cosine", "learning_rate": 0.5},
    "residual": {"architecture": spec_of("resnet18", image_size=20, width=0.125), "optimizer": "adamw"},
}


def short(**options):
    return TrainingConfig(
        **{"train_images": 640, "batch_size": 64, "epochs": 3, "test_images": 100, "evaluations": 3, **options}
    )


@pytest.mark.parametrize("name", RANDOM)
def test_a_run_repeats_bit_for_bit(name):
    config = short(**RANDOM[name])
    first, second = list(train(config)), list(train(config))
    assert losses(first) == losses(second)
    assert first[-1].test_loss == second[-1].test_loss
    assert losses(train(config.replace(seed=config.seed + 1))) != losses(first)


@pytest.mark.parametrize("key", heavy_in_soak(EVERY))
def test_every_network_repeats_bit_for_bit_as_it_is_trained_by_default(key):
    """Precision and kernels as they are chosen, on two threads, whose sums must come in the same order."""
    config = TrainingConfig(
        architecture=small(key), batch_size=8, train_images=24, test_images=8, evaluations=1, learning_rate=RATE
    )
    torch.set_num_threads(2)
    first, second = list(train(config)), list(train(config))
    assert len(losses(first)) == 3 and all(map(math.isfinite, losses(first)))
    assert losses(first) == losses(second)
    assert first[-1].test_loss == second[-1].test_loss


@pytest.mark.parametrize("name", RANDOM)
def test_a_continued_run_has_the_curve_of_an_uninterrupted_one(name, tmp_path):
    config = short(**RANDOM[name])
    whole = list(train(config))
    control, before = Control(), []
    for event in train(config, control=control, folder=tmp_path):
        before.append(event)
        if event.kind == "evaluated":  # in the middle, at the end of an epoch
            control.stop()
    stopped_at = before[-1].step
    assert before[-1].reason == "stopped" and 0 < stopped_at < config.total_steps
    after = list(train(config, resume=tmp_path / "last.safetensors"))
    assert after[0].resumed and after[0].step == stopped_at
    assert losses(before) + losses(after) == losses(whole)
    assert (after[-1].test_loss, after[-1].train_loss) == (whole[-1].test_loss, whole[-1].train_loss)


def test_a_run_continues_from_the_middle_of_an_epoch(tmp_path):
    config = short(architecture=spec_of("lenet_bn", dropout=0.3), epochs=1, train_images=1280, evaluations=1)
    whole, control, before = list(train(config)), Control(), []
    for event in train(config, control=control, folder=tmp_path):
        before.append(event)
        control.stop()
    after = list(train(config, resume=tmp_path / "last.safetensors"))
    assert losses(before) + losses(after) == losses(whole)
    assert after[-1].train_loss == whole[-1].train_loss, "the mean of the whole epoch, not of its second part"


def test_more_epochs_extend_a_finished_run(tmp_path):
    config = short(architecture="lenet_bn", epochs=1)
    first = list(train(config, folder=tmp_path))
    longer = config.replace(epochs=3)
    rest = list(train(longer, resume=tmp_path / "last.safetensors"))
    assert losses(first) + losses(rest) == losses(train(longer))


def test_the_last_batch_is_as_small_as_what_is_left():
    config = short(architecture="lenet_bn", train_images=150, epochs=1)
    started, *_, last = train(config)
    assert started.total_steps == 3 == last.step
    alone = short(architecture="lenet_bn", train_images=129, epochs=1)  # one left over cannot be normalised
    assert list(train(alone))[-1].step == 2


def test_every_image_is_seen_once_an_epoch():
    from cnnviz.training.batches import Batches
    from cnnviz.training.choices import choose

    config = short(architecture="lenet", train_images=1000)
    batches = Batches(config, choose(config))
    first, second = batches.order(0), batches.order(1)
    assert len(first.unique()) == 1000
    assert set(first.tolist()) == set(second.tolist())
    assert not torch.equal(first, second)


def test_test_figures_are_those_of_a_plain_measurement(tmp_path):
    config = short(architecture="lenet_bn", optimizer="adam", learning_rate=0.01, test_images=1000, precision="float32")
    *_, last = train(config, folder=tmp_path)
    network = build(config.architecture)
    saved = load_file(tmp_path / "last.safetensors")
    network.load_state_dict({n.removeprefix("model/"): t for n, t in saved.items() if n.startswith("model/")})
    images, labels = (torch.tensor(array[:1000]) for array in fashion_mnist("test"))
    with torch.no_grad():
        logits = network.eval()((images / 255)[:, None])
    assert last.test_accuracy == (logits.argmax(1) == labels).sum().item() / 1000
    assert last.test_loss == pytest.approx(functional.cross_entropy(logits, labels.long()).item(), rel=1e-5)


def test_three_channels_are_the_grey_one_repeated():
    from cnnviz.training.batches import Batches
    from cnnviz.training.choices import choose

    config = short(architecture=spec_of("resnet18", image_size=40, in_channels=3))
    inputs, labels = Batches(config, choose(config)).training(torch.arange(64), 0)
    assert inputs.shape == (64, 3, 40, 40) and labels.shape == (64,)
    assert torch.equal(inputs[:, 0], inputs[:, 2]) and 0 <= inputs.min() < inputs.max() <= 1
