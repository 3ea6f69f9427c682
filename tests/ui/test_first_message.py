"""The message that begins every answer is the one that Streamlit would build, and is not built anew each time."""

import time

import pytest
from streamlit import config
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import app_session

from cnnviz.ui.first_message import keep_theme
from tests.browser.server import ROOT

SECTIONS = ("theme", "theme.light", "theme.dark", "theme.sidebar", "theme.light.sidebar", "theme.dark.sidebar")


def theme():
    """The six sections where `AppSession._create_new_session_message` puts them."""
    whole = ForwardMsg().new_session.custom_theme
    parts = (whole, whole.light, whole.dark, whole.sidebar, whole.light.sidebar, whole.dark.sidebar)
    for part, section in zip(parts, SECTIONS, strict=True):
        app_session._populate_theme_msg(part, section)
    return whole


@pytest.fixture
def settings(monkeypatch):
    """The app's own settings, and Streamlit's function put back afterwards."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(app_session, "_populate_theme_msg", app_session._populate_theme_msg)
    config.get_config_options(force_reparse=True)


def test_the_theme_arrives_as_streamlit_sends_it_and_is_read_once(settings, monkeypatch):
    expected = theme()
    assert expected.light.primary_color and expected.dark.primary_color, "the app's own theme"
    assert keep_theme() and keep_theme(), "twice is once"
    asked, ask = [], config.get_options_for_section
    monkeypatch.setattr(config, "get_options_for_section", lambda section: asked.append(section) or ask(section))
    assert theme() == theme() == expected
    assert sorted(asked) == sorted(SECTIONS)


def test_it_costs_a_fraction(settings):
    def seconds():
        began = time.thread_time()
        for _ in range(30):
            theme()
        return time.thread_time() - began

    before = min(seconds() for _ in range(3))
    keep_theme()
    theme()
    assert min(seconds() for _ in range(3)) < 0.25 * before


def test_another_streamlit_is_left_as_it_is(monkeypatch):
    monkeypatch.delattr(app_session, "_populate_theme_msg")
    assert not keep_theme()
