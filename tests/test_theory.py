"""What the code cites of the theory, the document states: every id and every section has a place there."""

import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("bounds", "kernels", "verify", "cli")
THEORY = (ROOT / "docs" / "theory.md").read_text(encoding="utf-8")

ID = re.compile(r"\b[EP][1-9]\d?(?:\.(?:post|[a-z]))?\b")
SECTIONS = re.compile(r"[Tt]heory(?:\.md|'s)?,? sections? (\d(?:(?:, | and | to )\d)*)")


def prose(source: str) -> str:
    """The strings (docstrings among them) and comments of a module, in one line; adjacent comments joined."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    texts = (token.string.lstrip("# ") for token in tokens if token.type in (tokenize.STRING, tokenize.COMMENT))
    return re.sub(r"\s+", " ", " ".join(texts))


def cited(source: str) -> set[str]:
    """Ids such as E1.b, and sections as "section 4", that a module cites."""
    text = prose(source)
    numbers = {number for found in SECTIONS.findall(text) for number in re.findall(r"\d", found)}
    return set(ID.findall(text)) | {f"section {number}" for number in numbers}


def stated(document: str) -> set[str]:
    """Ids that open a heading or a bold label, and numbered sections, of the document."""
    labels = re.findall(r"^#+ (.*)$", document, re.MULTILINE) + re.findall(r"^(?:[*] )?\*\*([^*]+)\*\*", document, re.M)
    ids = {found.group() for label in labels if (found := ID.match(label))}
    return ids | {f"section {number}" for number in re.findall(r"^## (\d)\. ", document, re.MULTILINE)}


def modules() -> list[Path]:
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_everything_cited_is_stated(path: Path) -> None:
    assert cited(path.read_text(encoding="utf-8")) <= stated(THEORY)


def test_the_citations_are_found_at_all() -> None:
    everything = set().union(*(cited(path.read_text(encoding="utf-8")) for path in modules()))
    assert everything >= {"E1.a", "E1.b", "E1.c", "E1.post", "E4.a", "E4.b", "E4.c", "E4.d", "E5.a", "E5.b"}
    assert everything >= {*(f"E{number}" for number in range(1, 12)), "P1", "P2", "P3", "P4"}
    assert everything >= {"section 0", "section 1", "section 2", "section 4", "section 6"}


@pytest.mark.parametrize(
    ("source", "unknown"),
    [
        ('"""A bound (theory E9.b)."""', {"E9.b"}),
        ('"""By E4.z and theory E1.a."""', {"E4.z"}),
        ("x = 1  # as in theory section 8", {"section 8"}),
        ('"""The limit (theory\nsections 0 and 9)."""', {"section 9"}),
        ("# the theory, see theory\n# section 7\n", {"section 7"}),
        ('reason = "theorem P8 uses its smoothness instead"', {"P8"}),
        ('"""Theory E1.b, E4.c and sections 0 to 4, f"{E1.id}"."""', set()),
    ],
)
def test_an_unknown_citation_is_noticed(source: str, unknown: set[str]) -> None:
    assert cited(source) - stated(THEORY) == unknown


def test_a_missing_label_is_noticed() -> None:
    assert "E4.c" not in stated(THEORY.replace("**E4.c.**", "E4.c."))
    assert "section 6" not in stated(THEORY.replace("## 6. ", "## "))


def test_the_files_that_the_document_names_exist() -> None:
    named = re.findall(r"tests/[\w/]+\.py", THEORY)
    assert named
    for name in named:
        assert (ROOT / name).exists(), name
