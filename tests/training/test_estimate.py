"""What is said before a run comes true: peak memory of real processes, and the seconds measured on a quiet machine."""

import re
import subprocess
import sys
from dataclasses import replace

import pytest

from cnnviz.errors import CnnvizError
from cnnviz.specs.presets import presets
from cnnviz.specs.training import TrainingConfig
from cnnviz.training import memory
from cnnviz.training.estimate import estimate, refuse_if_too_large
from cnnviz.training.records import RunRecord

REFERENCE = {"threads": 2, "precision": "float32"}  # does the work that the recorded seconds were measured with
QUICK = ("lenet", "lenet_bn", "alexnet", "vgg11", "vgg11_small", "nin", "googlenet", "resnet18", "resnet34", "densenet")


def recorded_seconds(root):
    """Network → seconds of its class preset, as docs/measurements.md has them."""
    found = {}
    for line in (root / "docs" / "measurements.md").read_text(encoding="utf-8").splitlines():
        if match := re.match(r"\| class preset of ([\w, ]+):[^|]*\| \w+ \|.* in ([\d., to]+) s", line):
            seconds = re.split(r",\s*", match[2])
            for key, text in zip(match[1].split(", "), seconds, strict=True):
                found[key] = float(text.split(" to ")[-1])
    return found


def test_seconds_are_within_a_factor_of_two_of_those_measured(root):
    recorded = recorded_seconds(root)
    assert set(QUICK) <= set(recorded), "the table has them all"
    for key in QUICK:
        found = estimate(presets(key)[0].config.replace(**REFERENCE))
        assert found.seconds and found.basis == "report"
        assert recorded[key] / 2 < found.seconds.expected < recorded[key] * 2, key
        assert found.seconds.low < recorded[key] < found.seconds.high, key


CHILD = """
import resource, sys
from cnnviz.specs.training import TrainingConfig
from cnnviz.training.choices import set_threads
from cnnviz.training.loop import train
config = TrainingConfig.model_validate_json(sys.stdin.read())
set_threads(config)
kinds = [event.kind for event in train(config)]
assert kinds[-1] == "finished", kinds
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
if sys.platform == "linux":  # where ru_maxrss is at least what the parent had when it forked
    peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(peak if sys.platform == "darwin" else peak * 1024)
"""


@pytest.mark.parametrize(
    ("network", "batch_size", "optimizer"),
    [({"key": "resnet18", "image_size": 64}, 96, "adam"), ({"key": "lenet_bn"}, 2048, "sgd")],
    ids=["resnet18", "lenet_bn"],
)
def test_memory_is_what_a_process_takes(network, batch_size, optimizer, root):
    config = TrainingConfig(
        architecture=network, batch_size=batch_size, optimizer=optimizer, learning_rate=0.001,
        train_images=2 * batch_size, test_images=500, evaluations=1, threads=1, precision="float32",
    )  # fmt: skip
    child = subprocess.run(
        [sys.executable, "-c", CHILD], input=config.model_dump_json(), capture_output=True, text=True, check=True,
        cwd=root,
    )  # fmt: skip
    assert estimate(config).memory_bytes == pytest.approx(int(child.stdout), rel=0.35)


# refusing


def small(**options):
    return TrainingConfig(**{"architecture": "lenet_bn", **REFERENCE, **options})


def with_memory(monkeypatch, available):
    monkeypatch.setattr("cnnviz.training.estimate.memory_available", lambda device: available)


def test_what_fits_passes_and_what_nobody_can_tell_passes(monkeypatch):
    refuse_if_too_large(estimate(small()), small())
    with_memory(monkeypatch, None)
    found = estimate(small(batch_size=4096))
    assert found.fits and found.largest_batch is None
    refuse_if_too_large(found, small())


def test_a_batch_that_is_too_large_is_refused_with_the_largest_that_fits(monkeypatch):
    with_memory(monkeypatch, 1200 * 2**20)
    config = small(architecture={"key": "resnet18", "image_size": 64}, batch_size=1024)
    with pytest.raises(CnnvizError) as caught:
        refuse_if_too_large(estimate(config), config)
    error = caught.value
    assert (error.code, error.field) == ("memory_too_small", "batch_size")
    assert error.parameters["needed"] > error.parameters["available"]
    largest = error.parameters["largest"]
    assert 1 <= largest < 1024
    good = config.replace(batch_size=largest)
    refuse_if_too_large(estimate(good), good)
    with pytest.raises(CnnvizError):
        refuse_if_too_large(estimate(config.replace(batch_size=largest + 1)), config)


def test_a_network_that_does_not_fit_with_any_batch_is_refused_for_its_size(monkeypatch):
    with_memory(monkeypatch, 2**30)
    config = small(architecture="alexnet", batch_size=1, optimizer="adam")
    with pytest.raises(CnnvizError) as caught:
        refuse_if_too_large(estimate(config), config)
    assert (caught.value.code, caught.value.field) == ("memory_too_small_for_network", "image_size")


def test_adam_keeps_two_more_values_a_weight_and_a_larger_picture_needs_more():
    plain, adam = (estimate(small(architecture="alexnet", optimizer=name)) for name in ("sgd", "adam"))
    assert adam.memory_bytes - plain.memory_bytes == 2 * 4 * 46_764_746
    sizes = [estimate(small(architecture={"key": "lenet_bn", "image_size": size})) for size in (28, 56)]
    assert sizes[0].memory_bytes < sizes[1].memory_bytes


def test_processes_that_share_a_run_take_memory_each_and_its_time_together():
    one, two = (estimate(small(processes=count, threads=1)) for count in (1, 2))
    assert two.memory_bytes - one.memory_bytes > 800 * 2**20, "torch and the data are in both"
    assert one.seconds.expected / 2 < two.seconds.expected < one.seconds.expected
    on_gpus = memory.memory_needed(small(processes=2), "cuda", "float32")
    on_gpu = memory.memory_needed(small(), "cuda", "float32")
    assert (on_gpus.fixed, on_gpus.per_image) == (on_gpu.fixed, on_gpu.per_image / 2), "of each GPU"


def test_control_groups_limit_what_the_system_has(tmp_path):
    group = tmp_path / "a" / "b"
    group.mkdir(parents=True)
    (group / "memory.max").write_text("1000\n")
    (group / "memory.current").write_text("700\n")
    (group / "memory.stat").write_text("anon 500\ninactive_file 150\n")
    (group.parent / "memory.max").write_text("max\n")
    (group.parent / "memory.current").write_text("900\n")
    membership = tmp_path / "cgroup"
    membership.write_text("0::/a/b\n")
    assert list(memory._free_in_groups(tmp_path, membership)) == [450]
    assert list(memory._free_in_groups(tmp_path / "none", tmp_path / "none")) == []
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 99 kB\nMemAvailable:   12 kB\n")
    assert memory._free_in_system(meminfo) == 12 * 1024


def test_the_groups_of_the_old_kind_are_read_too(tmp_path):
    group = tmp_path / "memory" / "a"
    group.mkdir(parents=True)
    (group / "memory.limit_in_bytes").write_text("1000")
    (group / "memory.usage_in_bytes").write_text("400")
    (group.parent / "memory.limit_in_bytes").write_text(str(2**63 - 4096))
    (group.parent / "memory.usage_in_bytes").write_text("1")
    membership = tmp_path / "cgroup"
    membership.write_text("5:cpu,cpuacct:/x\n4:memory:/a\n")
    assert list(memory._free_in_groups(tmp_path, membership)) == [600]


# earlier runs


def run(config, images_per_second, **choices):
    chosen = {"device": "cpu", "threads": 2, "precision": "float32", **choices}
    return RunRecord(
        id="aaaaaaaaaa", owner="o", group=None, name="", config=config, state="finished", created=0.0,
        step=100, total_steps=100, seconds=1.0, images_per_second=images_per_second, choices=chosen,
    )  # fmt: skip


def test_an_earlier_run_of_the_same_network_says_how_long_it_takes():
    config = small(epochs=2, evaluations=1, test_images=1)
    found = estimate(config, speeds=[run(small(epochs=5), 1000.0)])
    assert found.basis == "same" and found.seconds
    assert found.seconds.expected == pytest.approx(2 * 60_000 / 1000, rel=0.05)
    slower = estimate(config, speeds=[run(small(), 500.0)]).seconds
    assert slower and slower.expected == pytest.approx(2 * found.seconds.expected, rel=0.05)


def test_the_nearest_earlier_run_counts_and_another_device_does_not():
    config, plain = small(), estimate(small())
    runs = [run(small(architecture="alexnet"), 3.0), run(small(architecture="lenet"), 9000.0), run(small(), 4000.0)]
    assert [estimate(config, speeds=runs[:count]).basis for count in (1, 2, 3)] == ["machine", "family", "same"]
    elsewhere = [run(small(), 90_000.0, device="cuda"), replace(run(small(), 1.0), step=1)]
    assert estimate(config, speeds=elsewhere).seconds == plain.seconds
    ranges = [found.seconds.high / found.seconds.low for found in (plain, estimate(config, speeds=runs))]
    assert ranges[1] < ranges[0], "what was measured is known better"


def test_more_epochs_images_and_measurements_take_longer_and_threads_less():
    base = estimate(small()).seconds.expected
    for longer in ({"epochs": 3}, {"batch_size": 16}, {"evaluations": 200}, {"threads": 1}):
        assert estimate(small(**longer)).seconds.expected > base, longer
    assert estimate(small(train_images=6000)).seconds.expected < base
    assert estimate(small(time_budget=3)).seconds.high == 3


def test_nothing_is_said_of_the_seconds_of_a_gpus_first_run(monkeypatch):
    import torch

    from cnnviz.training import choices

    real = choices.choose(small())
    monkeypatch.setattr(choices, "choose", lambda config: replace(real, device=torch.device("cuda")))
    with_memory(monkeypatch, 8 * 2**30)
    found = estimate(small())
    assert (found.seconds, found.basis, found.device) == (None, "unknown", "cuda")
    measured = estimate(small(), speeds=[run(small(), 50_000.0, device="cuda")])
    assert measured.basis == "same" and measured.seconds


def test_importing_it_brings_no_torch():
    code = "import sys, cnnviz.training.estimate, cnnviz.training.card; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
