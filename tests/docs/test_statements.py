"""The theory page with directives: nothing of its text is lost, and every id that the code may cite has a target."""

import re

import pytest

from docs.extensions.statements import PAGE, Statement, anchors, labels, transformed
from tests.page_examples import ROOT
from tests.test_theory import stated

SOURCE = (ROOT / "docs" / f"{PAGE}.md").read_text(encoding="utf-8")
MADE = re.compile(r"^::::::.*$|^:(?:label|nonumber):.*$|^\(section-\d\)=$", re.MULTILINE)


def letters(text: str) -> str:
    """The text without white space, marks of emphasis and full stops of labels."""
    return re.sub(r"[\s*.]|Proof", "", text)


def test_the_directives_hold_all_of_the_text() -> None:
    titles = re.findall(r"^::::::\{prf:\w+\} (.*)$", transformed(SOURCE), re.MULTILINE)
    assert titles == [statement.title for statement in labels(SOURCE)]
    rest = re.sub(r"^\*\*[EP]\d[^*]*\*\*", "", SOURCE, flags=re.MULTILINE)
    assert letters(MADE.sub("", transformed(SOURCE))) == letters(rest)


def test_every_directive_is_closed() -> None:
    fences = re.findall(r"^::::::(.*)$", transformed(SOURCE), re.MULTILINE)
    assert fences[::2] and all(fences[::2]) and not any(fences[1::2]) and len(fences) % 2 == 0


def test_whatever_may_be_cited_has_an_anchor_and_labels_are_unique() -> None:
    assert set(anchors(SOURCE)) == stated(SOURCE) | {"E1", "E4", "E5"}
    names = [statement.label for statement in labels(SOURCE)]
    assert len(names) == len(set(names)) > 40


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "**E1.a (name).** Claim.\n\n*Proof.* Because. ∎ More.",
            "::::::{prf:lemma} E1.a (name)\n:label: E1.a\n:nonumber:\n\nClaim.\n\n::::::\n\n"
            "::::::{prf:proof}\n\nBecause. ∎\n\n::::::\n\nMore.\n",
        ),
        ("**P1 (law).** Text.\n\n## 2. Next: E7\n", "::::::{prf:theorem} P1 (law)"),
        ("*Upper bound.* Text *Proof.* One.\n\nTwo. ∎\n", "::::::{prf:proof}\n\nOne.\n\nTwo. ∎\n\n::::::"),
        ("## 2. Next: E7\n", "(section-2)=\n\n## 2. Next: E7"),
        ("**Bold.** Text.\n", "**Bold.** Text.\n"),
    ],
)
def test_statements_and_proofs_become_directives(source: str, expected: str) -> None:
    assert expected in transformed(source)


def test_a_theorem_without_a_statement_is_its_section() -> None:
    assert anchors("## 4. Kernels: E4\n\n**E4.a.** Claim.") == {
        "E4.a": "E4.a",
        "section 4": "section-4",
        "E4": "section-4",
    }


@pytest.mark.parametrize(
    ("id", "rest", "kind", "label"),
    [
        ("E1.c", " (convergence)", "theorem", "E1.c"),
        ("E1.b", " (gradients)", "lemma", "E1.b"),
        ("E8", " (hinge loss)", "theorem", "E8"),
        ("E1", ", the calculator", "corollary", "E1-the-calculator"),
        ("E6", ", the slack", "proposition", "E6-the-slack"),
        ("E4.f", ", before the draw", "proposition", "E4.f"),
    ],
)
def test_kinds_and_labels(id: str, rest: str, kind: str, label: str) -> None:
    statement = Statement(id, rest)
    assert (statement.kind, statement.label) == (kind, label)
