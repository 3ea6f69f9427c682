"""One of a kind for a whole server, whoever asks first and whatever becomes of Streamlit's caches."""

import threading
import time

import pytest
import streamlit as st

from cnnviz.ui import engine, metrics, speed
from cnnviz.ui.once import once


def test_many_who_ask_at_once_get_the_same_one():
    made, got = [], []

    @once
    def slow():
        made.append(threading.get_ident())
        time.sleep(0.05)
        return object()

    threads = [threading.Thread(target=lambda: got.append(slow())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1 and len(set(map(id, got))) == 1 and len(got) == 8


def test_what_could_not_be_made_is_tried_again():
    answers = [ValueError("not yet"), "made"]

    @once
    def unsteady():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(ValueError, match="not yet"):
        unsteady()
    assert unsteady() == unsteady() == "made"


@pytest.mark.parametrize("ask", [metrics.meter, engine.teachers, speed.speedometer], ids=lambda ask: ask.__name__)
def test_emptying_the_caches_leaves_what_a_server_has_one_of(ask):
    before = ask()
    st.cache_resource.clear()
    st.cache_data.clear()
    assert ask() is before
