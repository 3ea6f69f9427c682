"""Forged values for every widget of every page and of every view of the labs: no traceback, and nobody else notices.

Each is sent in a session of its own, since what cannot be read stays in it until the page is loaded again. `make soak`
sends every forgery to every widget, `make test` one to some widgets of every page.
"""

import random

import pytest

from cnnviz.ui.places import PLACES
from cnnviz.ui.steps import LAB_STEPS, STEPS
from tests.load.forgeries import forgeries
from tests.load.visitor import Visitor

pytestmark = pytest.mark.timeout(600)
PAGES = {place.url_path: {} for place in PLACES}
SOME = 10
"""Forgeries of a page in `make test`."""
VIEWS = {name: dict(STEPS[name].parameters) for name in LAB_STEPS}
MORE = {
    "race": [{"kind": "own"}],
    "training": [{"chain": "horizontal_flip~hue"}],
    **{page: [{"picture": "upload"}] for page in ("augmentation", "inside", "by-hand")},
}
"""Links that show widgets which a page hides otherwise."""


@pytest.fixture
def visit(app, request):
    """Opens a page in a session that ends with the test."""

    def begin(page, cookie=None, **query):
        visitor = Visitor(app.url, cookie=cookie)
        request.addfinalizer(visitor.close)
        visitor.open(page, **query)
        return visitor

    return begin


def seen(visitor):
    """What a page shows, as far as a visitor can compare it."""
    return visitor.texts, visitor.widgets, visitor.query, visitor.exceptions


def forge(app, visit, page, query, some, known=()):
    """Send forgeries to a page's widgets while somebody honest looks at it; returns the ids and how many were sent.

    Args:
        app: the server.
        visit: opens a page.
        page: its address.
        query: the rest of its link.
        some: which of all (id, field, value) are sent.
        known: ids of widgets that have had theirs.
    """
    honest, curious = visit(page, **query), visit(page, **query)
    curious.open_drawers()
    assert not curious.exceptions, "nothing is forged yet"
    honest.rerun()
    before, shown = seen(honest), []
    new = {widget: kind for widget, kind in curious.widgets.items() if widget not in known}
    sent = some([forgery for widget, kind in new.items() for forgery in forgeries(widget, kind)])
    for target, field, value in sent:
        with Visitor(app.url, cookie=curious.cookie) as attacker:
            attacker.follow(curious)
            attacker.forge(target, value, field)
            shown += [(target, field, repr(value)[:100], what) for what in attacker.exceptions]
            assert attacker.texts, "a page, or a sentence in its place"
    assert not shown
    honest.rerun()
    assert seen(honest) == before
    assert not visit(page, curious.cookie, **query).exceptions, "the same person, the page loaded again"
    return set(new), len(sent)


@pytest.mark.parametrize("page", PAGES)
def test_some_forged_values_reach_nobody_else(app, visit, page):
    chance = random.Random(page)
    assert forge(app, visit, page, {}, lambda every: chance.sample(every, SOME))[1] == SOME


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("page", PAGES)
def test_every_forgery_for_every_widget(app, visit, page):
    views = [query for name, query in VIEWS.items() if name.partition(".")[0] == page] + MORE.get(page, [])
    known, count = forge(app, visit, page, {}, lambda every: every)
    for query in views:
        widgets, more = forge(app, visit, page, query, lambda every: every, known)
        known, count = known | widgets, count + more
    assert count >= 30 * len(known) > 0
