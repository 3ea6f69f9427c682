"""When two runs are the same run: equal settings, and nobody's hand on what they led to."""

import hashlib
import json
from collections.abc import Iterable

from cnnviz.events import Controlled, Event, Started
from cnnviz.specs.training import TrainingConfig


def config_hash(config: TrainingConfig) -> str:
    """A key under which equal settings meet: 24 hexadecimal digits.

    Nothing that changes a number is left out: the network with all its fields, the augmentation, the seed, how often
    the test set is measured, and what was asked for as device, precision, threads and processes. What is left to the
    machine counts as "automatic": two such requests are equal, and each differs from the same choice spelt out.
    Settings at their defaults are left out, so that runs kept before a setting existed still meet those that do not use
    it; whoever looks a key up compares the settings themselves afterwards.
    """
    fields = type(config).model_fields
    chosen = {
        name: value
        for name, value in config.model_dump(mode="json").items()
        if fields[name].is_required() or getattr(config, name) != fields[name].get_default()
    }
    text = json.dumps(chosen, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def follows_from_settings(events: Iterable[Event]) -> bool:
    """Whether a run's numbers follow from its settings alone: no learning rate set by hand, never extended."""
    lengths = set()
    for event in events:
        if isinstance(event, Started):
            lengths.add(event.total_steps)
        elif isinstance(event, Controlled) and event.action == "learning_rate":
            return False
    return len(lengths) < 2
