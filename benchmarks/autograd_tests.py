"""The tests of HIPS/autograd, on `reference_ad` through a shim.

    python benchmarks/autograd_tests.py PATH [--missing]

PATH is a checkout of https://github.com/HIPS/autograd. Its tests run with pytest as they are, but
`import autograd` gives the modules that this file makes: autograd's transformations by
`reference_ad`'s, and NumPy's names by those of the array API standard. Printed is how many tests
pass, how many ask for something that the standard and `reference_ad` have no place for, and how
many fail in another way; with --missing, what is asked for and missing, by how many tests, and the
others by name.
"""

from __future__ import annotations

import builtins
import itertools
import os
import re
import subprocess
import sys
import types
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import click
import numpy as onp

import reference_ad as ad
from reference_ad.engine import tree
from reference_ad.engine.core import Tracer

xp = ad.numpy

MISSING = "autograd has what is missing here:"
"""How the message begins of what a module of the shim has not."""

STEP = 1e-6
TOLERANCE = 1e-5
"""The step of the tests' own differences, and how near derivatives must be to them."""


class Module(types.ModuleType):
    """A module that says what it has not."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(f"{MISSING} {self.__name__.removeprefix('autograd.')}.{name}")


# ---- transformations


def _at(
    f: Callable[..., Any], argnum: Any, args: tuple[Any, ...]
) -> tuple[Callable[..., Any], Any]:
    """A function as one of the argument that is differentiated by, and that argument."""
    positions = argnum if isinstance(argnum, tuple) else (argnum,)

    def of_active(*active: Any) -> Any:
        filled = list(args)
        for position, value in zip(positions, active, strict=True):
            filled[position] = value
        return f(*filled)

    return of_active, tuple(tree.map(_as_array, args[position]) for position in positions)


def _as_array(leaf: Any) -> Any:
    is_plain = isinstance(leaf, (int, float, complex)) and not isinstance(leaf, bool)
    return (
        onp.asarray(leaf, dtype=complex if isinstance(leaf, complex) else float)
        if is_plain
        else leaf
    )


def _of(argnum: Any, cotangents: tuple[Any, ...]) -> Any:
    return cotangents if isinstance(argnum, tuple) else cotangents[0]


def make_vjp(f: Callable[..., Any], argnum: Any = 0) -> Callable[..., Any]:
    """A pullback and the value."""

    def transformed(*args: Any, **parameters: Any) -> Any:
        of_active, active = _at(lambda *a: f(*a, **parameters), argnum, args)
        value, pullback = ad.vjp(of_active, *active)
        return lambda g: _of(argnum, pullback(_like(g, value))), value

    return transformed


def _like(cotangent: Any, value: Any) -> Any:
    return tree.map(lambda g, y: xp.asarray(g, dtype=y.dtype), cotangent, value)


def make_jvp(f: Callable[..., Any], argnum: Any = 0) -> Callable[..., Any]:
    """A function of a tangent that gives the value and the derivative along it."""

    def transformed(*args: Any, **parameters: Any) -> Any:
        of_active, active = _at(lambda *a: f(*a, **parameters), argnum, args)

        def push(tangent: Any) -> Any:
            tangents = tangent if isinstance(argnum, tuple) else (tangent,)
            return ad.jvp(of_active, active, tuple(map(_like, tangents, active)))

        return push

    return transformed


def grad(f: Callable[..., Any], argnum: Any = 0) -> Callable[..., Any]:
    """The gradient of a scalar function."""

    def transformed(*args: Any, **parameters: Any) -> Any:
        return value_and_grad(f, argnum)(*args, **parameters)[1]

    return transformed


def value_and_grad(f: Callable[..., Any], argnum: Any = 0) -> Callable[..., Any]:
    """The value and the gradient of a scalar function."""

    def transformed(*args: Any, **parameters: Any) -> Any:
        pullback, value = make_vjp(f, argnum)(*args, **parameters)
        if getattr(value, "size", 1) != 1:
            raise TypeError("Grad only applies to real scalar-output functions.")
        return value, pullback(xp.ones_like(value))

    return transformed


def elementwise_grad(f: Callable[..., Any], argnum: Any = 0) -> Callable[..., Any]:
    """The gradient of the sum of the outputs."""
    return grad(lambda *args: xp.sum(f(*args)), argnum)


def jacobian(f: Callable[..., Any], argnum: int = 0) -> Callable[..., Any]:
    """The Jacobian, by reverse mode."""

    def transformed(*args: Any) -> Any:
        of_active, active = _at(f, argnum, args)
        return ad.jacrev(of_active)(*active)

    return transformed


def hessian(f: Callable[..., Any], argnum: int = 0) -> Callable[..., Any]:
    """The Hessian, as the Jacobian of the Jacobian."""
    return jacobian(jacobian(f, argnum), argnum)


def make_hvp(f: Callable[..., Any], argnum: int = 0) -> Callable[..., Any]:
    """A function of a vector that gives the Hessian's product with it."""

    def transformed(*args: Any) -> Any:
        pullback, gradient = make_vjp(grad(f, argnum), argnum)(*args)
        return pullback, gradient

    return transformed


# ---- NumPy's names


def _swapaxes(x: Any, first: int, second: int) -> Any:
    axes = list(range(x.ndim))
    axes[first], axes[second] = axes[second], axes[first]
    return xp.permute_dims(x, tuple(axes))


def _dot(x: Any, y: Any) -> Any:
    x, y = map(xp.asarray, (x, y))
    if not x.ndim or not y.ndim:
        return x * y
    return xp.tensordot(x, y, axes=([x.ndim - 1], [max(y.ndim - 2, 0)]))


def _transpose(x: Any, axes: Any = None) -> Any:
    x = xp.asarray(x)
    return xp.permute_dims(x, tuple(reversed(range(x.ndim))) if axes is None else tuple(axes))


def _ravel(x: Any) -> Any:
    return xp.reshape(xp.asarray(x), (-1,))


def _array(value: Any, dtype: Any = None, **ignored: Any) -> Any:
    return xp.asarray(value, dtype=dtype)


OF_STANDARD = {
    "absolute": "abs",
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctan2": "atan2",
    "arctanh": "atanh",
    "amax": "max",
    "amin": "min",
    "concatenate": "concat",
    "conjugate": "conj",
    "fabs": "abs",
    "mod": "remainder",
    "power": "pow",
    "true_divide": "divide",
}
"""NumPy's names of functions of the standard."""

WRITTEN_HERE = {
    "array": _array,
    "dot": _dot,
    "ravel": _ravel,
    "swapaxes": _swapaxes,
    "transpose": _transpose,
}
"""NumPy's functions that take a line of the standard's."""

OF_VALUES = (
    *[
        "allclose",
        "array_equal",
        "dtype",
        "errstate",
        "float32",
        "float64",
        "int64",
        "ndarray",
        "newaxis",
        "pi",
        "random",
    ],
    *["complex64", "complex128", "shape", "ndim", "size", "isscalar", "seterr"],
)
"""What NumPy has that is asked of values alone."""


def _on_arrays(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that takes Python's floats for arrays, as NumPy's do."""

    def call(*args: Any, **parameters: Any) -> Any:
        return function(*map(_unless_integer, args), **parameters)

    call.__name__ = getattr(function, "__name__", "function")
    return call


def _unless_integer(arg: Any) -> Any:
    return onp.asarray(arg) if isinstance(arg, (float, complex)) else arg


def numpy_module() -> Module:
    """Return what stands for `autograd.numpy`."""
    module = Module("autograd.numpy")
    for name, value in vars(xp).items():
        if not name.startswith("_"):
            is_function = callable(value) and not isinstance(value, type)
            setattr(module, name, _on_arrays(value) if is_function else value)
    for name in OF_VALUES:
        setattr(module, name, getattr(onp, name))
    for name, standard in OF_STANDARD.items():
        setattr(module, name, _on_arrays(getattr(xp, standard)))
    for name, function in WRITTEN_HERE.items():
        setattr(module, name, function)
    for name in ("linalg", "fft"):
        part = Module(f"autograd.numpy.{name}")
        for inner, value in vars(getattr(xp, name)).items():
            if callable(value) and not inner.startswith("_"):
                setattr(part, inner, _on_arrays(value))
        setattr(module, name, part)
    return module


# ---- the tests' own helpers


def check_grads(
    f: Callable[..., Any], argnum: Any = 0, modes: Any = None, order: int = 2
) -> Callable[..., None]:
    """Hold derivatives of a function against differences, to an order."""
    positions = argnum if isinstance(argnum, (tuple, list)) else (argnum,)

    def check(*args: Any, **parameters: Any) -> None:
        def of_active(*active: Any) -> Any:
            filled = list(args)
            for position, value in zip(positions, active, strict=True):
                filled[position] = value
            return f(*filled, **parameters)

        active = [tree.map(_as_array, args[position]) for position in positions]
        _check(of_active, active, modes or ["fwd", "rev"], order)

    return check


def _check(f: Callable[..., Any], active: list[Any], modes: list[str], order: int) -> None:
    rng = onp.random.default_rng(0)
    tangents = tree.map(lambda x: _random_like(x, rng), active)
    ahead = f(*tree.map(lambda x, t: x + STEP / 2 * t, active, tangents))
    behind = f(*tree.map(lambda x, t: x - STEP / 2 * t, active, tangents))
    quotient = tree.map(lambda a, b: (xp.asarray(a) - b) / STEP, ahead, behind)
    value, pushed = ad.jvp(f, tuple(active), tuple(tangents))
    if "fwd" in modes:
        _compare(pushed, quotient)
    cotangent = tree.map(lambda y: _random_like(xp.asarray(y), rng), value)
    _, pullback = ad.vjp(f, *active)
    if "rev" in modes:
        _compare_numbers(_inner(cotangent, quotient), _inner(list(pullback(cotangent)), tangents))
    if order > 1:
        if "fwd" in modes:
            _check(lambda *a: ad.jvp(f, a, tuple(tangents))[1], active, modes, order - 1)
        if "rev" in modes:
            _check(lambda *a: ad.vjp(f, *a)[1](cotangent), active, modes, order - 1)


def _random_like(x: Any, rng: Any) -> Any:
    numbers = rng.standard_normal(onp.shape(x))
    if x.dtype.kind == "c":
        numbers = numbers + 1j * rng.standard_normal(onp.shape(x))
    return onp.asarray(numbers, x.dtype)


def _inner(left: Any, right: Any) -> float:
    """What a transposed map keeps: the engine conjugates nothing, and neither does this."""
    pairs = zip(tree.leaves(left), tree.leaves(right), strict=True)
    return sum(float(onp.real(onp.sum(a * b))) for a, b in pairs)


def _compare(left: Any, right: Any) -> None:
    for a, b in zip(tree.leaves(left), tree.leaves(right), strict=True):
        onp.testing.assert_allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE)


def _compare_numbers(left: float, right: float) -> None:
    onp.testing.assert_allclose(left, right, rtol=TOLERANCE, atol=TOLERANCE)


def combo_check(f: Callable[..., Any], *args: Any, **parameters: Any) -> Callable[..., None]:
    """Check all combinations of arguments."""

    def check(*choices: Any, **named: Any) -> None:
        pairs = [[(name, value) for value in values] for name, values in named.items()]
        for chosen in itertools.product(*choices):
            for chosen_pairs in itertools.product(*pairs):
                check_grads(f, *args, **parameters)(*chosen, **dict(chosen_pairs))

    return check


# ---- putting it in autograd's place


def install() -> None:
    """Let `import autograd` give the modules made here."""
    numpy = numpy_module()
    top = Module("autograd")
    top.__path__ = []
    numpy.__path__ = []
    for function in (grad, value_and_grad, jacobian, hessian, elementwise_grad):
        setattr(top, function.__name__, function)
    for function in (make_vjp, make_jvp, make_hvp):
        setattr(top, function.__name__, function)
    top.deriv = top.holomorphic_grad = elementwise_grad
    top.checkpoint = ad.checkpoint
    for name in ("isinstance", "dict", "list", "tuple"):
        setattr(top, name, getattr(builtins, name))
    test_util = Module("autograd.test_util")
    test_util.check_grads, test_util.combo_check = check_grads, combo_check
    test_util.check_equivalent = _compare
    test_util.scalar_close = lambda a, b: abs(a - b) < STEP or abs(a - b) < STEP * abs(a + b)
    tracer = Module("autograd.tracer")
    tracer.isbox = lambda x: isinstance(x, Tracer)
    built_in = Module("autograd.builtins")
    for name in ("isinstance", "dict", "list", "tuple"):
        setattr(built_in, name, getattr(builtins, name))
    top.numpy, top.test_util = numpy, test_util
    modules = {"": top, "numpy": numpy, "test_util": test_util, "tracer": tracer}
    modules |= {"numpy.random": onp.random, "numpy.linalg": numpy.linalg, "numpy.fft": numpy.fft}
    modules |= {"builtins": built_in}
    for name in ("core", "extend", "misc", "wrap_util", "scipy", "util"):
        modules[name] = Module(f"autograd.{name}")
    for name, module in modules.items():
        sys.modules[f"autograd.{name}".rstrip(".")] = module


def pytest_configure(config: Any) -> None:
    """Install the shim before pytest imports the tests: this file is its plugin."""
    install()


# ---- the counts


def kinds(report: Path) -> tuple[Counter[str], Counter[str], list[str]]:
    """Return how many tests ended in which way, what was missing, and what failed otherwise."""
    counts: Counter[str] = Counter()
    missing: Counter[str] = Counter()
    others = []
    for case in ElementTree.parse(report).iter("testcase"):
        problem = case.find("failure") if case.find("failure") is not None else case.find("error")
        if case.find("skipped") is not None:
            counts["skipped"] += 1
        elif problem is None:
            counts["passed"] += 1
        else:
            text = f"{problem.get('message')}\n{problem.text}"
            names = re.findall(rf"{MISSING} (\S+)", text) or re.findall(
                r"cannot import name '(\w+)'|has no attribute '(\w+)'", text
            )
            if names:
                counts["missing"] += 1
                name = names[0]
                missing[name if isinstance(name, str) else "".join(name)] += 1
            else:
                counts["other"] += 1
                others.append(f"{case.get('name')}: {str(problem.get('message'))[:100]}")
    return counts, missing, others


@click.command(help=__doc__)
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--missing", "shows_missing", is_flag=True, help="Name what is missing.")
def main(path: Path, shows_missing: bool) -> None:
    here = Path(__file__).resolve().parent
    report = path.resolve() / "report-of-shim.xml"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "autograd_tests",
    ]
    command += ["--continue-on-collection-errors", f"--junitxml={report}", "-c", os.devnull]
    subprocess.run(
        [*command, "--rootdir", str(path), "tests"],
        cwd=path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(path / "tests")])},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    counts, missing, others = kinds(report)
    click.echo(", ".join(f"{count} {kind}" for kind, count in counts.most_common()))
    if shows_missing:
        for name, count in missing.most_common():
            click.echo(f"missing {name}: {count}")
        for line in others:
            click.echo(f"other {line}")


if __name__ == "__main__":
    main()
