"""The learning rate of a run as a function of the step, its settings resolved to numbers.

Mirrors `TrainingConfig.rate_factor` and `cnnviz.specs.schedules`; a test compares the rates of all steps.
"""

from cnnviz.specs.schedules import FIRST_OF_CYCLE, LAST_OF_CYCLE, LOWEST_OF_RANGE_TEST, START_OF_RISE
from cnnviz.specs.training import TrainingConfig


def schedule_definitions(config: TrainingConfig) -> list[str]:
    """The source of `learning_rate(step)`; nothing where the rate stays what it is."""
    total = config.total_steps
    match config.schedule:
        case "one_cycle":
            return [_function("Up in the first 30 % of the steps, then down to almost nothing", _one_cycle(total))]
        case "range_test":
            return [_function("Up from 1e-6, times the same factor at each step", _range_test(config))]
    rise = min(total, round(config.warmup_epochs * config.steps_per_epoch))
    climb = f"return LEARNING_RATE * (step + 1) / {round(config.warmup_epochs * config.steps_per_epoch)}"
    if rise == total:
        return [_function("Linearly up", [climb])]
    step = f"(step - {rise})" if rise else "step"
    match config.schedule:
        case "cosine":
            words = "down to zero along half a cosine"
            rate = f"LEARNING_RATE * (1 + math.cos(math.pi * {step} / {total - rise})) / 2"
        case "step":
            words = f"times {config.drop_factor:g} after every {config.drop_epochs} epochs"
            every = config.drop_epochs * config.steps_per_epoch
            rate = f"LEARNING_RATE * {config.drop_factor!r} ** ({step} // {every})"
        case _ if rise:
            words, rate = "constant", "LEARNING_RATE"
        case _:
            return []
    if not rise:
        return [_function(words.capitalize(), [f"return {rate}"])]
    return [_function(f"Linearly up first, then {words}", [f"if step < {rise}:", f"    {climb}", f"return {rate}"])]


def _one_cycle(total: int) -> list[str]:
    top, last = START_OF_RISE * total - 1, total - 1
    down = [
        f"share = (step - {top:.12g}) / {last - top:.12g}",
        f"low = {LAST_OF_CYCLE!r}",
        "return LEARNING_RATE * (low + (1 - low) * (1 + math.cos(math.pi * share)) / 2)",
    ]
    if top < 0:
        return down
    up = [
        f"    share = step / {top:.12g}" if top else "    share = 1.0",
        f"    low = {FIRST_OF_CYCLE!r}",
        "    return LEARNING_RATE * (1 + (low - 1) * (1 + math.cos(math.pi * share)) / 2)",
    ]
    return [f"if step <= {top:.12g}:", *up, *down]


def _range_test(config: TrainingConfig) -> list[str]:
    lowest = f"{LOWEST_OF_RANGE_TEST!r} / LEARNING_RATE"
    if config.total_steps == 1:
        return [f"return LEARNING_RATE * ({lowest})"]
    return [f"return LEARNING_RATE * ({lowest}) ** (1 - step / {config.total_steps - 1})"]


def _function(words: str, body: list[str]) -> str:
    lines = ["def learning_rate(step: int) -> float:", f'    """{words}."""', *(f"    {line}" for line in body)]
    return "\n".join(lines) + "\n"
