"""The settings of a learning-rate range test: a short run that a class's rules leave free."""

from typing import Final

from cnnviz.specs.training import LEARNING_RATES, TrainingConfig

STEPS: Final = 150
TEST_IMAGES: Final = 500  # the test set does not matter here


def range_config(config: TrainingConfig) -> TrainingConfig:
    """The settings of a range test for a run: one pass over so many batches, the rate rising to the largest allowed."""
    return config.replace(
        schedule="range_test",
        learning_rate=LEARNING_RATES[1],
        epochs=1,
        train_images=min(config.train_images, STEPS * config.batch_size),
        test_images=min(config.test_images, TEST_IMAGES),
        evaluations=1,
        early_stopping=0,
        time_budget=0.0,
    )


def is_range_test(config: TrainingConfig) -> bool:
    """Whether these are the settings of a range test, and not of a run that only has its schedule.

    It may have a time budget, which makes it shorter.
    """
    return range_config(config).replace(time_budget=config.time_budget) == config
