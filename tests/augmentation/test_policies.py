"""The policies' steps: tables and pixels are those of torchvision's classes."""

import pytest
import torch
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional

from cnnviz.augmentation import Pipeline
from cnnviz.augmentation.behaviours.steps import magnitudes
from cnnviz.data import cat, garment
from cnnviz.specs.augmentation import AugMix, AutoAugment, RandAugment, TrivialAugmentWide
from cnnviz.specs.augmentation.policies import UNSIGNED
from cnnviz.specs.augmentation.policy_tables import SUBPOLICIES
from tests.augmentation.torchvision_draws import transform_of

SPACES = [(AutoAugment(), 10), (RandAugment(), 31), (TrivialAugmentWide(), 31), (AugMix(), 10)]


@pytest.mark.parametrize("policy", SUBPOLICIES)
def test_pairs_are_torchvisions(policy):
    expected = v2.AutoAugment(v2.AutoAugmentPolicy(policy))._policies
    ours = AutoAugment(policy=policy).pairs
    assert ours == tuple(tuple((step, p, magnitude or 0) for step, p, magnitude in pair) for pair in expected)


@pytest.mark.parametrize(("operation", "bins"), SPACES)
@pytest.mark.parametrize("size", [(28, 28), (300, 451), (1, 1)])
def test_spaces_are_torchvisions(operation, bins, size):
    space = transform_of(operation)._AUGMENTATION_SPACE
    assert operation.space.steps == tuple(space)
    for step, (strengths, signed) in space.items():
        assert signed == (step not in UNSIGNED)
        expected = strengths(bins, *size)
        ours = magnitudes(operation.space, step, bins, size)
        assert ours.tolist() == ([0.0] * bins if expected is None else expected.double().tolist()), step


@pytest.mark.parametrize(
    "operation", [*(operation for operation, _bins in SPACES), AugMix(severity=9, mixture_width=2)]
)
def test_recorded_steps_make_torchvisions_picture(operation):
    """The class runs as it is, its steps are written down, and applied again here."""
    transform = transform_of(operation)
    own, own_dirichlet = transform._apply_image_or_video_transform, torch._sample_dirichlet
    pipeline = Pipeline(operations=(operation,))
    for picture in (cat().resize((90, 60)), garment(3)):
        image = functional.pil_to_tensor(picture)
        for seed in range(12):
            chains, shares = [], []

            def apply(inpt, step, magnitude, *, chains=chains, image=image, **options):
                if not chains or inpt.data_ptr() == image.data_ptr():  # a chain starts from the picture itself
                    chains.append([])
                chains[-1].append([step, magnitude])
                changed = own(inpt, step, magnitude, **options)
                return changed.clone() if changed.data_ptr() == image.data_ptr() else changed

            def dirichlet(concentrations, shares=shares):
                shares.append(own_dirichlet(concentrations))
                return shares[-1]

            transform._apply_image_or_video_transform = apply
            transform._sample_dirichlet = dirichlet
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                expected = transform(image)
            values = {"steps": [step for chain in chains for step in chain]}
            if shares:
                (kept, changed), parts = shares[0][0].tolist(), shares[1][0].tolist()
                values = {"chains": chains, "shares": [kept, *(changed * part for part in parts)]}
            drawn = [(operation.kind, values)]
            page = pipeline.apply(image, drawn)
            batch = pipeline.apply_draws(image.unsqueeze(0), pipeline.pack([drawn]))[0]
            assert (page.int() - expected.int()).abs().max() <= 1
            assert (batch.int() - expected.int()).abs().max() <= 1
