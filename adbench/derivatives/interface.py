"""The derivatives of a function on any backend: one function for each operator.

Each prepares its call and makes it once; for repeated calls there is `prepare`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adbench.cases.operators import Operator
from adbench.derivatives.preparing import Request, prepare_and_call

Function = Callable[..., Any]


def gradient(
    function: Function,
    *arguments: Any,
    backend: str | None = None,
    mode: str | None = None,
    argnum: int = 0,
) -> Any:
    """Return the gradient of a function with one output of shape ().

    function: `f(xp, *arguments)`, written against an array namespace, or a function of PyTorch, JAX
        or TensorFlow of their arrays, which another framework's backend reads.
    arguments: trees of arrays (NumPy's or a framework's) and numbers. Integers, flags, strings and
        None stay Python values; a framework's own function keeps every value that is no array.
    backend: who computes, as "jax:jit", "torch" or the path of a file; by default the framework
        whose arrays are among the arguments, and the reference engine for a function of `xp`.
    mode: "forward" or "reverse"; by default the one that takes the fewest passes.
    argnum: the position of the argument that is differentiated with respect to.

    The answer is a tree like that argument, of arrays like those in it. Raises SpecError for what
    cannot be used, and Unsupported where the backend has no way.
    """
    return _answer(Request(Operator.GRADIENT, function, arguments, None, 1, backend, mode, argnum))


def value_and_gradient(
    function: Function,
    *arguments: Any,
    backend: str | None = None,
    mode: str | None = None,
    argnum: int = 0,
) -> Any:
    """Return the tuple of a function's value, of shape (), and its gradient.

    All parameters are those of `gradient`.
    """
    operator = Operator.VALUE_AND_GRADIENT
    return _answer(Request(operator, function, arguments, None, 1, backend, mode, argnum))


def jvp(
    function: Function,
    *arguments: Any,
    tangent: Any,
    backend: str | None = None,
    mode: str | None = None,
    argnum: int = 0,
) -> Any:
    """Return J v, the Jacobian times a tangent: an array of the shape of the output.

    tangent: v, a tree like the active argument. All others are those of `gradient`.
    """
    return _answer(Request(Operator.JVP, function, arguments, tangent, 1, backend, mode, argnum))


def vjp(
    function: Function,
    *arguments: Any,
    cotangent: Any,
    backend: str | None = None,
    mode: str | None = None,
    argnum: int = 0,
) -> Any:
    """Return u' J, a cotangent times the Jacobian: a tree like the active argument.

    cotangent: u, of the shape of the output. All others are those of `gradient`.
    """
    return _answer(Request(Operator.VJP, function, arguments, cotangent, 1, backend, mode, argnum))


def jacobian(
    function: Function,
    *arguments: Any,
    backend: str | None = None,
    mode: str | None = None,
    argnum: int = 0,
) -> Any:
    """Return the Jacobian: a tree like the active argument, of shapes output shape + leaf shape.

    Several outputs count as their numbers in a row. All parameters are those of `gradient`.
    """
    return _answer(Request(Operator.JACOBIAN, function, arguments, None, 1, backend, mode, argnum))


def hvp(
    function: Function,
    *arguments: Any,
    tangent: Any,
    backend: str | None = None,
    mode: str | None = None,
    argnum: int = 0,
) -> Any:
    """Return H v, the Hessian times a tangent: a tree like the active argument.

    tangent: v, a tree like the active argument. mode: "forward-over-reverse" and so on. All others
    are those of `gradient`.
    """
    return _answer(Request(Operator.HVP, function, arguments, tangent, 1, backend, mode, argnum))


def hessian(
    function: Function,
    *arguments: Any,
    backend: str | None = None,
    mode: str | None = None,
    argnum: int = 0,
) -> Any:
    """Return the Hessian: for each pair of leaves an array of shape leaf shape + leaf shape.

    mode: "forward-over-reverse" and so on. All others are those of `gradient`.
    """
    return _answer(Request(Operator.HESSIAN, function, arguments, None, 1, backend, mode, argnum))


def derivative(
    function: Function,
    *arguments: Any,
    order: int = 1,
    backend: str | None = None,
    mode: str | None = None,
    argnum: int = 0,
) -> Any:
    """Return the derivative of a function of one array of shape () with one output of shape ().

    order: how often is differentiated. mode: "forward", "reverse" or "taylor". All others are those
    of `gradient`.
    """
    operator = Operator.DERIVATIVE
    return _answer(Request(operator, function, arguments, None, order, backend, mode, argnum))


def sparse_jacobian(
    function: Function,
    *arguments: Any,
    backend: str | None = None,
    mode: str | None = None,
    argnum: int = 0,
) -> Any:
    """Return the Jacobian as a sparse matrix of shape (m, n), a `scipy.sparse.csr_array`.

    It holds the entries that may be other than zero: the pattern is proved from the function's
    graph. It takes as many passes as the pattern has colours. mode: "forward" or "reverse"; by
    default the one with fewer colours. The numbers of several arrays stand in a row. All others are
    those of `gradient`. Raises SpecError where the function cannot be traced.
    """
    operator = Operator.SPARSE_JACOBIAN
    return _answer(Request(operator, function, arguments, None, 1, backend, mode, argnum))


def sparse_hessian(
    function: Function,
    *arguments: Any,
    backend: str | None = None,
    mode: str | None = None,
    argnum: int = 0,
) -> Any:
    """Return the Hessian as a sparse matrix of shape (n, n), a `scipy.sparse.csr_array`.

    All is as for `sparse_jacobian`; mode: "forward-over-reverse" and so on.
    """
    operator = Operator.SPARSE_HESSIAN
    return _answer(Request(operator, function, arguments, None, 1, backend, mode, argnum))


def _answer(request: Request) -> Any:
    return prepare_and_call(request)[1]
