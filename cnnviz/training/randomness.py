"""Random generators with an owner: every purpose of a run draws from its own, derived from the run's seed."""

import hashlib

import torch


def generator(seed: int, *purpose: object, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator for one purpose, such as ("order", epoch): the same seed and purpose give the same draws again.

    Args:
        seed: of the run.
        *purpose: what will be drawn, in words and numbers.
        device: where it draws.
    """
    text = "/".join(map(str, (seed, *purpose)))
    number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
    return torch.Generator(device).manual_seed(number >> 1)
