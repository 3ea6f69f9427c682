"""A config is the same after a journey through JSON, and refuses what cannot be trained."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.errors import CnnvizError
from cnnviz.specs.augmentation import HorizontalFlip, PipelineSpec
from cnnviz.specs.catalog import catalog
from cnnviz.specs.training import TrainingConfig

KEYS = [entry.key for entry in catalog()]
configs = st.builds(
    TrainingConfig,
    architecture=st.sampled_from(KEYS).map(lambda key: {"key": key, "num_classes": 10, "in_channels": 1}),
    epochs=st.integers(1, 200),
    batch_size=st.integers(1, 512),
    optimizer=st.sampled_from(["sgd", "adam", "adamw"]),
    schedule=st.sampled_from(["constant", "cosine"]),
    learning_rate=st.floats(1e-6, 10),
    momentum=st.floats(0, 0.999),
    weight_decay=st.floats(0, 1),
    train_images=st.integers(512, 60_000),
    test_images=st.integers(1, 10_000),
    evaluations=st.integers(1, 1000),
    seed=st.integers(0, 2**31 - 1),
    augmentation=st.sampled_from([None, PipelineSpec(operations=(HorizontalFlip(p=0.3),))]),
    threads=st.integers(0, 256),
)


@given(configs)
def test_a_config_survives_json_and_hashes(config):
    again = TrainingConfig.model_validate_json(config.model_dump_json())
    assert again == config and hash(again) == hash(config)
    assert type(again.architecture) is type(config.architecture)


@given(configs)
def test_steps_and_measurements_add_up(config):
    sizes = [config.batch_size] * (config.train_images // config.batch_size)
    rest = config.train_images - sum(sizes)
    assert config.steps_per_epoch == len(sizes) + (rest > 1)
    assert config.total_steps == config.epochs * config.steps_per_epoch
    steps = config.evaluation_steps
    assert steps[-1] == config.total_steps and steps[0] >= 1 and list(steps) == sorted(set(steps))
    assert len(steps) == min(config.evaluations, config.total_steps)


@pytest.mark.parametrize(
    ("settings", "code", "field"),
    [
        ({"epochs": 0}, "value_too_small", "epochs"),
        ({"epochs": "many"}, "value_not_a_number", "epochs"),
        ({"learning_rate": 11}, "value_too_large", "learning_rate"),
        ({"optimizer": "magic"}, "value_not_allowed", "optimizer"),
        ({"batch_size": 200, "train_images": 100}, "batch_larger_than_data", "batch_size"),
        ({"architecture": "lenet_9"}, "architecture_unknown", "architecture"),
        ({"architecture": {"key": "lenet", "num_classes": 7}}, "classes_do_not_match", "architecture"),
        ({"device": "tpu"}, "value_not_allowed", "device"),
        ({"magic": 1}, "field_unknown", "magic"),
    ],
)
def test_what_cannot_be_trained_is_said_at_its_field(settings, code, field):
    with pytest.raises(CnnvizError) as caught:
        TrainingConfig.parse({"architecture": "lenet", **settings})
    assert (caught.value.code, caught.value.field) == (code, field)


def test_a_key_plain_data_and_a_spec_are_the_same_network():
    entry = next(entry for entry in catalog() if entry.key == "lenet")
    configs = {TrainingConfig(architecture=value) for value in ("lenet", {"key": "lenet"}, entry.spec())}
    assert len(configs) == 1
