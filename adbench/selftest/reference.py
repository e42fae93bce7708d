"""A subject as a primitive of the reference engine."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import reference_ad
from adbench.backends.base import Unsupported
from adbench.namespaces import numpy as namespace
from adbench.selftest.subject import Subject
from reference_ad.engine.core import Primitive
from reference_ad.engine.rounding import Rounding, rounds

xp = reference_ad.numpy

_numbers = count()


def custom(subject: Subject) -> Callable[..., Any]:
    """Return the subject's function with its hand-written rules."""
    function, pull = subject.rules()
    primitive = Primitive(
        f"selftest {next(_numbers)}: {subject.name}",
        lambda *inputs: function(namespace.numpy, *inputs),
    )

    def jvp(tangents: Any, output: Any, inputs: Any, parameters: Any) -> Any:
        if subject.push is None:
            raise Unsupported("The rule was written for reverse mode alone.")
        return subject.push(xp, tangents, *inputs)

    # The pullback gives all cotangents at once; the engine asks for them one by one, so the last
    # call is kept.
    last_arguments: Any = None
    last_cotangents: Any = None

    def cotangent(position: int) -> Callable[..., Any]:
        def rule(u: Any, output: Any, *inputs: Any) -> Any:
            nonlocal last_arguments, last_cotangents
            arguments = (u, *inputs)
            if position == 0 or not _same(last_arguments, arguments):
                last_arguments = arguments
                last_cotangents = pull(xp, u, *inputs)
            return last_cotangents[position]

        return rule

    rounds(Rounding.FUNCTION, primitive)
    primitive.jvp = jvp
    primitive.vjps = [cotangent(position) for position in range(2)]
    return primitive


def _same(left: Any, right: Any) -> bool:
    """Whether two tuples hold the same objects."""
    if left is None or len(left) != len(right):
        return False
    return all(a is b for a, b in zip(left, right, strict=True))
