"""Docstrings become reStructuredText that says the same."""

import pytest
from docutils.core import publish_doctree
from docutils.utils import SystemMessage

from docs.extensions.docstrings import escaped, escaped_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("|f(W')| <= R at W_* and W_0", "|f(W')| <= R at W_* and W_0"),
        ("L_*(W_*) + 2 * 3", "L_*(W_*) + 2 * 3"),
        ("what is *proved* here", "what is proved here"),
        ("a name_ and a \\ backslash", "a name_ and a \\ backslash"),
        ("`code_*` and ``more|``", "code_* and more|"),
        ("with --no-draw, or a--b", "with --no-draw, or a--b"),
        ("code that `runs\nover` a line", "code that runs over a line"),
    ],
)
def test_nothing_is_lost_or_taken_for_markup(text: str, shown: str) -> None:
    document = publish_doctree(escaped(text), settings_overrides={"report_level": 2, "halt_level": 2})
    assert document.astext() == shown


def test_without_it_bars_and_underscores_are_errors() -> None:
    with pytest.raises(SystemMessage):
        publish_doctree("|f| and W_ here", settings_overrides={"report_level": 5, "halt_level": 2})


def test_examples_stay_as_they_are() -> None:
    lines = [">>> a_ * `b`", "|out|", "", "W_*"]
    assert escaped_lines(lines) == [">>> a_ * `b`", "|out|", "", r"W\_\*"]
