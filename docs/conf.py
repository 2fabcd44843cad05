"""Sphinx's settings for the documentation; `docs/build.py` runs it."""

import sys
from pathlib import Path

from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from docs.digests import digest  # noqa: E402

# Pages are read again when the package or an extension changed, since most of them are made from these.
robustntk_sources = digest(*sorted(HERE.rglob("*.py")))

project = "robustntk"
author = "The robustntk authors"
project_copyright = author
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_proof",
    "docs.extensions.citations",
    "docs.extensions.commands",
    "docs.extensions.docstrings",
    "docs.extensions.ledger",
    "docs.extensions.links",
    "docs.extensions.mathml",
    "docs.extensions.reference",
    "docs.extensions.statements",
]
exclude_patterns = ["extensions", "_static"]

myst_enable_extensions = ["colon_fence", "dollarmath", "amsmath"]
myst_heading_anchors = 3
# Executed by docs/build.py, or by the tests before.
nb_execution_mode = "off"
nb_merge_streams = True
nb_render_markdown_format = "myst"
proof_title_format = " %t"

# No quotes: primes such as sigma' stay what they are.
smartquotes_action = "De"
default_role = "literal"
add_module_names = False
autodoc_class_signature = "mixed"
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 80
napoleon_google_docstring = True
napoleon_numpy_docstring = False
# Types in signatures that are no public names of ours: other libraries' (numpy, sympy, jaxtyping), and protocols of
# the inside. Links that somebody wrote are none of these, so they are all checked.
nitpick_ignore_regex = [("py:(class|obj|exc|data)", ".*")]

html_theme = "furo"
pygments_dark_style = "github-dark"
html_title = "robustntk"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True


def setup(app: Sphinx) -> None:
    """What pages depend on besides their text."""
    app.add_config_value("robustntk_sources", "", "env", types=[str])
