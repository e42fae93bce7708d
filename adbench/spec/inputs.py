"""The numbers a model is evaluated at: seeded, and representable in every dtype that will be asked for."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from adbench.spec import namespace
from adbench.spec.case import DTYPES, numpy_dtype
from adbench.spec.model import Model, SpecError
from reference_ad import tree

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Inputs:
    """The arguments of a model at one size, and the directions for its JVPs, VJPs and HVPs.

    arguments: the trees that `make` gave, as arrays; `tangent`: like the active argument; `cotangent`: like the output.
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
        """Whether the function takes one scalar array to a scalar array, so that higher derivatives are defined."""
        leaves = tree.leaves(self.arguments[self.active])
        return len(leaves) == 1 and leaves[0].shape == () == self.cotangent.shape

    def astype(self, dtype: Any) -> Inputs:
        """Return the same numbers with every floating array in `dtype`, a name or one of NumPy's."""
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

    The random stream depends on the seed, the model and the size alone, so that a case has the same inputs in whatever
    run it occurs. Values are rounded to `lowest_dtype` and returned as float64. Raises SpecError where the model's
    `make` or its function cannot be used.
    """
    stream = [seed, zlib.crc32(model.name.encode()), zlib.crc32(size.encode())]
    rng = np.random.default_rng(stream)
    lowest = numpy_dtype(lowest_dtype)

    def rounded(leaf: Any) -> Array:
        array = np.asarray(leaf)
        if not np.issubdtype(array.dtype, np.floating):
            return array
        return np.asarray(array.astype(lowest).astype(np.float64))

    made = _call(f"make(size, rng) of the model {model.name!r}", model.make, model.size(size), rng)
    if not isinstance(made, list | tuple):
        raise SpecError(
            f"make(size, rng) of the model {model.name!r} gave a {type(made).__name__}; "
            "it must give a tuple of arguments: a single argument x is returned as (x,)."
        )
    if not 0 <= model.active < len(made):
        raise SpecError(
            f"The model {model.name!r} has active={model.active}, but make(size, rng) gave {len(made)} "
            f"argument(s); choose one of 0 to {len(made) - 1}."
        )
    arguments = tuple(tree.map(rounded, argument) for argument in made)
    for path, leaf in zip(tree.paths(arguments[model.active]), tree.leaves(arguments[model.active]), strict=True):
        if not np.issubdtype(leaf.dtype, np.floating):
            raise SpecError(
                f"The active argument of the model {model.name!r} has {leaf.dtype} values"
                f"{' at ' + path if path else ''}; derivatives need floating-point values."
            )
    function = f"The function of the model {model.name!r}"
    output = _call(function, model.function, namespace.numpy, *arguments)
    try:
        shape = np.asarray(output).shape
        floating = np.issubdtype(np.asarray(output).dtype, np.floating)
    except ValueError:
        floating = False
    if isinstance(output, list | tuple | dict) or not floating:
        given = f"an array of {output.dtype}" if hasattr(output, "dtype") else f"a {type(output).__name__}"
        raise SpecError(f"{function} gave {given}; it must give one floating-point array.")
    tangent = tree.map(lambda leaf: rounded(rng.standard_normal(leaf.shape)), arguments[model.active])
    return Inputs(arguments, model.active, tangent, rounded(rng.standard_normal(shape)))


def _call(what: str, function: Any, *arguments: Any) -> Any:
    """Call the user's code; whatever it raises becomes one sentence that names the place in it."""
    try:
        with np.errstate(all="ignore"):  # the numbers are judged later
            return function(*arguments)
    except Exception as error:
        frame = error.__traceback__
        while frame is not None and frame.tb_next is not None:
            frame = frame.tb_next
        place = f" at {frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame else ""
        raise SpecError(f"{what} raised {type(error).__name__}: {error}{place}.") from error
