"""How the learning rate of a run moves: each schedule as a factor between 0 and 1, a plain function of the step.

All but the range test are those of `torch.optim.lr_scheduler`, which a test holds against them, written so that the
rate of any step follows from its number alone: a continued run needs no scheduler's state.
"""

import math
from typing import Final

START_OF_RISE: Final = 0.3  # share of a one-cycle run that the rate rises
FIRST_OF_CYCLE: Final = 1 / 25
LAST_OF_CYCLE: Final = FIRST_OF_CYCLE / 1e4
LOWEST_OF_RANGE_TEST: Final = 1e-6


def warm_up(step: int, steps: int) -> float:
    """Rises linearly over the first `steps` updates, the last of which has the full rate (torch's `LinearLR`).

    Goyal et al. 2017, arXiv 1706.02677, section 2.2.
    """
    return min(1.0, (step + 1) / steps) if steps > 0 else 1.0


def stairs(epoch: int, every: int, factor: float) -> float:
    """Multiplied by `factor` after every `every` epochs (torch's `StepLR`)."""
    return float(factor ** (epoch // every))


def cosine(step: int, steps: int) -> float:
    """Half a cosine from 1 to 0 over `steps` updates (torch's `CosineAnnealingLR`).

    Loshchilov & Hutter 2016, arXiv 1608.03983, equation 5, without restarts.
    """
    return (1 + math.cos(math.pi * min(step, steps) / steps)) / 2 if steps > 0 else 1.0


def one_cycle(step: int, steps: int) -> float:
    """Up in the first 30 % of the updates, down in the rest, each along half a cosine (torch's `OneCycleLR`).

    The rate begins at 1/25 of the full one and ends at 1/250,000 of it. Smith & Topin 2017, arXiv 1708.07120; they draw
    straight lines, torch's cosines are the usual form today. The momentum stays as it is.
    """
    top, last = START_OF_RISE * steps - 1, steps - 1
    step = min(step, last)
    if step <= top:
        return _between(FIRST_OF_CYCLE, 1.0, step / top if top > 0 else 1.0)
    return _between(1.0, LAST_OF_CYCLE, (step - top) / (last - top))


def range_test(step: int, steps: int, highest: float) -> float:
    """Rises exponentially from a rate of 1e-6 to the full one, the same factor at each update.

    Smith 2015, arXiv 1506.01186, section 3.3, there with a straight line.

    Args:
        step: updates done.
        steps: updates of the whole test.
        highest: the full learning rate, where it ends.
    """
    share = min(1.0, step / (steps - 1)) if steps > 1 else 0.0
    return float((LOWEST_OF_RANGE_TEST / highest) ** (1 - share)) if highest > LOWEST_OF_RANGE_TEST else 1.0


def _between(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
