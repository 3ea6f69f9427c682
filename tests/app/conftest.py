"""Pages without a browser: AppTest over the frame that every page runs in."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnnviz.ui.places import Place
from tests.packages import packages_scanned_once  # noqa: F401

MAIN = Path(__file__).resolve().parents[2] / "pages" / "main.py"


@pytest.fixture(scope="session", autouse=True)
def runs_kept_elsewhere(tmp_path_factory):
    """The engine of these tests keeps its runs in a folder of its own."""
    patch = pytest.MonkeyPatch()
    patch.setenv("CNNVIZ_HOME", str(tmp_path_factory.mktemp("runs")))
    yield
    patch.undo()


@pytest.fixture
def open_page():
    """Open a page as a reader would: `open_page(place, "es", net="lenet")`."""

    def open_it(place: Place, language: str = "en", **query: str) -> AppTest:
        app = AppTest.from_file(str(MAIN), default_timeout=60)
        app.context = {"locale": {"en": "en-US", "es": "es-AR"}[language], "theme": "light", "url": "http://localhost/"}
        if "lang" in query:
            app.query_params["lang"] = query["lang"]
        app.run()
        for name, value in query.items():
            app.query_params[name] = value
        return app.switch_page(place.script).run()

    return open_it


@pytest.fixture
def answer():
    """Settle on an answer to a lab's question: `answer(app, "dense.staircase", 2)`."""

    def answer_it(app: AppTest, view: str, choice: int) -> AppTest:
        app.radio(key=f"{view} answer").set_value(choice).run()
        assert not app.success, "nothing is revealed before somebody has settled"
        return app.button(key=f"{view} answer settle").click().run()

    return answer_it
