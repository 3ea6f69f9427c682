"""Two processes with half a batch each have the curve of one process with the whole batch, and obey like one."""

import subprocess
import sys

import psutil
import pytest
import torch

from cnnviz.errors import CnnvizError
from cnnviz.specs.catalog import spec_of
from cnnviz.training import Control, TrainingConfig, checkpoints, train
from cnnviz.training.choices import automatic_threads
from cnnviz.training.history import history
from cnnviz.training.keeper import Keeper
from cnnviz.training.team import _check_gpus
from tests.project.sources import ROOT

pytestmark = pytest.mark.timeout(240)
CONFIG = TrainingConfig(
    architecture="lenet_bn", train_images=1037, batch_size=65, epochs=2, optimizer="adam", learning_rate=0.005,
    test_images=500, evaluations=2, gradient_clip=1.0, label_smoothing=0.1, schedule="cosine", threads=1, seed=3,
)  # fmt: skip
SHARED = CONFIG.replace(processes=2)
FLIPPED = {"operations": [{"kind": "horizontal_flip"}]}


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def nobody_is_left():
    yield
    assert not [child for child in psutil.Process().children() if any("team" in part for part in child.cmdline())]


def losses(events):
    return [loss for event in events if event.kind == "steps" for loss in event.losses]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        pytest.param({"architecture": "lenet"}, marks=pytest.mark.soak),
        pytest.param({"architecture": spec_of("lenet_bn", norm_kind="scratch")}, marks=pytest.mark.soak),
        pytest.param({"architecture": spec_of("lenet_bn", norm_kind="mean")}, marks=pytest.mark.soak),
        pytest.param({"processes": 3}, marks=pytest.mark.soak),
    ],
    ids=["batch norm", "without", "from scratch", "mean only", "three processes"],
)
def test_two_processes_have_the_curve_of_one_with_the_same_global_batch(tmp_path, changes):
    """65 images do not halve, and the last batch of an epoch has 62: the shares are weighted, and so is batch norm."""
    shared = SHARED.replace(**changes)
    together, alone = list(train(shared, folder=tmp_path)), list(train(shared.replace(processes=1)))
    assert len(losses(together)) == shared.total_steps
    assert losses(together) == pytest.approx(losses(alone), rel=1e-4)
    measured = [(event.step, event.test_loss) for event in together if event.kind == "evaluated"]
    assert measured == [
        (event.step, pytest.approx(event.test_loss, rel=1e-3)) for event in alone if event.kind == "evaluated"
    ]
    assert together[0].device_name == f"{shared.processes} × {alone[0].device_name}"
    assert (together[-1].kind, together[-1].reason) == ("finished", "completed")
    assert not torch.distributed.is_initialized()
    goes_on = list(train(shared.replace(epochs=3, processes=1), resume=tmp_path / "last.safetensors"))
    assert goes_on[0].step == shared.total_steps and goes_on[-1].reason == "completed", "one process can take over"


@pytest.mark.soak
def test_a_continued_run_draws_the_masks_that_it_would_have_drawn(tmp_path, monkeypatch):
    """Each process has its own: they are in the checkpoint."""
    monkeypatch.setattr(Keeper, "due", True)
    config = SHARED.replace(architecture=spec_of("lenet_bn", dropout=0.4), epochs=1)
    whole = losses(train(config, folder=tmp_path))
    step, file = history(tmp_path)[5]
    assert 0 < step < config.total_steps
    assert {"dropout", "dropout 1"} <= set(checkpoints.read(file).random)
    assert losses(train(config, resume=file)) == pytest.approx(whole[step:], rel=1e-6)


@pytest.mark.soak
def test_it_obeys_like_one_process_and_ends_within_its_time():
    config = SHARED.replace(schedule="constant", epochs=200, evaluations=1, time_budget=1.0)
    control, events = Control(), []
    for event in train(config, control=control):
        events.append(event)
        if event.kind == "steps" and len(losses(events)) == 1:
            control.pause()
            control.step()
            control.set_learning_rate(0.001)
            control.resume()
    assert [event.action for event in events if event.kind == "controlled"] == [
        "pause", "step", "learning_rate", "resume"
    ]  # fmt: skip
    rates = {event.learning_rate for event in events if event.kind == "steps" and event.step > 3}
    assert rates == {0.001}
    assert (events[-1].reason, events[-1].test_accuracy is None) == ("time_budget", False)


@pytest.mark.parametrize(
    ("package", "changes"),
    [("psutil", {}), pytest.param("torchvision", {"augmentation": FLIPPED}, marks=pytest.mark.soak)],
)
def test_a_process_that_cannot_begin_says_why(tmp_path, monkeypatch, package, changes):
    """While it imports, and later, when the processes have met."""
    (tmp_path / f"{package}.py").write_text("raise ImportError('not on this machine')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    *_before, failed = train(SHARED.replace(**changes))
    assert (failed.code, failed.parameters) == ("process_lost", {"processes": 2, "reason": "exit status 1"})
    assert "not on this machine" in failed.detail
    assert "exit status 1" in str(CnnvizError(failed.code, **failed.parameters))


@pytest.mark.parametrize(("processes", "code"), [(0, "value_too_small"), (63, "processes_more_than_images"),
                                                 (65, "value_too_large")])  # fmt: skip
def test_so_many_processes_are_refused(processes, code):
    """62 images are left for the last batch of a pass, and everybody needs one."""
    with pytest.raises(CnnvizError) as caught:
        CONFIG.replace(processes=processes)
    assert (caught.value.code, caught.value.field) == (code, "processes")
    assert CONFIG.replace(processes=62).processes == 62


@pytest.mark.parametrize(("own", "threads"), [("", (8, 4)), ("6", (6, 3)), ("1", (1, 1)), ("99", (8, 4))])
def test_processes_share_the_cores_that_are_the_run_s_own(monkeypatch, own, threads):
    """Eight cores, of which a cluster may have given fewer to this run."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _process: set(range(8)), raising=False)
    monkeypatch.setenv("CNNVIZ_CORES", own)
    assert (automatic_threads(CONFIG), automatic_threads(SHARED)) == threads


def test_each_process_needs_a_gpu_of_its_own(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(CnnvizError, match="at most 1"):
        _check_gpus(SHARED, torch.device("cuda"))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    _check_gpus(SHARED, torch.device("cuda"))


@pytest.mark.soak
def test_under_torchrun_the_processes_are_those_that_it_has_started():
    launcher = ["-m", "torch.distributed.run", "--standalone", "--local-addr", "127.0.0.1", "--nproc-per-node", "2"]
    command = ["-m", "cnnviz", "train", "lenet", "--images", "256", "--test-images", "100", "--threads", "1", "--json"]
    done = subprocess.run([sys.executable, *launcher, *command], check=False, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert '"device_name":"2 × ' in lines[0] and lines[-1].count('"completed"') == 1
    assert len([line for line in lines if '"started"' in line]) == 1, "the others are silent"
