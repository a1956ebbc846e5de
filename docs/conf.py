"""The documentation site: `tox run -e docs`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes

from pytest_kerasch2 import _HOMES, __version__

HERE = Path(__file__).parent
PROJECT = HERE.parent
SOURCE = "https://github.com/pytest-kerasch2/pytest-kerasch2/blob/main/"
PACKAGE = "pytest_kerasch2"
# By the module where it is: what an annotation says.
PUBLIC = {
    f"{PACKAGE}.{module}.{attribute or name}": f"{PACKAGE}.{name}"
    for name, (module, _, attribute) in ((name, home.partition(":")) for name, home in _HOMES.items())
}

project = "pytest-kerasch2"
author = "The pytest-kerasch2 authors"
project_copyright = author
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
# Scripts, data and pictures of the folder are not pages.
include_patterns = ["**.md"]
myst_enable_extensions = ["colon_fence"]
# As GitHub makes them: a link to a heading works in both places.
myst_heading_anchors = 4

nitpicky = True
# What is not public has no page, and nothing of another project's documentation is fetched.
nitpick_ignore_regex = [("py:.*", r"(?!pytest_kerasch2\.\w+$).*")]

autodoc_member_order = "bysource"
# The site is built without any framework.
autodoc_mock_imports = ["h5py", "jax", "keras", "tensorflow", "tf_keras", "torch"]

html_theme = "furo"
html_title = "pytest-kerasch2"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False


def _link_to_source(app: Any, docname: str, text: list[str]) -> None:
    """Let a link to a file outside this folder lead to the repository, where that file is."""
    folder = (HERE / docname).parent

    def outside(match: re.Match[str]) -> str:
        place = (folder / match[1]).resolve()
        return match[0] if HERE in place.parents else f"]({SOURCE}{place.relative_to(PROJECT).as_posix()})"

    text[0] = re.sub(r"\]\((\.\./[^)#\s]+)\)", outside, text[0])


def _link_to_html_anchors(app: Any, doctree: nodes.document) -> None:
    """Let a link lead to an `<a id="...">` of the same page, which MyST does not know."""
    raw = "".join(one.astext() for one in doctree.findall(nodes.raw))
    anchors = set(re.findall(r'<a id="([^"]+)"', raw))
    for link in list(doctree.findall(addnodes.pending_xref)):
        if link["reftarget"] in anchors:
            link.replace_self(nodes.reference("", "", *link.children, refid=link["reftarget"], internal=True))


def _link_to_public_name(app: Any, env: Any, node: Any, text: Any) -> Any:
    """Let an annotation lead to the public name of what it names by its module."""
    public = PUBLIC.get(node["reftarget"])
    if public is None:
        return None
    return env.get_domain("py").resolve_xref(
        env, node["refdoc"], app.builder, "obj", public, node, nodes.literal("", public)
    )


def setup(app: Any) -> None:
    """Register what adapts pages that are read on GitHub too."""
    app.connect("source-read", _link_to_source)
    app.connect("doctree-read", _link_to_html_anchors)
    app.connect("missing-reference", _link_to_public_name)
