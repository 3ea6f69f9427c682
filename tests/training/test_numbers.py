"""The numbers of a run are those of a plain PyTorch loop, the same every time, and the same after an interruption."""

import pytest
import torch
from safetensors.torch import load_file
from torch.nn import functional
from torchvision.transforms.v2.functional import resize

from cnnviz.architectures import build, spec_of
from cnnviz.data import fashion_mnist
from cnnviz.specs.augmentation import HorizontalFlip, PipelineSpec, RandomResizedCrop
from cnnviz.training import Control, TrainingConfig, train
from cnnviz.training.randomness import generator

RATE = 0.01
# No untrained network of 50 layers: there 1e-7 of the input becomes 5 % of the second loss, even in float64.
SMALL = {"width": 0.125, "dropout": 0.0}
NETWORKS = {
    "lenet": {},
    "lenet_bn": {},
    "alexnet": {"image_size": 72, **SMALL},
    "vgg11": {"image_size": 32, **SMALL},
    "vgg11_small": {"image_size": 32, **SMALL},
    "nin": {"image_size": 72, **SMALL},
    "googlenet": {"image_size": 32, "width": 0.125},
    "resnet18": {"image_size": 20, "width": 0.125},
    "densenet": {"image_size": 64, "width": 0.25},
}
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
        inputs = resize((images[batch] / 255)[:, None], [size, size], antialias=True)
        inputs = inputs.contiguous(memory_format=layout)
        loss = functional.cross_entropy(network(inputs), labels[batch].long())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


@pytest.mark.parametrize(
    ("key", "kind", "steps"),
    [*((key, "sgd", 5) for key in NETWORKS), *(("lenet_bn", kind, 20) for kind in OPTIMIZERS), ("resnet18", "sgd", 20)],
)
def test_the_losses_are_those_of_a_plain_loop(key, kind, steps, tmp_path):
    config = TrainingConfig(
        architecture=spec_of(key, **NETWORKS[key]), batch_size=32, train_images=32 * steps, test_images=32,
        evaluations=1, learning_rate=RATE, precision="float32", **SETTINGS[kind],
    )  # fmt: skip
    events = train(config, folder=tmp_path)
    found, weights, layout = [], None, torch.contiguous_format
    for event in events:
        if event.kind == "started" and event.channels_last:  # rounds differently, which batch norm magnifies
            layout = torch.channels_last
        if event.kind == "checkpoint" and event.step == 0:
            saved = load_file(tmp_path / event.file)
            weights = {name.removeprefix("model/"): t for name, t in saved.items() if name.startswith("model/")}
        found += losses([event])
    assert len(found) == steps
    assert found == pytest.approx(plain_losses(config, weights, kind, steps, layout), rel=1e-3)


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
    config = short(architecture="lenet_bn", optimizer="adam", learning_rate=0.01, test_images=1000)
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
