"""A check from Python, in this process: of a model, or of a function and its arguments."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from adbench import registry
from adbench.cases.case import DTYPES, NATIVE
from adbench.cases.model import Model, SpecError
from adbench.checking.report import Report
from adbench.results.row import Outcome, Row
from adbench.running import plan as planning
from adbench.running import worker as working
from reference_ad.engine import tree

IN_PROCESS = "here"
"""The origin of a model that exists in this process alone."""


def check(
    model: Model | Callable[..., Any],
    *arguments: Any,
    backend: str | Sequence[str] = "reference",
    native: Callable[..., Any] | Mapping[str, Callable[..., Any]] | None = None,
    operators: Sequence[str] | str = (),
    dtypes: Sequence[str] | str | None = None,
    sizes: Sequence[str] | str = (),
    active: int = 0,
    seed: int = 0,
) -> Report:
    """Judge the derivatives of a model or function, and return a report that is true where all is
    right.

    model: a `Model`, or a function `f(xp, *arguments)` written against an array namespace.
    arguments: where a function is given, the point: trees of arrays or numbers, of NumPy or of a
    framework.
    backend: who computes: "torch", "jax:jit", "mine.py", or several.
    native: your own code, `f(*arguments)` on the framework's arrays, to be judged against the
        function instead of the framework's own derivative of it; a mapping by framework where there
        are several.
    operators: "gradient", "vjp", ...; all that apply where empty.
    dtypes: "float64" or others; by default that of the active argument.
    sizes: of a model: the names of its sizes; the smaller ones where empty.
    active: the position of the argument to differentiate with respect to.

    A function that crashes crashes this process; `adbench check` runs every backend in a process of
    its own. Raises SpecError where the question cannot be asked.
    """
    entries = registry.find_backends(_listed(backend))
    if not isinstance(model, Model):
        if not callable(model):
            raise SpecError(
                f"check was given a {type(model).__name__}; give it an adbench.Model, or a "
                "function f(xp, *arguments)."
            )
        if not arguments:
            raise SpecError(
                "check was given a function and no arguments: give the point to check it at, "
                "check(f, x, ...)."
            )
        if not 0 <= active < len(arguments):
            raise SpecError(
                f"check was given active={active} and {len(arguments)} argument(s); give the place "
                "of one, from 0 on."
            )
        dtypes = dtypes or _dtype_of(arguments, active)
        model = _model_of(model, arguments, active)
    elif arguments:
        raise SpecError(
            "check was given a Model and arguments; a Model makes its own, so leave them out."
        )
    if seed < 0:
        raise SpecError(f"check was given seed={seed}; give an integer that is not negative.")
    if native is not None:
        frameworks = dict.fromkeys(entry.framework for entry in entries)
        model = replace(
            model,
            native=native if isinstance(native, Mapping) else dict.fromkeys(frameworks, native),
        )
    asked = _listed(dtypes or DTYPES[:1])
    for dtype in asked:
        if dtype not in DTYPES:
            raise SpecError(registry.nearest("dtype", dtype, DTYPES))
    settings = planning.Settings(
        effort=planning.CHECK, seed=seed, lowest_dtype=max(asked, key=DTYPES.index)
    )
    source = registry.ModelSource(model, IN_PROCESS)
    plan = planning.make_plan(
        [source],
        entries,
        settings,
        operators=_listed(operators),
        sizes=_listed(sizes),
        dtypes=asked,
    )
    if native is not None:
        groups = tuple(
            replace(
                group, cases=tuple(case for case in group.cases if case.implementation == NATIVE)
            )
            for group in plan.groups
        )
        plan = replace(plan, groups=groups)
    if not plan.total:
        backends = ", ".join(entry.name for entry in entries)
        raise SpecError(
            f"check has nothing to run: the backends are {backends or 'none'}, and native is for "
            f"{', '.join(model.native) or 'none'}."
        )
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # a framework's warning about itself is no verdict, and no error of the user's
        return Report(tuple(_rows(plan)))


def _model_of(function: Callable[..., Any], arguments: Sequence[Any], active: int) -> Model:
    made = tuple(tree.map(_as_numpy, argument) for argument in arguments)
    name = getattr(function, "__name__", type(function).__name__).strip("<>")
    return Model(
        name=name,
        function=function,
        make=lambda size, rng: made,
        sizes={"given": {}},
        active=active,
    )


def _as_numpy(leaf: Any) -> np.ndarray[Any, Any]:
    if hasattr(
        leaf, "detach"
    ):  # a tensor that records gradients must be asked to leave them behind
        leaf = leaf.detach().cpu()
        leaf = (
            leaf.double() if leaf.is_floating_point() else leaf
        )  # NumPy does not know PyTorch's bfloat16
    array = np.asarray(leaf)
    return array.astype(np.float64) if array.dtype.name == "bfloat16" else array


def _listed(names: Sequence[str] | str) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _dtype_of(arguments: Sequence[Any], active: int) -> str:
    """The lowest dtype of the active argument's arrays; plain numbers are float64."""
    if not 0 <= active < len(arguments):
        return DTYPES[0]
    names = [
        str(getattr(leaf, "dtype", DTYPES[0])).rpartition(".")[2]
        for leaf in tree.leaves(arguments[active])
    ]
    return max((name for name in names if name in DTYPES), key=DTYPES.index, default=DTYPES[0])


def _rows(plan: planning.Plan) -> list[Row]:
    """Run a plan in this process, without samples."""
    settings = plan.settings
    workers: dict[str, working.Worker] = {}
    absent: dict[str, str] = {}
    rows = []
    for entry in plan.backends:
        if registry.installed_version(entry) is None:
            absent[entry.name] = (
                f"{entry.requires} is not installed; `pip install {entry.distribution}` adds it."
            )
    with tempfile.TemporaryDirectory(prefix="adbench-") as folder:
        for group in plan.groups:
            model, case = group.source.model, group.question
            truth = Path(folder) / "truth.npz"
            established = working.write_truth(
                model,
                case.size,
                case.operator,
                case.order,
                settings.seed,
                settings.lowest_dtype,
                truth,
            )
            known = {"n_inputs": group.n, "n_outputs": group.m, "message": established["doubt"]}
            for case, entry in plan.cells(group):
                if entry.name in absent:
                    begun = Row.begun(case, entry.name, **known)
                    rows.append(
                        replace(begun, outcome=Outcome.NOT_INSTALLED, message=absent[entry.name])
                    )
                    continue
                if entry.name not in workers:
                    workers[entry.name] = working.Worker(
                        registry.load_backend(entry.load),
                        entry.name,
                        settings.seed,
                        settings.lowest_dtype,
                        settings.threads,
                        load_model=lambda origin: plan.groups[0].source.model,
                    )
                with workers[entry.name].backend.modes():
                    row = workers[entry.name].open(
                        case.describe(), case, IN_PROCESS, established["path"], known, timed=False
                    )
                assert row is not None
                rows.append(row)
    return rows
