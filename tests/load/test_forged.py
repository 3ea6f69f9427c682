"""Forged values for every widget of every page and view, also of those who have joined, lead or have runs of their own.

No traceback, and nobody else notices. Each is sent in a session of its own, since what cannot be read stays in it until
the page is loaded again. `make soak` sends every forgery to every widget, `make test` one to some widgets of each.
"""

import random

import pytest

from cnnviz.ui.places import PLACES
from cnnviz.ui.steps import LAB_STEPS, STEPS
from tests.load.forgeries import forgeries
from tests.load.situations import SITUATIONS, begin, unfolded
from tests.load.visitor import Visitor

pytestmark = pytest.mark.timeout(600)
PAGES = {place.url_path: {} for place in PLACES}
SOME = 4
FEW = 3
"""Forgeries of a page, and of what people of a class have in front of them, in `make test`."""
VIEWS = {name: dict(STEPS[name].parameters) for name in LAB_STEPS}
MORE = {
    "race": [{"kind": "own"}],
    "training": [{"chain": "horizontal_flip~hue"}],
    **{page: [{"picture": "upload"}] for page in ("augmentation", "inside", "by-hand")},
}
"""Links that show widgets which a page hides otherwise."""
STILL = {"filters": "maps", "bag": "points"}
"""What goes on by itself as long as anybody looks: an honest person looks at the view beside it instead."""
LAST = ("-lock", "-leave", "-delete", "-stop", "-unfollow")


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
    """What a page shows, as far as a visitor can compare it: how long a run would take follows every run there is."""
    texts = ["About …" if text.startswith("About ") else text for text in visitor.texts]
    return texts, visitor.widgets, visitor.query, visitor.exceptions


def forge(app, visit, curious, beside, some, known=(), button=None):
    """Send forgeries to a page's widgets while somebody honest looks on; returns the ids and how many were sent.

    Args:
        app: the server.
        visit: opens a page.
        curious: somebody who has the page open, with all that can be unfolded.
        beside: the page and the rest of the link of what the honest one looks at, which has to stay as it is.
        some: which of all (id, field, value) are sent.
        known: ids of widgets that have had theirs.
        button: how the id of a button ends that is pressed after each forged value.
    """
    honest = visit(beside[0], **beside[1])
    assert not curious.exceptions, "nothing is forged yet"
    honest.rerun()
    before, shown = seen(honest), []
    new = {widget: kind for widget, kind in curious.widgets.items() if widget not in known}
    sent = some([forgery for widget, kind in new.items() for forgery in forgeries(widget, kind)])
    for target, field, value in sorted(sent, key=harm):
        with Visitor(app.url, cookie=curious.cookie) as attacker:
            attacker.follow(curious)
            attacker.forge(target, value, field)
            shown += [(target, field, repr(value)[:100], what) for what in attacker.exceptions]
            assert attacker.texts, "a page, or a sentence in its place"
            pressed = [widget for widget in attacker.widgets if button and widget.endswith(f"-{button}")]
            if pressed and field != "trigger_value":
                attacker.forge(pressed[0], True, "trigger_value")
                shown += [(target, field, repr(value)[:100], button, what) for what in attacker.exceptions]
    assert not shown
    honest.rerun()
    assert seen(honest) == before, set(seen(honest)[0]) ^ set(before[0])
    again = visit("home", curious.cookie)
    again.follow(curious)
    assert not again.exceptions, "the same person, the page loaded again"
    return set(new), len(sent)


def harm(forgery):
    """Forged values first, then buttons that are pressed, and last those after which there is nothing left to forge."""
    target, field, _value = forgery
    return field == "trigger_value", target.endswith(LAST)


def of_everybody(visit, curious, but):
    """The widgets that a passer-by finds on the same page, but for some: their forgeries are another test's."""
    return {widget for widget in unfolded(visit, curious.page).widgets if not widget.endswith(tuple(filter(None, but)))}


@pytest.mark.parametrize("page", PAGES)
def test_some_forged_values_reach_nobody_else(app, visit, page):
    chance = random.Random(page)
    assert forge(app, visit, unfolded(visit, page), (page, {}), lambda every: chance.sample(every, SOME))[1] == SOME


@pytest.mark.parametrize("situation", SITUATIONS)
def test_some_values_forged_by_people_of_the_class_reach_nobody_else(app, visit, situation):
    chance, ends = random.Random(situation), SITUATIONS[situation]
    curious, beside = begin(situation, app.home, visit)
    missing = [end for end in ends if end and not any(widget.endswith(f"-{end}") for widget in curious.widgets)]
    assert not missing, "what belongs to the situation is among what is forged"
    some, known = lambda every: chance.sample(every, FEW), of_everybody(visit, curious, ends)
    assert forge(app, visit, curious, beside, some, known, ends[0])[1] == FEW


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("page", PAGES)
def test_every_forgery_for_every_widget(app, visit, page):
    views = [query for name, query in VIEWS.items() if name.partition(".")[0] == page] + MORE.get(page, [])
    known, count = set(), 0
    for query in [{}, *views]:
        curious = unfolded(visit, page, **query)
        beside = {**query, "view": STILL.get(query["view"], query["view"])} if "view" in query else query
        widgets, more = forge(app, visit, curious, (page, beside), lambda every: every, known)
        known, count = known | widgets, count + more
    assert count >= 30 * len(known) > 0


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_forgery_by_people_of_the_class(app, visit, situation):
    curious, beside = begin(situation, app.home, visit)
    ends = SITUATIONS[situation]
    known = of_everybody(visit, curious, ends)
    widgets, count = forge(app, visit, curious, beside, lambda every: every, known, ends[0])
    assert count >= 30 * len(widgets) > 0
