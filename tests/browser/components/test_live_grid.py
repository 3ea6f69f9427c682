"""The live grid in a real browser: its pixels beside torchvision's, frames under a moving hand, and what it says."""

import base64
import json
import os
import re
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from cnnviz.augmentation import Pipeline
from cnnviz.data import cat, encode_png
from cnnviz.specs.augmentation import CHAPTER_PIPELINES, PICTURE_OPERATIONS, PipelineSpec
from cnnviz.ui.components.live_grid import grid_routes

pytestmark = pytest.mark.browser

HARNESS = Path(__file__).parent / "harness"
BY_KIND = {str(kind.model_fields["kind"].default): kind for kind in PICTURE_OPERATIONS}
CHAPTER = {"horizontal_flip", "vertical_flip", "random_resized_crop", "brightness", "contrast", "saturation", "hue"}
BARE = """
<input type="range" id="slider" max="200" style="display: block; width: 254px">
<canvas id="canvas" width="824" height="408"></canvas>
<script>
  const context = canvas.getContext("2d")
  const picture = document.createElement("canvas")
  picture.width = picture.height = 200
  picture.getContext("2d").fillRect(20, 20, 90, 90)
  let pending = 0
  window.frames_ = 0
  slider.oninput = () => {
    pending ||= requestAnimationFrame(() => {
      pending = 0
      context.clearRect(0, 0, 824, 408)
      context.globalAlpha = 0.3 + slider.value / 300
      for (let i = 0; i < 8; i++) context.drawImage(picture, (i % 4) * 208, (i >> 2) * 208)
      frames_++
    })
  }
</script>
"""
INSTANCE = """
  const host = [...document.querySelectorAll("*")].find(e => e.shadowRoot?.querySelector(".live-grid"))
  const root = host.shadowRoot.querySelector(".live-grid")
  const grid = (await import(MAIN)).gridOf(root)
"""


@pytest.fixture(scope="module")
def url(start_server):
    as_app = {"OMP_WAIT_POLICY": "PASSIVE", "OMP_NUM_THREADS": "1"}  # one thread that does not spin
    return start_server(HARNESS / "grid_app.py", env=as_app).url


@pytest.fixture
def open_grid(url, open_page):
    """`open_grid("chain=hue", …)` → a page whose pictures are torchvision's own."""

    def open_grid(query: str = "", **keywords) -> Page:
        page = open_page(f"{url}/?{query}", **keywords)
        page.wait_for_selector(".live-grid[data-exact=true]")
        return page

    return open_grid


def address(name: str) -> str:
    return next(route.path for route in grid_routes() if route.path.endswith(f"/{name}"))


def ask(page: Page, code: str, argument=None):
    """Run code in the page with `grid`, the component's own object, and `root`, its element."""
    body = INSTANCE.replace("MAIN", f'"{address("main.js")}"') + code
    return page.evaluate(f"async argument => {{{body}}}", argument)


def pixels(page: Page) -> np.ndarray:
    """What the canvas shows."""
    text, width, height = ask(
        page, "return [" + ENCODE + "(grid.engine.pixels()), grid.canvas.width, grid.canvas.height]"
    )
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)[..., :3].astype(np.int16)


ENCODE = """(bytes => {
  let text = ""
  for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768))
  return btoa(text)
})"""


def chart() -> Image.Image:
    """Patches of random colours with sharp edges, and a grey ramp."""
    colours = np.random.default_rng(0).integers(0, 256, (5, 9, 3), np.uint8).repeat(14, 0).repeat(14, 1)
    ramp = np.linspace(0, 255, 126).astype(np.uint8)[None, :, None].repeat(14, 0).repeat(3, 2)
    return Image.fromarray(np.concatenate((colours, ramp)))


def settings_of(kind) -> list[dict]:
    """The defaults, and every setting that a slider can reach at both ends of its range and between."""
    found = [{}]
    for name, field in kind.model_fields.items():
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        low = next((rule.ge for rule in field.metadata if hasattr(rule, "ge")), extra.get("ge"))
        high = next((rule.le for rule in field.metadata if hasattr(rule, "le")), extra.get("le"))
        if name in ("kind", "enabled") or low is None or high is None:
            continue
        if isinstance(kind.model_fields[name].default, tuple):
            middle = (low * high) ** 0.5 if extra.get("scale") == "log" else (low + high) / 2
            found += [{name: (low, low)}, {name: (low, high)}, {name: (middle, high)}, {name: (high, high)}]
        elif field.annotation is int:
            found += [{name: value} for value in (low, min(high, 40), (low + min(high, 140)) // 2)]
        else:
            found += [{name: low}, {name: (low + high) / 2}, {name: high}]
    # With a coin a setting shows only where it is thrown.
    return [{**({"p": 1.0} if "p" in kind.model_fields and "p" not in one else {}), **one} for one in found]


def test_the_browsers_pixels_are_torchvisions(url, open_page):
    """For every operation drawn in the browser: mean difference at most 2 of 255, 99 % of the pixels within 6."""
    page = open_page(url)
    page.wait_for_selector(".live-grid[data-exact=true]")
    kinds = page.evaluate(
        """async ([engine, operations]) => {
          const { Engine } = await import(engine)
          window.operations = await import(operations)
          window.engine = new Engine(document.createElement("canvas"))
          return Object.keys(window.operations.OPERATIONS)
        }""",
        [address("engine.js"), address("operations.js")],
    )
    assert set(kinds) >= CHAPTER | {"color_jitter"}
    assert set(kinds) <= set(BY_KIND)
    chains = [
        (kind, PipelineSpec(operations=(BY_KIND[kind](**one),))) for kind in kinds for one in settings_of(BY_KIND[kind])
    ]
    several = (
        "random_resized_crop",
        "contrast",
        "horizontal_flip",
        "rotation",
        "color_jitter",
        "solarize",
        "vertical_flip",
    )
    chains += [
        ("chapter", CHAPTER_PIPELINES["combined"].pipeline),
        ("several", PipelineSpec(operations=tuple(BY_KIND[kind]() for kind in several))),
    ]
    worst: dict[str, tuple[float, float]] = {}
    for picture in (cat().resize((180, 120)), chart()):
        page.evaluate(
            """async png => {
              const blob = new Blob([Uint8Array.from(atob(png), letter => letter.charCodeAt(0))], { type: "image/png" })
              const options = { premultiplyAlpha: "none", colorSpaceConversion: "none" }
              window.bitmap = await createImageBitmap(blob, options)
              engine.setSource(bitmap)
            }""",
            base64.b64encode(encode_png(picture)).decode(),
        )
        for name, chain in chains:
            if not drawable(chain, picture):
                continue
            mean, within = compare(page, chain, picture)
            before = worst.get(name, (0.0, 1.0))
            worst[name] = max(before[0], mean), min(before[1], within)
    assert set(worst) == {*kinds, "chapter", "several"}
    assert all(mean <= 2 and within >= 0.99 for mean, within in worst.values()), worst


def drawable(chain: PipelineSpec, picture: Image.Image) -> bool:
    """Whether the picture is large enough for the chain; a border other than a fixed one is the server's."""
    try:
        Pipeline.of(chain).samples(picture, count=1)
    except ValueError:
        return False
    return True


def compare(
    page: Page, chain: PipelineSpec, picture: Image.Image, count: int = 2, seed: int = 5
) -> tuple[float, float]:
    """(mean difference, share of the pixels within 6) of the worst of some draws; the drawn values must be equal."""
    seen: dict[str, int] = {}
    units: list[dict[str, list[float]]] = [{} for _ in range(count)]
    operations = []
    for operation in chain.operations:
        occurrence = seen[operation.kind] = seen.get(operation.kind, -1) + 1
        for index in range(count):
            units[index][f"{operation.kind} {occurrence}"] = Pipeline.units(seed, index, operation.kind, occurrence)
        settings = operation.model_dump(mode="json", exclude={"kind", "enabled"})
        operations.append({"kind": operation.kind, "enabled": True, "settings": settings})
    text, drawn = page.evaluate(
        f"""([chain, units]) => {{
          const count = units.length
          const unitsOf = (kind, occurrence, tile) => units[tile][`${{kind}} ${{occurrence}}`]
          const {{ plan, drawn }} = operations.planOf(chain, bitmap, count, unitsOf)
          const {{ width, height }} = plan.size
          const cells = units.map((_, tile) => [0, tile * height])
          engine.draw(plan, {{ width, height: count * height, cells }})
          return [{ENCODE}(engine.pixels()), drawn]
        }}""",
        [operations, units],
    )
    samples = Pipeline.of(chain).samples(picture, count=count, seed=seed)
    assert not any(differs(sample.drawn, of) for sample, of in zip(samples, drawn, strict=True)), (chain, drawn)
    width, height = samples[0].image.size
    shown = np.frombuffer(base64.b64decode(text), np.uint8).reshape(count, height, width, 4)[..., :3].astype(np.int16)
    differences = [np.abs(own - np.asarray(sample.image)) for own, sample in zip(shown, samples, strict=True)]
    return max(one.mean() for one in differences), min((one.max(-1) <= 6).mean() for one in differences)


def differs(drawn, of) -> bool:
    """Whether two draws differ by more than the last bits of an exponential function."""
    mine = json.loads(json.dumps(drawn))
    if [kind for kind, _ in mine] != [kind for kind, _ in of]:
        return True
    for (_, mine_values), (_, other) in zip(mine, of, strict=True):
        if mine_values.get("order") != other.get("order"):
            return True
        if not all(np.allclose(mine_values[name], other[name], atol=1e-9) for name in mine_values if name != "order"):
            return True
    return False


def runs(page: Page) -> int:
    """How often the server has run the fragment."""
    return int(re.search(r"Runs (\d+)", page.get_by_text("Runs ").inner_text())[1])


def slider(page: Page, name: str, number: int = 0):
    return page.locator(f".live-grid input[data-field={name}]").nth(number)


def drag(page: Page, box: dict, seconds: float, start: float = 0.0) -> None:
    """Press the thumb and move it to and fro along the track, as fast as the browser takes it; it stays pressed."""
    left, width, middle = box["x"] + 10, box["width"] - 20, box["y"] + box["height"] / 2
    page.mouse.move(left + start * width, middle)
    page.mouse.down()
    end = time.perf_counter() + seconds
    step = 0
    while time.perf_counter() < end:
        step += 1
        phase = (start + step / 50) % 2
        page.mouse.move(left + width * min(phase, 2 - phase), middle)


def test_the_pictures_follow_the_hand_and_the_server_waits_until_it_lets_go(open_grid):
    page = open_grid("values=1")
    before, asked = pixels(page), runs(page)
    drag(page, slider(page, "brightness").bounding_box(), 0.5, start=0.5)
    page.mouse.move(
        slider(page, "brightness").bounding_box()["x"] + 60, slider(page, "brightness").bounding_box()["y"] + 12
    )
    ask(page, "while (grid.due.length || grid.pending) await new Promise(requestAnimationFrame)")
    moved, words = pixels(page), page.locator(".tiles span").all_inner_texts()
    assert runs(page) == asked, "the server was asked while the thumb moved"
    assert np.abs(moved - before).mean() > 5
    page.mouse.up()
    page.wait_for_selector(".live-grid[data-exact=true]")
    exact = pixels(page)
    expect(page.get_by_text(f"Runs {asked + 1}:")).to_be_visible()
    assert np.abs(exact - moved).mean() < 1, "a jump"
    assert (np.abs(exact - moved).max(-1) <= 6).mean() > 0.99
    assert page.locator(".tiles span").all_inner_texts() == words, "the browser's words are the server's"
    labels = [item.get_attribute("aria-label") for item in page.locator(".tiles > div").all()]
    assert [f"The cat: {text}" for text in words] == labels


@pytest.mark.parametrize("way", ["answered", "refused"])
def test_a_release_is_answered_at_once_and_the_page_follows(url, open_page, way):
    """The pictures come without a run of the page; where they cannot, the page brings them."""
    page = open_page(None, errors=way == "refused")
    asked: list[int] = []

    def answer(route):
        asked.append(runs(page))
        if way == "refused":
            route.fulfill(status=503)
        else:
            route.continue_()

    page.route("**/grid-pictures", answer)
    page.goto(f"{url}/?chain=hue&count=2")
    page.wait_for_selector(".live-grid[data-exact=true]")
    before = runs(page)
    slider(page, "hue").press("Home")
    expect(
        page.get_by_text(f'Runs {before + 1}: {{"operations":[{{"kind":"hue","enabled":true,"hue":0.0}}]}}')
    ).to_be_visible()
    page.wait_for_selector(".live-grid[data-exact=true]")
    assert asked == [before]
    expect(page.locator(".tiles > div").first).to_have_attribute("aria-label", "The cat: unchanged")
    sheet = ask(page, "return [grid.sheet.id, grid.header.sheet.id, grid.header.blocks.sheet, grid.asked ?? null]")
    assert sheet[0] == sheet[1] and sheet[3] is None, "nothing was missing"
    assert (sheet[2] == 0) == (way == "answered"), "what the browser has is not sent again"


@pytest.mark.soak
def test_as_many_frames_as_a_bare_canvas_little_script_and_quickly_exact(open_grid, open_page):
    """Contestants in turns in one run, the best of four, since other programs may want the two cores as well."""
    bare, page = open_page(None), open_grid()
    bare.set_content(BARE)
    page.wait_for_timeout(800)
    ratios = []
    # 0.9 is the goal where two cores are free; a browser without a graphics card shares them with whoever is there.
    goal = 0.9 if os.getloadavg()[0] <= 2 else 0.6
    for _ in range(4):
        bare.bring_to_front()
        rates = []
        for own in (bare, page):
            own.bring_to_front()
            count = (
                (lambda: bare.evaluate("frames_"))
                if own is bare
                else (lambda: int(ask(page, "return grid.engine.frames")))
            )
            box = own.locator("#slider").bounding_box() if own is bare else slider(page, "brightness").bounding_box()
            before, began = count(), time.perf_counter()
            drag(own, box, 1.2)
            rates.append((count() - before) / (time.perf_counter() - began))
            own.mouse.up()
        page.wait_for_selector(".live-grid[data-exact=true]")
        ratios.append(rates[1] / rates[0])
        if max(ratios) >= goal:
            break
    scripts, waits = ask(page, "return [grid.measured.scripts, grid.measured.waits]")
    assert np.median(scripts) <= 6, f"{np.median(scripts):.1f} ms of script in a frame"
    # 80 ms on a quiet machine; `benchmarks/dragging.py` says what it is on this one.
    assert min(waits) <= 500, f"{min(waits):.0f} ms from release to torchvision's pictures"
    assert max(ratios) >= goal, f"frames beside a bare canvas: {ratios}"


def test_keys_move_sliders_and_cards_and_the_focus_stays(open_grid):
    page = open_grid()
    first = page.get_by_role("slider", name="Probability")
    first.focus()
    expect(first).to_have_attribute("aria-valuetext", "50\u202f%")
    page.keyboard.press("ArrowRight")
    expect(first).to_have_attribute("aria-valuetext", "51\u202f%")
    expect(page.get_by_text('"p":0.51')).to_be_visible()
    lowest = page.get_by_role("slider", name="Area, smallest")
    lowest.focus()
    page.keyboard.press("End")
    expect(lowest).to_have_attribute("aria-valuetext", "100\u202f%")
    page.get_by_role("button", name="Move down: Horizontal flip").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Move down: Horizontal flip")).to_be_focused()
    expect(page.locator(".spoken")).to_have_text("Horizontal flip is now step 2 of 3.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Move up: Horizontal flip")).to_be_focused()
    expect(page.get_by_text(re.compile(r"color_jitter.*random_resized_crop.*horizontal_flip"))).to_be_visible()
    page.get_by_role("switch", name="Colour jitter").press("Space")
    expect(page.get_by_text('"color_jitter","enabled":false')).to_be_visible()
    expect(slider(page, "brightness")).to_be_disabled()
    page.get_by_role("button", name="Remove: Colour jitter").press("Enter")
    expect(page.get_by_role("button", name="Remove: Random resized crop")).to_be_focused()
    expect(page.get_by_text("Runs ")).not_to_contain_text("color_jitter")
    page.wait_for_selector(".live-grid[data-exact=true]")


def test_another_chain_of_the_page_overrules_the_browser(open_grid):
    page = open_grid("values=1")
    slider(page, "p").press("ArrowRight")
    page.get_by_role("button", name="Another chain").click()
    expect(page.locator(".card .title")).to_have_text(["Hue"])
    expect(page.locator(".tiles span").first).to_have_text(re.compile(r"^hue -?\d+°$"))
    page.wait_for_selector(".live-grid[data-exact=true]")


def test_what_a_browser_cannot_draw_is_asked_of_the_server_one_question_at_a_time(open_grid):
    page = open_grid("chain=gaussian_noise,brightness&count=2")
    expect(page.get_by_text("computed on the server")).to_be_visible()
    asked = runs(page)
    drag(page, slider(page, "brightness").bounding_box(), 1.2, start=0.5)
    during = runs(page) - asked
    assert 1 <= during <= 1200 / 80 + 1, f"{during} questions in 1.2 s"
    page.mouse.up()
    value = ask(page, "return grid.chain.operations[1].settings.brightness")
    expect(page.get_by_text(f'"brightness":{value}')).to_be_visible()


def test_without_webgl_the_pictures_change_on_release(url, open_page):
    page = open_page(None)
    page.add_init_script(
        """const get = HTMLCanvasElement.prototype.getContext
        HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
          return kind === "webgl2" ? null : get.call(this, kind, ...more)
        }"""
    )
    page.goto(f"{url}/?chain=brightness&count=2")
    page.wait_for_selector(".live-grid[data-exact=true]")
    expect(page.get_by_text("no WebGL2")).to_be_visible()
    shown = page.locator("canvas.pictures:visible").screenshot()
    slider(page, "brightness").press("Home")
    expect(page.get_by_text('"brightness":0.0')).to_be_visible()
    expect(page.locator(".tiles > div").first).to_have_attribute("aria-label", "The cat: unchanged")
    assert page.locator("canvas.pictures:visible").screenshot() != shown


def test_a_lost_graphics_card_comes_back(open_grid):
    page = open_grid("chain=hue&count=2")
    before = pixels(page)
    ask(page, "window.lost = grid.engine.gl.getExtension('WEBGL_lose_context'); lost.loseContext()")
    expect(page.locator(".note")).to_be_visible()
    page.evaluate("lost.restoreContext()")
    expect(page.locator(".note")).to_be_hidden()
    ask(page, "while (grid.pending) await new Promise(requestAnimationFrame)")
    assert np.array_equal(pixels(page), before)


def test_exact_mode_moves_the_values_themselves(open_grid):
    page = open_grid("exact=1&values=1")
    expect(page.locator(".tiles > div")).to_have_count(1)
    page.get_by_role("checkbox", name="Mirrored").press("Space")
    page.get_by_role("slider", name="Hue").press("End")
    expect(page.locator(".tiles span")).to_have_text(re.compile("^mirrored; .*hue 180°.*crop 100"))
    before = pixels(page)
    page.wait_for_selector(".live-grid[data-exact=true]")
    assert np.abs(pixels(page) - before).mean() < 1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_shows_the_pictures_while_a_finger_moves_a_slider(open_grid, theme):
    page = open_grid("", viewport=(390, 844), touch=True, theme=theme, locale="es-AR", reduced_motion="reduce")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    pictures, card = page.locator(".stage").bounding_box(), page.locator(".card").first.bounding_box()
    assert pictures["y"] + pictures["height"] <= card["y"] + 1, "pictures first"
    for control in (*page.locator(".head button").all(), *page.locator(".track").all()):
        assert control.bounding_box()["height"] >= 43.9, "large enough for a finger"
    slider(page, "ratio").scroll_into_view_if_needed()
    assert page.locator(".stage").bounding_box()["y"] >= 0, "the pictures stay in sight"
    expect(page.locator(".name output").first).to_have_text("50\u202f%")
    assert page.locator(".name output").nth(1).inner_text() == "0,5"
    background = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    gap = pixels(page)[0, ask(page, "return grid.header.sheet.width + 1")]
    assert tuple(map(int, re.findall(r"\d+", background)[:3])) == tuple(int(level) for level in gap)
