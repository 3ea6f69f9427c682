"""A data file that is missing or damaged: the worker lives, and the run says which file it is."""

from cnnviz.errors import CnnvizError
from cnnviz.training import Control, TrainingConfig, loop, worker


def test_the_worker_survives_and_the_run_names_the_file(monkeypatch):
    def no_data(*_arguments, **_options):
        raise CnnvizError("data_missing", file="train-images-idx3-ubyte.gz")
        yield

    monkeypatch.setattr(loop, "train", no_data)
    worker._warm_up()
    config = TrainingConfig(architecture="lenet").model_dump(mode="json")
    (failed,) = worker._events({"config": config}, Control())
    assert (failed.kind, failed.code) == ("failed", "data_missing")
    assert failed.parameters["file"] == "train-images-idx3-ubyte.gz"
