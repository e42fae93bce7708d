"""Backends that go wrong in one way each, on top of the reference engine.

The tests ask for them by name.
"""

import os
import signal
import time
from contextlib import contextmanager

import numpy as np

from adbench.backends.base import Backend
from adbench.backends.reference import Tape
from reference_ad.engine.core import PRIMITIVES, other_rules


class Crashing(Tape):
    def gradient_reverse(self, function, active, direction):
        os.kill(os.getpid(), signal.SIGSEGV)


class Hanging(Tape):
    def gradient_reverse(self, function, active, direction):
        while True:
            time.sleep(1)


class Raising(Tape):
    def gradient_reverse(self, function, active, direction):
        raise RuntimeError("no rule for\nthis operation")


class Hungry(Tape):
    def gradient_reverse(self, function, active, direction):
        raise MemoryError("out of it")


class Wrong(Tape):
    """Right but for one entry of the second array, by one part in a million."""

    def gradient_reverse(self, function, active, direction):
        answer = self.grad(function)(active)
        (w, b), *rest = answer
        return [(w, b * (1 + 1e-6)), *rest]


class Nan(Tape):
    def gradient_reverse(self, function, active, direction):
        (w, b), *rest = self.grad(function)(active)
        return [(w, b * np.nan), *rest]


class Single(Tape):
    """Answers float64 questions in float32."""

    def to_numpy(self, array):
        return super().to_numpy(array).astype(np.float32)


class Transposed(Tape):
    def jacobian_reverse(self, function, active, direction):
        return self.jacrev(function)(active).T


class Accumulating(Tape):
    """Adds each gradient to the last, as a framework does whose gradients are not set to zero."""

    total = 0.0

    def gradient_reverse(self, function, active, direction):
        (w, b), *rest = self.grad(function)(active)
        self.total = self.total + b
        return [(w, np.asarray(self.total)), *rest]


class Unstartable(Tape):
    def __init__(self):
        raise OSError("libfake.so: cannot open shared object file")


class Forgetful(Tape):
    """Has only a jvp: what is in reverse mode is unsupported."""

    vjp = None  # type: ignore[assignment]
    grad = Backend.grad
    jacrev = Backend.jacrev


class Stale(Tape):
    """Keeps its first answer for good."""

    kept = None

    def gradient_reverse(self, function, active, direction):
        if self.kept is None:
            self.kept = self.grad(function)(active)
        return self.kept


class Frozen(Tape):
    """Bakes the first point's constants into the function."""

    function = None

    def gradient_reverse(self, function, active, direction):
        self.function = self.function or function
        return self.grad(self.function)(active)


class Clobbering(Tape):
    """Uses its input as scratch space."""

    def gradient_reverse(self, function, active, direction):
        answer = self.grad(function)(active)
        active[0][1][...] += 1
        return answer


class Contradicting(Tape):
    """Forward mode has another factor than reverse mode."""

    def jvp_forward(self, function, active, direction):
        return self.jvp(function, active, direction)[1] * 1.5


class Lopsided(Tape):
    """One entry of the Hessian is off, its mirror image is not."""

    def hessian_forward_over_reverse(self, function, active, direction):
        answer = self.jacfwd(self.grad(function))(active)
        ((first, *rows), *_) = answer
        w, b = first[0]
        answer[0] = ([(w, b * (1 + 1e-6)), *first[1:]], *rows)
        return answer


class Memoized(Tape):
    """Keeps answers by the identity of its input.

    An array that is changed in place gets the old one.
    """

    kept = None

    def gradient_reverse(self, function, active, direction):
        if self.kept is None or self.kept[0] is not active:
            self.kept = active, self.grad(function)(active)
        return self.kept[1]


class DearReverse(Tape):
    """Its reverse mode waits before every Jacobian, so that forward mode wins everywhere."""

    def jacobian_reverse(self, function, active, direction):
        time.sleep(0.05)
        return self.jacrev(function)(active)


def half_the_rules(primitive):
    """The JVP and VJP rules of a primitive, each of them half of what it should be."""

    def jvp(*arguments):
        tangent = primitive_jvp(*arguments)
        return tangent if tangent is None else tangent / 2

    primitive_jvp = primitive.jvp
    vjps = [
        lambda g, *rest, rule=rule, **params: rule(g / 2, *rest, **params)
        for rule in primitive.vjps
    ]
    return {"jvp": jvp, "vjps": vjps}


class ReplacingRules(Tape):
    """Its mode is that a rule of the engine is another one, in the whole process."""

    @contextmanager
    def modes(self):
        expit = PRIMITIVES["expit"]
        rules = {"jvp": expit.jvp, "vjps": expit.vjps}
        for name, rule in half_the_rules(expit).items():
            setattr(expit, name, rule)
        try:
            yield
        finally:
            for name, rule in rules.items():
                setattr(expit, name, rule)


class ReplacingRulesInContext(Tape):
    """Its mode is that levels of the engine which open within it use another rule."""

    def modes(self):
        expit = PRIMITIVES["expit"]
        return other_rules({expit: expit.with_rules(**half_the_rules(expit))})


class FarOff(Tape):
    """At every kink of one number it gives what no mean of the sides is."""

    def derivative_forward(self, function, active, direction):
        return np.asarray(7.0, active.dtype)


class FromTheRight(Tape):
    """The derivative beside the point, where the number is larger."""

    def jvp(self, function, active, tangent):
        return super().jvp(function, active + np.asarray(1e-9, active.dtype), tangent)


class Scaled(Tape):
    """Its JVPs are too large by one part in a million."""

    def jvp(self, function, active, tangent):
        value, derivative = super().jvp(function, active, tangent)
        return value, derivative * np.asarray(1 + 1e-6, value.dtype)
