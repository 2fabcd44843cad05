"""What the page shows of an answer: numbers in full, what they are worth in words, and no foreign markup."""

import re

from robustntk.cli.calculator.answer import Answer, answer
from robustntk.cli.calculator.figures import Drawing
from robustntk.cli.calculator.question import Arguments
from robustntk.cli.calculator.view import details_html, figure_html, headline_html, laws_html, shown

DEMO: Arguments = ("--radius", "3.91", "--dim", "65", "--epsilon", "0.5")


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def test_the_headline_has_the_numbers_and_what_they_are_worth() -> None:
    shown_text = text(headline_html(DEMO, answer(DEMO)))
    assert "2,104" in shown_text and "4,484" in shown_text and "E8" in shown_text
    assert "Conditional guarantee" in shown_text and "with probability at least 0.99" in shown_text
    assert "on every B(x i )" in shown_text
    assert "robustntk width --radius 3.91 --dim 65 --epsilon 0.5" in shown_text


def test_a_guarantee_is_one_only_where_nothing_is_open() -> None:
    plan = dict(answer(DEMO).plan or {})
    assert (
        "Guarantee: every hypothesis holds at the drawn network."
        == (shown({**plan, "kind": "guarantee", "confidence": None, "certified": True})["kind_text"])
    )
    assert "probability" in shown({**plan, "kind": "guarantee"})["kind_text"]


def test_all_theorems_are_listed_with_their_width_or_their_reason() -> None:
    plan = answer(DEMO).plan
    assert plan is not None
    listed = text(details_html(plan))
    for other in plan["alternatives"]:
        assert other["theorem"] in listed
        assert other["width"] is None or f"{other['width']:,}" in listed
    assert "jumps at 0" in listed and "no R op is given" in listed


def test_a_refusal_is_text() -> None:
    html = headline_html(("--epsilon", "<b>"), Answer(refusal="epsilon is <b>: expected a number"))
    assert "<b>" not in html and "&lt;b&gt;: expected a number" in html
    assert 'role="alert"' in html and 'id="width"' not in html


def test_figures_have_a_description_and_laws_are_closed_and_without_guarantee() -> None:
    html = figure_html(Drawing("<svg>wide</svg>", "<svg>narrow</svg>", 'from "1" to 2'), "caption")
    assert 'role="img"' in html and "from &#34;1&#34; to 2" in html and "<svg>narrow</svg>" in html
    assert laws_html().startswith("<details") and " open" not in laws_html().partition(">")[0]
    assert all(f"{law}, " in laws_html() for law in ("P1", "P2", "P3")) and "without guarantee" in laws_html()
