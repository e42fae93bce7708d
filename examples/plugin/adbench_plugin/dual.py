"""Forward mode by dual numbers: an array with a tangent beside it, in a few functions."""

import numpy as np

from adbench.extend import Backend, Namespace, Unsupported, missing, numpy, tree


class Dual:
    """A value and its tangent, arrays of one shape."""

    __array_ufunc__ = None  # so that NumPy leaves an operation with its arrays to this class

    def __init__(self, value, tangent):
        self.value, self.tangent = value, tangent
        self.shape, self.dtype = np.shape(value), value.dtype

    def __add__(self, other):
        other = as_dual(other)
        return Dual(self.value + other.value, self.tangent + other.tangent)

    def __mul__(self, other):
        other = as_dual(other)
        tangent = self.tangent * other.value + self.value * other.tangent
        return Dual(self.value * other.value, tangent)

    def __neg__(self):
        return Dual(-self.value, -self.tangent)

    def __sub__(self, other):
        return self + -as_dual(other)

    def __rsub__(self, other):
        return as_dual(other) - self

    def __getitem__(self, index):
        return Dual(self.value[index], self.tangent[index])

    def __matmul__(self, other):
        return missing("This example", "matmul")()

    def __truediv__(self, other):
        return missing("This example", "division")()

    __radd__, __rmul__, __rmatmul__, __rtruediv__ = __add__, __mul__, __matmul__, __truediv__


def as_dual(x):
    return x if isinstance(x, Dual) else Dual(np.asarray(x), np.zeros(np.shape(x)))


def elementwise(function, derivative):
    def call(x):
        if not isinstance(x, Dual):
            return function(x)
        return Dual(function(x.value), derivative(x.value) * x.tangent)

    return call


def total(x, **parameters):
    if not isinstance(x, Dual):
        return np.sum(x, **parameters)
    return Dual(np.sum(x.value, **parameters), np.sum(x.tangent, **parameters))


def numbers_alone(name):
    """A function of NumPy's that this package has no rule for."""
    refuse = missing("This example", name)

    def call(*arguments, **parameters):
        is_refused = any(isinstance(x, Dual) for x in arguments)
        return (refuse if is_refused else getattr(numpy, name))(*arguments, **parameters)

    return call


class Numbers(Backend):
    """Dual numbers, of first order."""

    framework = "dual"
    dtypes = ("float64",)
    xp = Namespace(
        numpy,
        numpy.special,
        sum=total,
        sin=elementwise(np.sin, np.cos),
        cos=elementwise(np.cos, lambda x: -np.sin(x)),
        exp=elementwise(np.exp, np.exp),
        **{name: numbers_alone(name) for name in ("log", "mean", "sqrt", "tanh")},
    )

    def asarray(self, array):
        return np.array(array)

    def to_numpy(self, array):
        return np.array(array)

    def jvp(self, function, active, tangent):
        if any(isinstance(leaf, Dual) for leaf in tree.leaves((active, tangent))):
            raise Unsupported("These dual numbers do not nest.")
        output = tree.map(as_dual, function(tree.map(Dual, active, tangent)))
        return tree.map(lambda y: y.value, output), tree.map(lambda y: y.tangent, output)
