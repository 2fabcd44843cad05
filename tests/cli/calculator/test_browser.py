"""The page in a real browser: what it shows is what the command answers, and it can be used without a mouse."""

import json
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner

from robustntk.cli.app import app

WAIT = 60_000
PHONE = {"width": 375, "height": 700}
DIGITS = ("--data", "digits", "--delta", "0.1", "--classes", "0,1", "--samples", "20")
# The element with the focus, also inside of the elements that marimo makes.
FOCUSED = """() => {
  let element = document.activeElement;
  while (element && element.shadowRoot && element.shadowRoot.activeElement) element = element.shadowRoot.activeElement;
  const labels = element.labels ? [...element.labels].map(label => label.textContent) : [];
  const name = labels.join(" ") || element.getAttribute("aria-label") || element.textContent;
  return {tag: element.tagName, name: name.trim()};
}"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    pytest.importorskip("marimo")
    from robustntk.cli.calculator.server import CalculatorServer

    with CalculatorServer(port=0).running() as started:
        yield started


def test_a_page_leaves_the_main_module_of_the_process_as_it_was(browser: Any) -> None:
    pytest.importorskip("marimo")
    from robustntk.cli.calculator.server import CalculatorServer

    main = sys.modules["__main__"]
    with CalculatorServer(port=0).running() as started:
        context = browser.new_context()
        opened = context.new_page()
        opened.goto(started)
        opened.locator("figure.drawing").first.wait_for(timeout=WAIT)
        assert sys.modules["__main__"] is not main
        context.close()
    assert sys.modules["__main__"] is main


@pytest.fixture(scope="module")
def requested() -> list[str]:
    """The addresses that the page asked for."""
    return []


@pytest.fixture
def page(browser: Any, address: str, requested: list[str]) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.set_default_timeout(WAIT)
    opened.on("request", lambda request: requested.append(request.url))
    opened.on("websocket", lambda socket: requested.append(socket.url))
    opened.goto(address)
    opened.locator("figure.drawing").first.wait_for()
    yield opened
    context.close()


def command(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["width", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def await_plan(page: Any, *arguments: str) -> dict[str, Any]:
    """Wait until the page shows the very plan of the command, and give that plan."""
    expected = command(*arguments)
    page.locator("#width").get_by_text(f"{expected['width']:,}", exact=True).wait_for()
    assert page.locator("#iterations").inner_text() == f"{expected['iterations']:,}"
    assert page.locator("#theorem").inner_text() == expected["theorem"]
    return expected


def tab_to(page: Any, name: str) -> None:
    """Press Tab until the field of that name has the focus."""
    for _ in range(40):
        if page.evaluate(FOCUSED)["name"].startswith(name):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab does not reach {name!r}")


def enter(page: Any, name: str, text: str) -> None:
    tab_to(page, name)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def test_epsilon_typed_by_keyboard_changes_m_to_what_the_command_gives(page: Any) -> None:
    before = await_plan(page, "--radius", "3.91", "--dim", "65", "--epsilon", "0.5")
    enter(page, "Target ε", "0.3")
    after = await_plan(page, "--radius", "3.91", "--dim", "65", "--epsilon", "0.3")
    assert after["width"] != before["width"]
    assert page.locator("#command").inner_text() == "robustntk width --radius 3.91 --dim 65 --epsilon 0.3"
    assert "0.3" in page.get_by_role("img", name="At ε = 0.3").get_attribute("aria-label")


def test_another_activation_and_loss(page: Any) -> None:
    page.get_by_label("Activation σ", exact=True).select_option("erf")
    await_plan(page, "--radius", "3.91", "--dim", "65", "--epsilon", "0.5", "--activation", "erf")
    page.get_by_label("Loss", exact=True).select_option("huber")
    await_plan(page, "--radius", "3.91", "--dim", "65", "--epsilon", "0.5", "--activation", "erf", "--loss", "huber")


def test_changes_that_come_at_once_all_count(page: Any) -> None:
    page.get_by_label("Activation σ", exact=True).select_option("erf")
    page.get_by_label("Loss", exact=True).select_option("huber")
    page.get_by_role("button", name="More options").click()
    page.get_by_label("ρ:").fill("20")
    page.get_by_label("R_op").fill("2")
    chosen = ("--activation", "erf", "--loss", "huber", "--row-radius", "20", "--operator-radius", "2")
    page.locator("#command", has_text=" ".join(chosen)).wait_for()
    await_plan(page, "--radius", "3.91", "--dim", "65", "--epsilon", "0.5", *chosen)


def test_more_options_count(page: Any) -> None:
    page.get_by_role("button", name="More options").click()
    page.get_by_label("Most iterations").fill("500")
    await_plan(page, "--radius", "3.91", "--dim", "65", "--epsilon", "0.5", "--max-iterations", "500")


def test_data_give_a_certified_plan_its_radius_and_the_infinite_width_prediction(page: Any) -> None:
    tab_to(page, "data")
    page.keyboard.press("Space")
    plan = await_plan(page, *DIGITS, "--epsilon", "0.5")
    assert page.locator("#kind").inner_text().startswith("Guarantee")
    assert f"{plan['data_radius']['radius']['estimate']:.6g} in [" in page.locator("#interval").inner_text()
    enter(page, "Perturbation radius δ", "0.2")
    smaller = ("--data", "digits", "--delta", "0.2", *DIGITS[4:])
    await_plan(page, *smaller, "--epsilon", "0.5")
    tab_to(page, "Predict training")
    page.keyboard.press("Enter")
    described = page.get_by_role("img", name="At infinite width").get_attribute("aria-label")
    assert "meets ε = 0.5 first at step" in described


@pytest.mark.parametrize(
    ("field", "text", "culprit"),
    [("Target ε", "0", "epsilon is 0"), ("Radius R", "", "radius"), ("Target ε", "tiny", "tiny")],
    ids=["epsilon of zero", "no radius", "no number"],
)
def test_a_refusal_is_the_one_line_of_the_command(page: Any, field: str, text: str, culprit: str) -> None:
    page.get_by_label(field).fill(text)
    refusal = page.locator("#refusal")
    refusal.wait_for()
    assert culprit in refusal.inner_text() and "Traceback" not in page.content()
    values = {"Target ε": "0.5", "Radius R": "3.91"} | {field: text}
    result = CliRunner().invoke(
        app, ["width", "--radius", values["Radius R"], "--dim", "65", "--epsilon", values["Target ε"]]
    )
    assert result.stderr == f"error: {refusal.inner_text()}\n"


def test_relu_is_refused_with_the_reason(page: Any) -> None:
    page.get_by_label("Activation σ", exact=True).select_option("relu")
    page.locator("#refusal").wait_for()
    assert "relu" in page.locator("#refusal").inner_text()
    assert page.locator("#width").count() == 0


def test_every_control_is_reached_by_tab_and_has_a_name(page: Any) -> None:
    page.get_by_role("button", name="More options").click()
    page.get_by_label("Theorem", exact=True).wait_for()
    reached = []
    for _ in range(60):  # more than once around
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused["tag"] != "BODY":
            reached.append(focused)
    assert all(focused["name"] for focused in reached), reached
    controls = page.locator("input:visible, select:visible").count()
    fields = {focused["name"] for focused in reached if focused["tag"] in ("INPUT", "SELECT")}
    assert len(fields) == controls > 10


def test_a_phone_shows_it_without_scrolling_sideways(page: Any) -> None:
    page.set_viewport_size(PHONE)
    for start in ("a radius", "data"):
        page.get_by_label(start, exact=True).click()
        page.locator("figure.drawing .narrow svg").first.wait_for()
        page.locator("#interval" if start == "data" else "#width").wait_for()
        for width in ("document.documentElement.scrollWidth", "document.querySelector('#App').scrollWidth"):
            assert page.evaluate(width) <= PHONE["width"]
        assert not page.locator("figure.drawing .wide").first.is_visible()


def test_nothing_is_asked_of_other_machines(page: Any, requested: list[str], address: str) -> None:
    assert any(each.startswith("ws:") for each in requested)
    assert {urlsplit(each).netloc for each in requested if not each.startswith("data:")} == {urlsplit(address).netloc}
