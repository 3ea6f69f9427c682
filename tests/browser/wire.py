"""What travels between a page and its server: both ways, headers and all, by the half second."""

import re

from tests.browser.conftest import wait_for

UPDATES = 10
LIMIT = 3 * 1024  # bytes of an update, of which there are two a second
DRAWS = "Number(document.querySelector('.live-curves')?.dataset.draws || 0)"


class Wire:
    """Listens to a page from before its first address on.

    Attributes:
        frames: bytes of each message over the page's web socket since `clear`.
        answers: bytes of each answered request since `clear`.
    """

    def __init__(self, page):
        self._page = page
        self._requests = []
        self.frames = []
        page.on("websocket", self._watch)
        page.on("requestfinished", self._note)

    def _watch(self, socket):
        for event in ("framereceived", "framesent"):
            socket.on(event, lambda data: self.frames.append(len(data)))

    def _note(self, request):  # Playwright cannot take a list's own method
        self._requests.append(request)

    @property
    def answers(self):
        return [sum(request.sizes().values()) for request in list(self._requests)]

    def clear(self):
        self.frames.clear()
        self._requests.clear()

    def holds_its_limit(self):
        """Ten updates of the page's live chart, once it is there: each is small, and so is everything together."""
        wait_for(self._page, f"{DRAWS} > 1", timeout=60_000)
        begin = self._page.evaluate(f"({{ draws: {DRAWS}, at: performance.now() }})")
        self.clear()
        wait_for(self._page, f"start => {DRAWS} >= start + {UPDATES}", arg=begin["draws"], timeout=60_000)
        # A busy machine updates more rarely.
        halves = max(UPDATES, (self._page.evaluate("performance.now()") - begin["at"]) / 500)
        frames, answers = list(self.frames), self.answers
        assert answers and max(answers) < LIMIT, answers
        travelled = (sum(frames) + sum(answers)) / halves
        assert travelled < LIMIT, f"{travelled:.0f} bytes every half second: {frames} {answers}"


def train(page, url):
    """Start a long run on the Training page; returns its id once it trains."""
    page.goto(f"{url}/training?lang=en&net=lenet&epochs=100&train_images=20000&evaluations=100")
    page.get_by_role("button", name="Start", exact=True).click(timeout=60_000)  # the server may be importing still
    page.wait_for_url(re.compile(r"run=\w{10}"))
    page.get_by_text(re.compile(r"step [1-9]")).first.wait_for(timeout=60_000)
    return re.search(r"run=(\w{10})", page.url)[1]


def race(page, url):
    """Start a long race on the Race page; returns once both have been on."""
    page.goto(f"{url}/race?lang=en&kind=own&networks=lenet,lenet_bn")
    page.get_by_role("button", name="Start without a prediction").click(timeout=60_000)
    page.wait_for_url(re.compile("race="))
    wait_for(page, "document.querySelectorAll('.live-curves .legend li').length === 2", timeout=60_000)
