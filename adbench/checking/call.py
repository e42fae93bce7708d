"""A check from Python, in this process: of a model, or of a function and its arguments."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adbench import registry
from adbench.backends.catalog import Entry
from adbench.cases.case import DTYPES
from adbench.cases.limits import check_number
from adbench.cases.model import Model, SpecError
from adbench.cases.static import map_arrays
from adbench.checking.counterexample import find_counterexamples, with_counterexamples
from adbench.checking.report import Report
from adbench.functions.function_model import (
    default_backends,
    dtype_of_call,
    function_model,
    stands_alone,
)
from adbench.functions.native_reading import with_function
from adbench.planning import plan as planning
from adbench.planning.plan import Plan
from adbench.planning.restriction import Restriction, as_names, check_dtypes
from adbench.planning.settings import CHECK, Settings
from adbench.planning.unasked import Named, with_unasked
from adbench.results.row import Row
from adbench.running import in_process
from adbench.running.beyond import look_beyond
from reference_ad.engine import tree

IN_PROCESS = "here"
"""The origin of a model that exists in this process alone."""


def check(
    model: Model | Callable[..., Any],
    *arguments: Any,
    argnums: int | str | Sequence[int | str] | None = None,
    spec: Callable[..., Any] | None = None,
    backend: str | Sequence[str] | None = None,
    native: Callable[..., Any] | Mapping[str, Callable[..., Any]] | None = None,
    operators: Sequence[str] | str = (),
    dtypes: Sequence[str] | str | None = None,
    sizes: Sequence[str] | str = (),
    active: int = 0,
    seed: int = 0,
    order: int | None = None,
    specification: bool = False,
    resolution: float | None = None,
    accuracy: float | None = None,
    budget_s: float | None = None,
    **keywords: Any,
) -> Report:
    """Judge the derivatives of a model or function.

    Return a report that is true where all is right.

    model: a `Model`; a function of PyTorch, JAX or TensorFlow as it stands, of their arrays; or a
        function `f(xp, *arguments)` written against an array namespace.
    arguments: where a function is given, the point: trees of arrays, or numbers. A function whose
        first parameter is not `xp` is taken as it stands where arrays of a framework are among
        them, or where it is a module of PyTorch's. Then modules may be among them, whose parameters
        are arrays by their names; integers, flags and whatever else is no array stay what they are;
        several outputs are judged together. What is judged is the function with whatever derivative
        rules of its own it has, against the true derivatives of its own forward.
    keywords: of a function as it stands, its keyword arguments.
    argnums: of a function as it stands, what is differentiated by: arguments by position or
        keyword, or arrays and parameters by name. By default the tensors of PyTorch that require
        gradients where any does, and otherwise, as with JAX and TensorFlow, every array of
        floating-point numbers (`jax.grad` would take the first argument alone).
    spec: of a function as it stands, the function that its values and derivatives are judged by,
        such as the slow composition of a fused kernel: one of the same arguments in the same
        framework or another, or of `xp` and these.
    backend: who computes: "torch", "jax:jit", "mine.py", or several; by default the framework of a
        function as it stands, and the reference for others.
    native: your own code, `f(*arguments)` on the framework's arrays, to be judged against the
        function instead of the framework's own derivative of it; a mapping by framework where there
        are several.
    operators: "gradient", "vjp", ...; all that apply where empty.
    dtypes: "float64" or others; by default that of the active argument.
    sizes: of a model: the names of its sizes; the smaller ones where empty.
    active: the position of the argument to differentiate with respect to.
    order: the highest order of derivatives; by default the first of a hand-written function, and of
        others all that apply.
    specification: whether what frameworks make of the specification counts beside a hand-written
        function.
    resolution: the relative error that a check must be able to see to pass; by default 1e-6 in
        float64.
    accuracy: the relative error that the answers have by design; that of the model where None.

    budget_s: how long (s) a hand-written function is looked at beyond what was asked: in float32,
        at larger sizes, with respect to its other arguments; 20 by default. With 0 it is judged at
        the given point and at no other, as gradcheck does.

    A function that crashes crashes this process, and no limit of time or memory holds; `adbench
    check` runs every backend in a process of its own, with both. Raises SpecError where the
    question cannot be asked.
    """
    _check_numbers(seed, order=order, resolution=resolution, accuracy=accuracy, budget_s=budget_s)
    subject = Subject(model, arguments, keywords, argnums, spec, active)
    model = subject.model(has_native=native is not None)
    dtypes = dtypes or _unless_highest(subject.dtype(model))
    entries = registry.find_backends(
        _as_list("backend", default_backends(model) if backend is None else backend)
    )
    if accuracy is not None:
        model = replace(model, accuracy=accuracy)
    if native is not None:
        model = replace(model, native=_native_of_frameworks(native, entries))
    if not entries:
        raise SpecError(_nothing_to_run(entries, model))
    operator_names = tuple(_as_list("operators", operators))
    size_names = tuple(_as_list("sizes", sizes))
    wanted_dtypes = _as_list("dtypes", dtypes or DTYPES[:1])
    check_dtypes(wanted_dtypes)
    settings = Settings(
        effort=CHECK,
        seed=seed,
        lowest_dtype=max(wanted_dtypes, key=DTYPES.index),
        order=order,
        specification=specification,
        resolution=resolution,
        budget_s=budget_s,
        are_dtypes_free=dtypes is None,
    )
    plan = planning.make_plan(
        [registry.ModelSource(model, IN_PROCESS)],
        entries,
        settings,
        operators=operator_names,
        sizes=size_names,
        dtypes=wanted_dtypes,
    )
    named = Restriction(operator_names, size_names, tuple(_as_list("dtypes", dtypes or ())))
    plan = _completed(plan, named)
    if native is not None and not {entry.framework for entry in entries} & set(model.native):
        raise SpecError(_nothing_to_run(entries, model))
    rows: list[Row] = []
    with warnings.catch_warnings():
        # A framework's warning about itself is no verdict, and no error of the user's.
        warnings.simplefilter("ignore")
        in_process.run(plan, rows.append)
        counterexamples = find_counterexamples(plan, rows) if plan.settings.most_beyond_s else []
    return with_counterexamples(Report.of(plan, rows), counterexamples)


@dataclass(frozen=True)
class Subject:
    """What a check was given: a model, or a function and the arguments of its call."""

    function: Model | Callable[..., Any]
    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any]
    argnums: Any
    spec: Callable[..., Any] | None
    active: int

    def model(self, *, has_native: bool) -> Model:
        """Return the model that is checked. Raises SpecError where there is none.

        has_native: whether a hand-written function is judged by the function.
        """
        function = self.function
        if not has_native and stands_alone(function, self.arguments, self.keywords):
            assert not isinstance(function, Model)
            return function_model(
                function, self.arguments, self.keywords, argnums=self.argnums, spec=self.spec
            )
        if self.keywords or self.argnums is not None or self.spec is not None:
            raise SpecError(_of_functions_as_they_stand(self.keywords, self.argnums))
        if not isinstance(function, Model):
            _check_function(function, self.arguments, self.active)
            return _model_of(function, self.arguments, self.active)
        if self.arguments:
            raise SpecError(
                "check was given a Model and arguments; a Model makes its own, so leave them out."
            )
        return with_function(function)

    def dtype(self, model: Model) -> str:
        """Return the dtype of what it is differentiated by."""
        own = dtype_of_call(model)
        is_call = self.arguments and model.differentiable is None
        return _dtype_of(self.arguments[self.active]) if is_call else own


def _check_numbers(seed: int, **optional: float | None) -> None:
    """Raise SpecError for a number out of range; None is what is customary."""
    check_number("check", "seed", seed)
    for name, value in optional.items():
        if value is not None:
            check_number("check", name, value)


def _completed(plan: Plan, named: Restriction) -> Plan:
    """Add what is looked at beyond what was asked, and what was named and is asked nothing."""
    backends = tuple(entry.name for entry in plan.backends)
    names = Named(backends=backends, operators=named.operators, sizes=named.sizes)
    return with_unasked(look_beyond(plan, named), names)


def _nothing_to_run(entries: Sequence[Entry], model: Model) -> str:
    backend_names = ", ".join(entry.name for entry in entries)
    return (
        f"check has nothing to run: the backends are {backend_names or 'none'}, and native is for "
        f"{', '.join(model.native) or 'none'}."
    )


def _check_function(function: Any, arguments: Sequence[Any], active: int) -> None:
    """Raise SpecError unless a function was given, and the point to check it at."""
    if not callable(function):
        raise SpecError(
            f"check was given a {type(function).__name__}; give it an adbench.Model, or a "
            "function f(xp, *arguments)."
        )
    if not arguments:
        raise SpecError(
            "check was given a function and no arguments: give the point to check it at, "
            "check(f, x, ...)."
        )
    check_number("check", "active", active)
    if active >= len(arguments):
        raise SpecError(
            f"check was given active={active} and {len(arguments)} argument(s); give the place "
            "of one, from 0 on."
        )


def _native_of_frameworks(
    native: Callable[..., Any] | Mapping[str, Callable[..., Any]], entries: Sequence[Entry]
) -> Mapping[str, Callable[..., Any]]:
    """Return the user's own code by framework; one function is for every framework asked."""
    if isinstance(native, Mapping):
        return native
    return dict.fromkeys((entry.framework for entry in entries), native)


def _model_of(function: Callable[..., Any], arguments: Sequence[Any], active: int) -> Model:
    """Return a model that is evaluated at these arguments alone."""
    point = tuple(map_arrays(_as_numpy, argument) for argument in arguments)
    name = getattr(function, "__name__", type(function).__name__).strip("<>")
    return Model(
        name=name,
        function=function,
        make=lambda size, rng: point,
        sizes={"given": {}},
        active=active,
    )


def _as_numpy(leaf: Any) -> np.ndarray[Any, Any]:
    if hasattr(leaf, "detach"):
        # A tensor that records gradients must be asked to leave them behind, and NumPy does not
        # know PyTorch's bfloat16.
        leaf = leaf.detach().cpu()
        if leaf.is_floating_point():
            leaf = leaf.double()
    array = np.asarray(leaf)
    return array.astype(np.float64) if array.dtype.name == "bfloat16" else array


def _as_list(parameter: str, names: Any) -> list[str]:
    """The names that a parameter was given."""
    return as_names("check", parameter, names)


def _unless_highest(dtype: str) -> str | None:
    """A dtype that is asked for, or None for the highest, which is asked for anyway."""
    return None if dtype == DTYPES[0] else dtype


def _of_functions_as_they_stand(keywords: Mapping[str, Any], argnums: Any) -> str:
    """What to say of options that are of functions as they stand alone."""
    names = list(keywords)
    if not names:
        names = ["spec" if argnums is None else "argnums"]
    return (
        f"check was given {names[0]}, which is for functions of PyTorch, JAX or TensorFlow as they "
        "stand: give arrays of theirs among the arguments, and no native."
    )


def _dtype_of(argument: Any) -> str:
    """The lowest dtype of an argument's arrays; plain numbers are float64."""
    names = [
        str(getattr(leaf, "dtype", DTYPES[0])).rpartition(".")[2] for leaf in tree.leaves(argument)
    ]
    return max((name for name in names if name in DTYPES), key=DTYPES.index, default=DTYPES[0])
