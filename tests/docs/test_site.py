"""A small site with the extensions: links to the theory, formulas, and warnings for what does not exist."""

import io
import re
from pathlib import Path

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from docs.extensions.links import moved

CONF = """
extensions = ["myst_parser", "sphinx_proof"] + [f"docs.extensions.{name}" for name in NAMES]
myst_enable_extensions = ["colon_fence", "dollarmath"]
html_math_renderer = "mathml"
proof_title_format = " %t"
smartquotes = False
""".replace("NAMES", '("citations", "links", "mathml", "statements")')
THEORY = "# Theory\n\n## 2. Convergence: E1\n\n**E1.a (near-linearity).** $x\\le1$.\n\n*Proof.* By hand. ∎\n"


def built(folder: Path, page: str, theory: str = THEORY) -> tuple[str, str]:
    """The page as HTML, and the warnings."""
    source = folder / "source"
    source.mkdir()
    (source / "conf.py").write_text(CONF)
    (source / "theory.md").write_text(theory)
    (source / "index.md").write_text(f"# Page\n\n```{{toctree}}\ntheory\n```\n\n{page}\n")
    warnings = io.StringIO()
    places = [str(folder / name) for name in ("source", "out", "trees")]
    with docutils_namespace():
        app = Sphinx(places[0], places[0], places[1], places[2], "html", status=None, warning=warnings)
        app.build()
    html = (folder / "out" / "index.html").read_text(encoding="utf-8")
    assert 'id="E1.a"' in (folder / "out" / "theory.html").read_text(encoding="utf-8")
    return html, warnings.getvalue()


def test_ids_sections_and_names_become_links(tmp_path: Path) -> None:
    text = "By E1.a, theory section 2 and E1; not `E1.a`, E1x or $E_1$. See `bounds.required_width`."
    html, warnings = built(tmp_path, text)
    assert re.findall(r'href="theory.html#([\w.-]+)">', html)[-3:] == ["E1.a", "section-2", "section-2"]
    assert "<math>" in html and "E1x" in html
    # The reference is no part of this small site: a name that is recognised but not found there is a warning.
    assert warnings.count("WARNING") == 1 and "robustntk.bounds.required_width" in warnings


@pytest.mark.parametrize(
    ("page", "named"),
    [("By E9.z.", "E9.z"), ("As in theory section 8.", "section 8"), (r"Let $\nosuchcommand x$.", "nosuchcommand")],
)
def test_what_does_not_exist_is_a_warning(page: str, named: str, tmp_path: Path) -> None:
    html, warnings = built(tmp_path, page)
    assert warnings.count("WARNING") == 1 and named in warnings
    assert "Page" in html


@pytest.mark.parametrize(
    ("docname", "link", "expected"),
    [
        ("start", "[a](../notebooks/02_x.ipynb)", "[a](notebooks/02_x.ipynb)"),
        ("notebooks/02_x", "[a](../docs/theory.md)", "[a](../theory.md)"),
        ("notebooks/02_x", "[a](../README.md#limits)", "[a](../index.md)"),
        ("notebooks/02_x", "[a](03_y.py), [b](https://z.py)", "[a](03_y.ipynb), [b](https://z.py)"),
        ("start", "[a](theory.md)", "[a](theory.md)"),
    ],
)
def test_links_of_the_repository_lead_to_pages(docname: str, link: str, expected: str) -> None:
    assert moved(docname, link) == expected
