"""What excites a filter: a plain loop over the pictures is the witness, and searches go on while somebody looks."""

import time

import numpy as np
import pytest

from cnnviz.data import fashion_mnist, garment
from cnnviz.insight import inside
from cnnviz.insight.excitement import STRONGEST, Search, Searches
from cnnviz.inspection import report_of
from cnnviz.specs.catalog import architecture
from cnnviz.specs.labs.inside import NIN_RUN
from cnnviz.training.recorded import recordings


def search(key="lenet", macs=None):
    spec = architecture(key).spec()
    return Search(inside.untrained(spec), spec, macs or report_of(spec).macs)


def test_the_strongest_pictures_are_the_strongest_of_a_loop():
    spec = architecture("lenet").spec()
    model = inside.untrained(spec)
    one = Search(model, spec, 10**6)
    for _ in range(3):
        one.advance()
    found = one.found()
    stage = found.stages["conv2"]
    assert found.pictures == 3 * 150 and not found.done and found.of == 10_000
    answers = []
    for number in range(found.pictures):
        picture = inside.prepared(garment(number), spec)
        answers.append(inside.maps(model, picture, "conv2").max((1, 2)))
    by_hand = np.array(answers)
    for channel in range(16):
        order = np.sort(by_hand[:, channel])[::-1][:STRONGEST]
        assert np.allclose(stage.answers[channel], order, atol=1e-5)
        assert np.allclose(by_hand[stage.strongest[channel], channel], stage.answers[channel], atol=1e-5)
    labels = fashion_mnist("test").labels
    shares = [max(list(labels[row]).count(label) for label in range(10)) / STRONGEST for row in stage.strongest]
    assert stage.purity == pytest.approx(np.mean(shares))
    assert 0.2 < found.chance < 0.35  # nine draws from ten classes: the most frequent comes 2.5 times


def test_a_search_that_somebody_looks_at_ends_with_the_whole_test_set():
    searches, one = Searches(), search()
    began = time.monotonic()
    first = searches.look("lenet", lambda: one)
    assert first.pictures <= 500, "the first answer does not wait for the others"
    while not (found := searches.look("lenet", search)).done:
        assert time.monotonic() - began < 60
        time.sleep(0.05)
    assert found.pictures == 10_000 and one.done
    everything = Search(inside.untrained(architecture("lenet").spec()), architecture("lenet").spec(), 1)
    while not everything.done:
        everything.advance()
    assert np.array_equal(everything.found().stages["conv1"].strongest, found.stages["conv1"].strongest)


def test_a_search_that_nobody_looks_at_rests(monkeypatch):
    monkeypatch.setattr("cnnviz.insight.excitement._PATIENCE", 0.0)
    searches, one = Searches(), search(macs=10**9)
    assert searches.look("dear", lambda: one).pictures == STRONGEST, "a network that is dear takes small steps"
    time.sleep(0.3)
    assert one.found().pictures <= 3 * STRONGEST


def test_only_so_many_searches_are_kept(monkeypatch):
    monkeypatch.setattr("cnnviz.insight.excitement._KEPT", 2)
    searches, made = Searches(), []

    def begin():
        made.append(search(macs=10**9))
        return made[-1]

    for key in ("a", "b", "a", "c", "a", "b"):
        searches.look(key, begin)
    assert len(made) == 4, "b had to go, and was begun anew"


def test_trained_filters_narrow_down_to_classes_in_deep_networks_and_hardly_in_lenet():
    """The lab's question, on the weights of the recorded runs and the first two thousand pictures."""
    rises = {}
    for recording in recordings():
        weights = [path for path in recording.weights if path.name.endswith("last.safetensors")]
        spec = recording.config.architecture
        if not weights or spec.key == "densenet":  # NiN is deep enough, and cheaper
            continue
        assert (recording.id == NIN_RUN) == (spec.key == "nin")
        report = report_of(spec)
        one = Search(inside.trained(spec, weights[0]), spec, report.macs)
        while one.found().pictures < (300 if spec.key == "nin" else 2000):
            one.advance()
        found, stages = one.found(), [row.path for row in inside.map_stages(report)]
        assert found.stages[stages[0]].purity > found.chance
        rises[spec.key] = found.stages[stages[-1]].purity - found.stages[stages[0]].purity
    assert rises.keys() == {"lenet", "lenet_bn", "nin"}
    assert rises["nin"] > 0.2
    assert max(rises["lenet"], rises["lenet_bn"]) < 0.1
