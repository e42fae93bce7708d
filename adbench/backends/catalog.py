"""Which backends there are, as light records: nothing of a framework is imported to list them.

An entry point in the group `adbench.backends` names a sequence of `Entry` records, one a staging,
the default one first; the entry point's name is the framework's. These are the ones that adbench
brings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from adbench.cases.text import plain_name


def framework_of(name: str) -> str:
    """Return the framework in a backend's name, torch in "torch:eager" and in "old/torch:file"."""
    return name.partition(":")[0].rpartition("/")[2]


@dataclass(frozen=True)
class Entry:
    """A backend by name, before its framework is imported.

    name: "framework:staging".
    load: where its class is, as "module:attribute" or "path/to/file.py:attribute".
    requires: the module that must be importable, or None; `distribution` is its name on the package
    index.
    only_forward: whether it has no reverse mode at all, so that it is asked in forward modes alone.
    taylor: whether it has a `jet`, so that derivatives are asked of it in the mode taylor too.
    orders: for "forward" and "reverse", the highest order of a `derivative` that it answers within
        seconds; higher ones are asked of it in full runs alone.
    slow_in_sweeps: whether its Jacobians take long at every size, so that a sweep is asked of it
        where it is named, and in full runs, alone.
    by_default: whether a run that names no backend has it.
    in_stagings: whether such a run asks it, where it does not have it, the questions on which
        models have their stagings compared.
    """

    name: str
    load: str
    requires: str | None = None
    distribution: str | None = None
    only_forward: bool = False
    taylor: bool = False
    orders: Mapping[str, int] = field(default_factory=dict)
    slow_in_sweeps: bool = False
    by_default: bool = True
    in_stagings: bool = False

    def __post_init__(self) -> None:
        """Let the name hold nothing that is not seen, such as of a file that it is taken from."""
        framework, colon, staging = self.name.partition(":")
        name = f"{plain_name(framework)}{colon}{plain_name(staging)}"
        object.__setattr__(self, "name", name)

    @property
    def framework(self) -> str:
        """The part of the name before the colon, without the folders of a file."""
        return framework_of(self.name)

    @property
    def staging(self) -> str:
        """The part of the name after the colon."""
        return self.name.partition(":")[2]


REFERENCE = (
    Entry("reference:tape", "adbench.backends.reference:Tape", taylor=True),
    Entry("reference:compiled", "adbench.backends.reference:Compiled", taylor=True),
)

TORCH = (
    # At order 8 a call takes 0.5 s, and another with each order twice as long.
    Entry(
        "torch:eager",
        "adbench.backends.torch:Eager",
        "torch",
        "torch",
        orders={"forward": 6, "reverse": 6},
    ),
    Entry(
        "torch:func",
        "adbench.backends.torch:Functional",
        "torch",
        "torch",
        by_default=False,
        in_stagings=True,
    ),
    # Its graph of a derivative in forward mode grows threefold with each order, and is compiled by
    # a compiler of C++.
    Entry(
        "torch:compile",
        "adbench.backends.torch_compile:Compile",
        "torch",
        "torch",
        orders={"forward": 3, "reverse": 4},
        by_default=False,
        in_stagings=True,
        taylor=True,
    ),
)

JAX = (
    Entry("jax:jit", "adbench.backends.jax:Jit", "jax", "jax", taylor=True),
    # Each order of a nested jvp compiles some four times as many single operations: 25 s for the
    # first call at order 8.
    Entry(
        "jax:eager",
        "adbench.backends.jax:Eager",
        "jax",
        "jax",
        taylor=True,
        orders={"forward": 4, "reverse": 4},
    ),
    Entry(
        "jax:aot",
        "adbench.backends.jax:AheadOfTime",
        "jax",
        "jax",
        by_default=False,
        in_stagings=True,
    ),
)

# TensorFlow's graph of a derivative grows fourfold with each order: 2,467 operations at order 5,
# 158,198 at order 8, which takes minutes to trace; a nested ForwardAccumulator takes ten times
# longer with each order.
_TENSORFLOW_ORDERS = {"forward": 2, "reverse": 4}

TENSORFLOW = (
    Entry(
        "tensorflow:function",
        "adbench.backends.tensorflow_graph:Function",
        "tensorflow",
        "tensorflow",
        orders=_TENSORFLOW_ORDERS,
    ),
    # Each call of a Jacobian traces its batch of passes anew: 0.3 s in forward mode at every size.
    Entry(
        "tensorflow:eager",
        "adbench.backends.tensorflow:Eager",
        "tensorflow",
        "tensorflow",
        orders=_TENSORFLOW_ORDERS,
        slow_in_sweeps=True,
    ),
    Entry(
        "tensorflow:xla",
        "adbench.backends.tensorflow_graph:Xla",
        "tensorflow",
        "tensorflow",
        orders=_TENSORFLOW_ORDERS,
        by_default=False,
        in_stagings=True,
    ),
    Entry(
        "tensorflow:graph",
        "adbench.backends.tensorflow_graph:GraphAndSession",
        "tensorflow",
        "tensorflow",
        orders=_TENSORFLOW_ORDERS,
        by_default=False,
        in_stagings=True,
    ),
)

DIFFERENCES = (
    Entry("differences:central", "adbench.backends.differences:Central", only_forward=True),
    Entry(
        "differences:forward",
        "adbench.backends.differences:Forward",
        only_forward=True,
        by_default=False,
    ),
    Entry(
        "differences:richardson",
        "adbench.backends.differences:Richardson",
        only_forward=True,
        by_default=False,
    ),
    Entry(
        "differences:numdifftools",
        "adbench.backends.numdifftools:Adaptive",
        "numdifftools",
        "numdifftools",
        only_forward=True,
        by_default=False,
    ),
)

# What follows others compare themselves with, or shows another way; a run has it where it is named.
SCIPY = (
    Entry(
        "scipy:differentiate",
        "adbench.backends.scipy:Differentiate",
        "scipy",
        "scipy",
        only_forward=True,
        by_default=False,
    ),
)

COMPLEX = (
    Entry(
        "complex:step",
        "adbench.backends.complex_step:ComplexStep",
        only_forward=True,
        by_default=False,
    ),
)

AUTOGRAD = (
    Entry(
        "autograd:eager",
        "adbench.backends.autograd:Eager",
        "autograd",
        "autograd",
        by_default=False,
    ),
)

MYGRAD = (
    Entry("mygrad:eager", "adbench.backends.mygrad:Eager", "mygrad", "mygrad", by_default=False),
)

CASADI = (
    Entry("casadi:mx", "adbench.backends.casadi:Mx", "casadi", "casadi", by_default=False),
    Entry("casadi:sx", "adbench.backends.casadi:Sx", "casadi", "casadi", by_default=False),
)

# To simplify its graph and to compile it takes a second for each call, and more with each order.
_PYTENSOR_ORDERS = {"forward": 4, "reverse": 4}

PYTENSOR = tuple(
    Entry(
        f"pytensor:{staging}",
        f"adbench.backends.pytensor:{attribute}",
        "pytensor",
        "pytensor",
        orders=_PYTENSOR_ORDERS,
        by_default=False,
    )
    for staging, attribute in (("c", "InC"), ("numba", "InNumba"), ("numpy", "InNumPy"))
)

SYMPY = (
    Entry("sympy:formulas", "adbench.backends.sympy:Formulas", "sympy", "sympy", by_default=False),
)

MLX = (
    Entry("mlx:eager", "adbench.backends.mlx:Eager", "mlx", "mlx", by_default=False),
    Entry("mlx:compile", "adbench.backends.mlx:Compile", "mlx", "mlx", by_default=False),
)

TINYGRAD = (
    Entry(
        "tinygrad:eager",
        "adbench.backends.tinygrad:Eager",
        "tinygrad",
        "tinygrad",
        by_default=False,
    ),
)
