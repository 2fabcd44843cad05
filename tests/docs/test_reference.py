"""The reference holds every public name and every command; formulas of theorems can be shown."""

from pathlib import Path

import pytest
from math_core import LatexError

from docs.extensions.commands import command_page, commands, index_page
from docs.extensions.mathml import broken, to_mathml
from docs.extensions.public_names import ROOMS, THEMES, full_name, room, theme_of, value_of
from docs.extensions.reference import pages, write_changed
from robustntk.bounds import Theorem


@pytest.mark.parametrize("name", ROOMS)
def test_every_public_name_has_one_entry(name: str) -> None:
    text = "\n".join(text for path, text in pages().items() if path.startswith(f"{name}/"))
    for public in room(name).__all__:
        entries = text.count(f":: robustntk.{name}.{public}\n") + text.count(f"py:data:: {public}\n   :module:")
        assert entries == 1, public


def test_a_name_without_a_theme_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert theme_of("bounds", "required_width") is not None
    monkeypatch.setitem(THEMES, "bounds", ())  # type: ignore[misc]
    assert theme_of("bounds", "required_width") is None


def test_theorems_come_in_their_order_before_the_rest() -> None:
    text = pages()["bounds/theorems.rst"]
    places = [text.index(f"py:data:: {name}\n") for name in ("E1", "E2", "E9", "E10", "E11")]
    assert places == sorted(places) and places[-1] < text.index("bounds.Capacity")


@pytest.mark.parametrize(
    ("text", "bare", "expected"),
    [
        ("required_width", False, "robustntk.bounds.required_width"),
        ("verify.train", False, "robustntk.verify.train"),
        ("train", False, None),
        ("train", True, "robustntk.verify.train"),
        ("bounds.train", True, None),
        ("SphericalCap(0.1)", False, None),
        ("no_such_name", True, None),
    ],
)
def test_names_in_code_are_recognised(text: str, bare: bool, expected: str | None) -> None:
    assert full_name(text, bare=bare) == expected


def test_the_formula_of_every_theorem_can_be_read() -> None:
    theorems = [value for name in room("bounds").__all__ if isinstance(value := value_of("bounds", name), Theorem)]
    assert len(theorems) > 12
    for theorem in theorems:
        assert not theorem.latex or "<math" in to_mathml(theorem.latex, display=True), theorem.id
    with pytest.raises(LatexError):
        to_mathml(r"a\let_0", display=True)


def test_a_long_formula_may_end_a_line_at_signs_outside_brackets() -> None:
    latex = r"|f(x=0)-c|^2+g(y)\le h(a,b,c)=-\frac{u=v}{w}, z\lt1"
    pieces = broken(to_mathml(latex, display=False), display=False).split("<wbr>")
    assert [piece.count("</math>") for piece in pieces] == [1] * 6
    ends = ("≤", "=", ",", "&lt;")
    assert all(f">{end}</mo></math>" in piece for end, piece in zip(ends, pieces[1:5], strict=True))
    assert '<math><mo form="infix">+</mo>' in pieces[1] and pieces[3].count("−") == 1
    assert pieces[0].count("−") == 1 and "displaystyle" not in pieces[0]


def test_a_short_formula_stays_whole_and_a_display_keeps_its_style() -> None:
    short = to_mathml("a=b", display=False)
    assert broken(short, display=False) == short
    wide = broken(to_mathml(r"\sum_r a_r\sigma(w_r^\top x)=f(W,x)", display=True), display=True)
    assert wide.count('displaystyle="true"') == 2 == wide.count("</math>")
    assert '<math displaystyle="true"><mo form="infix">=</mo>' in wide


def test_every_option_of_every_command_is_on_its_page() -> None:
    for name, command in commands().items():
        page = command_page(name, command)
        assert all(option in page for each in command.params if not each.hidden for option in each.opts)
        assert f"robustntk {name}" in page.partition("\n")[2] and f"cli/{name}" in index_page(commands())


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    write_changed(tmp_path, {"a.rst": "1", "b/c.rst": "2"})
    before = (tmp_path / "a.rst").stat().st_mtime_ns
    write_changed(tmp_path, {"a.rst": "1", "d.rst": "3"})
    assert sorted(path.name for path in tmp_path.rglob("*.rst")) == ["a.rst", "d.rst"]
    assert (tmp_path / "a.rst").stat().st_mtime_ns == before
