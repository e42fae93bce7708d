"""The settings of the site that Sphinx makes of this folder: `make docs`."""

import inspect
import re
from importlib.metadata import version as installed_version

project = "adbench"
author = "The adbench developers"
copyright = "2026, The adbench developers"
release = version = installed_version("adbench")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_click"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
language = "en"

myst_heading_anchors = 4

# A docstring has its code between single backticks, as Markdown does.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 80

# Every link within the site must lead somewhere; the types of other packages are not on it.
nitpicky = True
nitpick_ignore_regex = [(r"py:.*", r".*")]

html_theme = "furo"
html_title = f"adbench {release}"
html_static_path = ["_static"]
html_css_files = ["adbench.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {"navigation_with_keys": True}

# `make check-links` asks every external address once; the rest is done without a network.
linkcheck_timeout = 20
linkcheck_retries = 2
linkcheck_anchors = False

ITEM = re.compile(r"([a-z_]+(?:, [a-z_]+)*): (.+)")
"""A line of a docstring that says what parameters are: `tangent, cotangent: a direction ...`."""


def list_parameters(app, kind, name, documented, options, lines):
    """Make a list of the lines of a docstring that say what its parameters are."""
    parameters = getattr(inspect_signature(documented), "parameters", {})
    written, in_item = [], False
    for line in lines:
        item = ITEM.fullmatch(line)
        if item and set(item[1].split(", ")) <= set(parameters):
            names = ", ".join(f"**{parameter}**" for parameter in item[1].split(", "))
            written += ([] if in_item else [""]) + [f"- {names}: {item[2]}"]
            in_item = True
        elif in_item and line.startswith(("Raises ", "Return")):
            written += ["", line]
            in_item = False
        elif in_item and line.strip():
            written.append(f"  {line.strip()}")
        else:
            in_item = False
            written.append(line)
    lines[:] = written


def inspect_signature(documented):
    try:
        return inspect.signature(documented)
    except (TypeError, ValueError):
        return None


def escape(app, context, lines):
    """Leave the stars of a command's help what they are."""
    lines[:] = [line.replace("*", r"\*") for line in lines]


def setup(app):
    app.connect("autodoc-process-docstring", list_parameters)
    for part in ("description", "usage", "options", "arguments", "epilog"):
        app.connect(f"sphinx-click-process-{part}", escape)
