"""The conformance suite of the array API standard, on `reference_ad.numpy`.

    python benchmarks/standard_suite.py PATH [--under plain|tape|compiled] [--examples N]

PATH is a checkout of https://github.com/data-apis/array-api-tests with its submodule `array-api`;
the suite is on no package index, and needs `pip install ndindex`. Its tests run with pytest, as
they are. `tape` and `compiled` call every function with its floating-point arrays traced, by
reverse mode or by the compiler. Printed are the counts, and each failure that `KNOWN_DIFFERENCES`
does not name, or that it names and that is none any more: either makes the exit status 1.
"""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import click
import numpy as np

import reference_ad
from reference_ad.engine import tree

OF_NUMPY = "NumPy gives this, and so do its arrays here."

KNOWN_DIFFERENCES = {
    "floor_divide(": OF_NUMPY,
    "floordiv__(": OF_NUMPY,
    "expm1(": OF_NUMPY,
    "test_pinv": "`pinv` takes matrices of full rank, where it has a derivative, and no rtol.",
}
"""What the names of tests hold that fail, and why that is so."""

BY_CHANCE = {"sign((real(x_i) is -0": "A complex zero keeps the signs of its parts."}
"""The same of tests that fail at some of the numbers that are drawn."""

OF_TRACED = {"test_dlpack": "A traced array has no memory that another library could read."}
"""The same where functions are traced."""

OF_COMPILED = {
    "test_matrix_rank": "It looks at values, which a compiled function has not.",
}
"""The same where functions are compiled."""

OF_DTYPES = frozenset({"finfo", "iinfo", "result_type", "can_cast", "isdtype"})
"""Functions that answer no arrays."""

PLUGIN = "array_api_plugin"
"""The module of the namespace that the suite imports, made of this file."""


def namespace(under: str) -> types.ModuleType:
    """Return the namespace whose functions see traced arrays."""
    module = types.ModuleType(PLUGIN)
    for name, value in vars(reference_ad.numpy).items():
        if name in ("linalg", "fft"):
            part = types.ModuleType(f"{PLUGIN}.{name}")
            for inner, function in vars(value).items():
                setattr(part, inner, _maybe_traced(inner, function, under))
            value = part
        setattr(module, name, _maybe_traced(name, value, under))
    return module


def _maybe_traced(name: str, value: Any, under: str) -> Any:
    is_function = callable(value) and not inspect.isclass(value) and not name.startswith("_")
    return _traced(value, under) if is_function and name not in OF_DTYPES else value


def _traced(function: Callable[..., Any], under: str) -> Callable[..., Any]:
    """A function that is called with its floating-point arrays traced."""

    def call(*args: Any, **parameters: Any) -> Any:
        leaves = tree.leaves((args, parameters))
        places = [place for place, leaf in enumerate(leaves) if _is_traceable(leaf)]
        if not places:
            return function(*args, **parameters)
        _, structure = tree.flatten((args, parameters))

        def of_arrays(*arrays: Any) -> Any:
            filled = list(leaves)
            for place, array in zip(places, arrays, strict=True):
                filled[place] = array
            filled_args, filled_parameters = tree.unflatten(structure, filled)
            return function(*filled_args, **filled_parameters)

        arrays = [leaves[place] for place in places]
        if under == "compiled":
            return reference_ad.compile(of_arrays)(*arrays)
        value, _ = reference_ad.vjp(of_arrays, *arrays)
        return value

    signature = getattr(function, "__signature__", None)
    with suppress(TypeError, ValueError):
        call.__signature__ = signature or inspect.signature(function)  # type: ignore[attr-defined]
    call.__name__ = getattr(function, "__name__", "function")
    return call


def _is_traceable(leaf: Any) -> bool:
    return isinstance(leaf, np.ndarray | np.generic) and leaf.dtype.kind in "fc"


def failures(report: Path) -> tuple[list[str], int]:
    """Return the names of the tests that failed, and how many there are that ran."""
    cases = list(ElementTree.parse(report).iter("testcase"))
    ran = [case for case in cases if case.find("skipped") is None]
    failed = [
        f"{case.get('classname')}::{case.get('name')}"
        for case in ran
        if case.find("failure") is not None or case.find("error") is not None
    ]
    return failed, len(ran)


def surprises(failed: list[str], known: dict[str, str]) -> Iterator[str]:
    """Yield what failed and is not known, and what is known and did not fail."""
    for name in failed:
        if not any(part in name for part in (*known, *BY_CHANCE)):
            yield f"failed: {name}"
    for part, reason in known.items():
        if not any(part in name for name in failed):
            yield f"no longer so: {part} ({reason})"


@click.command(help=__doc__)
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--under", type=click.Choice(["plain", "tape", "compiled"]), default="plain")
@click.option("--examples", default=15, show_default=True, help="Examples of each property.")
def main(path: Path, under: str, examples: int) -> None:
    here = Path(__file__).resolve()
    report = path.resolve() / f"report-{under}.xml"
    module = "reference_ad.numpy"
    if under != "plain":
        code = f"import sys; sys.path.append({str(here.parent)!r}); "
        code += f"from standard_suite import namespace; xp = namespace({under!r})"
        module = f"exec('{code}')"  # the suite runs what stands between the quotes
    command = [sys.executable, "-m", "pytest", "-q", "--disable-warnings", "-p", "no:cacheprovider"]
    command += [
        "--continue-on-collection-errors",
        f"--max-examples={examples}",
        "--hypothesis-seed=0",
    ]
    subprocess.run(
        [*command, f"--junitxml={report}", "array_api_tests"],
        cwd=path,
        env={
            **os.environ,
            "ARRAY_API_TESTS_MODULE": module,
            "ARRAY_API_TESTS_VERSION": reference_ad.numpy.__array_api_version__,
        },
        stdout=subprocess.DEVNULL,
        check=False,
    )
    failed, count = failures(report)
    known = dict(KNOWN_DIFFERENCES)
    if under != "plain":
        known |= OF_TRACED
    if under == "compiled":
        known |= OF_COMPILED
    click.echo(f"{under}: {count - len(failed)} of {count} pass")
    found = list(surprises(failed, known))
    for line in found:
        click.echo(line)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
