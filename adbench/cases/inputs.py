"""The numbers a model is evaluated at: seeded, and representable in every dtype that will be asked
for."""

from __future__ import annotations

import warnings
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from adbench.cases.case import DTYPES, numpy_dtype
from adbench.cases.model import Model, SpecError, account
from adbench.namespaces import numpy as namespace
from reference_ad.engine import tree

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Inputs:
    """The arguments of a model at one size, and the directions for its JVPs, VJPs and HVPs.

    arguments: the trees that `make` gave, as arrays; `tangent`: like the active argument;
    `cotangent`: like the output.
    """

    arguments: tuple[Any, ...]
    active: int
    tangent: Any
    cotangent: Array

    @property
    def n(self) -> int:
        """The number of active scalars."""
        return sum(leaf.size for leaf in tree.leaves(self.arguments[self.active]))

    @property
    def m(self) -> int:
        """The number of output scalars."""
        return self.cotangent.size

    @property
    def is_scalar_to_scalar(self) -> bool:
        """Whether the function takes one scalar array to a scalar array, so that higher derivatives
        are defined."""
        leaves = tree.leaves(self.arguments[self.active])
        return len(leaves) == 1 and leaves[0].shape == () == self.cotangent.shape

    def astype(self, dtype: Any) -> Inputs:
        """Return the same numbers with every floating array in `dtype`, a name or one of
        NumPy's."""
        dtype = numpy_dtype(dtype) if isinstance(dtype, str) else dtype

        def cast(leaf: Array) -> Array:
            return leaf if leaf.dtype.kind in "biu" else leaf.astype(dtype)

        return Inputs(
            arguments=tuple(tree.map(cast, argument) for argument in self.arguments),
            active=self.active,
            tangent=tree.map(cast, self.tangent),
            cotangent=cast(self.cotangent),
        )


def make_inputs(model: Model, size: str, seed: int, lowest_dtype: str = DTYPES[0]) -> Inputs:
    """Make the inputs of `model` at the size called `size`.

    The random stream depends on the seed, the model and the size alone, so that a case has the same
    inputs in whatever run it occurs. Values are rounded to `lowest_dtype` and returned as float64.
    Raises SpecError where the model's `make` or its function cannot be used.
    """
    stream = [seed, zlib.crc32(model.name.encode()), zlib.crc32(size.encode())]
    rng = np.random.default_rng(stream)
    lowest = numpy_dtype(lowest_dtype)
    maker, function = (
        f"make(size, rng) of the model {model.name!r}",
        f"The function of the model {model.name!r}",
    )

    def rounded(leaf: Any) -> Array:
        array = np.asarray(leaf)
        if not np.issubdtype(array.dtype, np.floating):
            return array
        with np.errstate(over="ignore"):  # what overflows is refused below
            return np.asarray(array.astype(lowest).astype(np.float64))

    made = call(maker, model.make, model.size(size), rng)
    if not isinstance(made, list | tuple):
        raise SpecError(
            f"{maker} gave {_a(made)}; it must give a tuple of arguments: a single argument x is "
            "returned as (x,)."
        )
    if not 0 <= model.active < len(made):
        raise SpecError(
            f"The model {model.name!r} has active={model.active}, but make(size, rng) gave "
            f"{len(made)} "
            f"argument(s); choose one of 0 to {len(made) - 1}."
        )
    arguments = tuple(tree.map(rounded, argument) for argument in made)
    remade = call(maker, model.make, model.size(size), np.random.default_rng(stream))
    if not _same(arguments, tuple(tree.map(rounded, argument) for argument in remade)):
        raise SpecError(
            f"{maker} gave other arguments the second time; take what is random from rng."
        )
    for path, leaf in zip(
        tree.paths(arguments[model.active]), tree.leaves(arguments[model.active]), strict=True
    ):
        place = f" at {path}" if path else ""
        if not np.issubdtype(leaf.dtype, np.floating):
            raise SpecError(
                f"The active argument of the model {model.name!r} has {leaf.dtype} values{place}; "
                "derivatives need floating-point values."
            )
        if not np.isfinite(leaf).all():
            raise SpecError(
                f"The active argument of the model {model.name!r} has values that are nan or "
                "infinite in "
                f"{lowest_dtype}{place}; derivatives need finite values."
            )
    output = call(function, model.function, namespace.numpy, *tree.map(np.copy, arguments))
    if not (
        isinstance(output, np.ndarray | np.generic) and np.issubdtype(output.dtype, np.floating)
    ):
        raise SpecError(f"{function} gave {_a(output)}; it must give one floating-point array.")
    given = tree.map(np.copy, arguments)
    again = call(function, model.function, namespace.numpy, *given)
    if not _same(arguments, given):
        raise SpecError(
            f"{function} changes its arguments; it must be pure and leave them as they are."
        )
    # Memory that lies otherwise lets NumPy add in another order: what differs by rounding alone is
    # the same.
    if np.shape(again) != output.shape or not np.allclose(
        again, output, rtol=1e-6, atol=1e-9, equal_nan=True
    ):
        raise SpecError(
            f"{function} gave another value the second time; it must be pure, and random in "
            "nothing."
        )
    tangent = tree.map(
        lambda leaf: rounded(rng.standard_normal(leaf.shape)), arguments[model.active]
    )
    return Inputs(arguments, model.active, tangent, rounded(rng.standard_normal(output.shape)))


def call(what: str, function: Any, *arguments: Any, **known: Any) -> Any:
    """Call a user's function; whatever it raises becomes a SpecError, one sentence on `what` that
    names the line."""
    try:
        # The numbers are judged later, and so are they that something warns of.
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*arguments, **known)
    except (Exception, SystemExit) as error:
        file = getattr(getattr(function, "__code__", None), "co_filename", "")
        raise SpecError(f"{what} raised {account(error, file, of=file)}") from error


def _same(one: Any, other: Any) -> bool:
    """Whether two trees of arrays have the same numbers, nan beside nan, in the same places."""
    if tree.paths(one) != tree.paths(other):
        return False
    return all(
        x.tobytes() == y.tobytes()
        for x, y in zip(tree.leaves(one), tree.leaves(other), strict=True)
    )


def _a(value: Any) -> str:
    """What something is, with its article."""
    if hasattr(value, "dtype"):
        return f"an array of {value.dtype}"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
