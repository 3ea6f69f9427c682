"""Two processes with half a batch each have the curve of one process with the whole batch."""

import pytest
import torch

from cnnviz.errors import CnnvizError
from cnnviz.training import TrainingConfig, checkpoints, train
from cnnviz.training.parallel import launch

pytestmark = pytest.mark.timeout(240)
CONFIG = TrainingConfig(
    architecture="lenet", train_images=1037, batch_size=65, epochs=2, optimizer="adam", learning_rate=0.005,
    test_images=500, evaluations=2, gradient_clip=1.0, label_smoothing=0.1, schedule="cosine", threads=1, seed=3,
)  # fmt: skip


def test_two_processes_have_the_curve_of_one_with_the_same_global_batch(tmp_path):
    """65 images do not halve, and the last batch of an epoch has 62: the shares are weighted."""
    together = list(launch(CONFIG, 2, tmp_path))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        alone = list(train(CONFIG))
    finally:
        torch.set_num_threads(threads)
    losses = [loss for event in together if event.kind == "steps" for loss in event.losses]
    expected = [loss for event in alone if event.kind == "steps" for loss in event.losses]
    assert len(losses) == CONFIG.total_steps == 32
    assert losses == pytest.approx(expected, rel=1e-4)
    assert losses[-1] != pytest.approx(losses[0], rel=0.01), "it has learned something"
    measured = [(event.step, event.test_loss) for event in together if event.kind == "evaluated"]
    assert measured == [
        (event.step, pytest.approx(event.test_loss, rel=1e-3)) for event in alone if event.kind == "evaluated"
    ]
    assert together[0].kind == "started" and together[0].device_name.startswith("2 ×")
    assert together[-1].kind == "finished" and together[-1].reason == "completed"
    saved = checkpoints.read(tmp_path / "last.safetensors")
    assert saved.position.step == 32
    goes_on = list(train(CONFIG.replace(epochs=3), resume=tmp_path / "last.safetensors"))
    assert goes_on[0].step == 32 and goes_on[-1].reason == "completed"


@pytest.mark.soak
def test_batch_norm_that_cannot_be_shared_is_refused(tmp_path):
    if torch.cuda.is_available():
        return  # there it is shared
    (event,) = launch(CONFIG.replace(architecture="lenet_bn"), 2)
    assert (event.kind, event.code) == ("failed", "batch_norm_not_shared")


@pytest.mark.parametrize("processes", [0, -1, 63, 1000])
def test_so_many_processes_are_refused(processes):
    with pytest.raises(CnnvizError) as caught:
        next(launch(CONFIG, processes))
    assert caught.value.field == "processes"
