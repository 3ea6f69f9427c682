"""What predicting needs at once: counted by hand for a chain, a block with a shortcut and a concatenation."""

import pytest
import torch
from torch import nn

from cnnviz.inspection import report_of
from cnnviz.inspection.peak import peak_bytes, peak_of
from cnnviz.specs.catalog import architecture, catalog
from tests.heavy import heavy_in_soak

FLOAT = 4


def test_lenets_peak_is_the_first_convolution_and_its_sigmoid():
    assert peak_of(architecture("lenet").spec()) == FLOAT * (6 * 28 * 28 + 6 * 28 * 28)
    assert peak_of(architecture("lenet").spec(), 32) == 32 * FLOAT * (6 * 28 * 28 + 6 * 28 * 28)


class Shortcut(nn.Module):
    """x + relu(conv(x)) of 3 maps of 8 by 8: the input, one result and the next one are alive at the same time."""

    def __init__(self):
        super().__init__()
        self.first, self.conv = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, input):
        kept = self.first(input)
        return kept + torch.relu(self.conv(kept))


class InPlace(Shortcut):
    """The same with a ReLU that writes over what it reads."""

    def forward(self, input):
        kept = self.first(input)
        return kept + torch.relu_(self.conv(kept))


class Flat(nn.Module):
    """A view holds its storage and is none of its own."""

    def forward(self, input):
        return (input * 2).flatten(1).view(input.shape)


@pytest.mark.parametrize(
    ("factory", "maps"),
    [
        (Shortcut, 3),  # kept, the convolution's result, the ReLU's; then the sum beside the first and the third
        (InPlace, 3),  # kept and the convolution's result, then the sum beside both
        (Flat, 1),
        (lambda: nn.Sequential(*(nn.Conv2d(3, 3, 1) for _ in range(5))), 2),
        (nn.Dropout, 0),
    ],
)
def test_the_peak_of_a_small_network_is_what_one_counts(factory, maps):
    assert peak_bytes(factory, (2, 3, 8, 8)) == maps * 2 * 3 * 8 * 8 * FLOAT


@pytest.mark.parametrize("entry", heavy_in_soak(catalog()), ids=lambda entry: entry.key)
def test_every_network_needs_less_at_once_than_all_its_results_and_no_less_than_its_largest(entry):
    spec = entry.spec()
    report = report_of(spec)
    outputs = [row.output_bytes for row in report.leaves]
    assert max(outputs) <= peak_of(spec) <= sum(outputs)
