"""The scripts of a page, inlined once: Vega with Vega-Lite and its embedding, and the page's own.

The bundle of Vega takes seconds to make and is the same for all pages, so that it is kept in the
user's cache, under the version that it is of.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from adbench.results.files import write_text

STAMP = "/* adbench "
"""What the last line of a kept bundle begins with, before the sum of what stands above it."""


@cache
def vega_bundle() -> str:
    """Return vega, vega-lite and vega-embed as one script that sets `window.vegaEmbed`."""
    path = _cache_folder() / f"vega-{version('vl-convert-python')}.js"
    kept = _kept_bundle(path)
    if kept:
        return kept
    import vl_convert

    make_bundle: Any = vl_convert.javascript_bundle  # its stub asks for an argument
    bundle = str(make_bundle())
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_text(path, f"{bundle}\n{STAMP}{_sum(bundle)} */")
    return bundle


def _cache_folder() -> Path:
    """Where the user's caches lie, by the specification of XDG."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "adbench"


def _kept_bundle(path: Path) -> str:
    """The bundle that an earlier page left, where it is whole; "" else."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
    bundle, _, stamp = text.rpartition(f"\n{STAMP}")
    return bundle if stamp == f"{_sum(bundle)} */" else ""


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def inline(script: str) -> str:
    """Return a script as it may stand between tags: nothing in it ends it early."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def policy(scripts: Iterable[str]) -> str:
    """Return what a page allows itself: the scripts that it has, and nothing from elsewhere."""
    digests = (hashlib.sha256(script.encode("utf-8")).digest() for script in scripts)
    sources = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {sources or repr('none')}; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
