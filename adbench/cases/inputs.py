"""The numbers a model is evaluated at.

Seeded, and representable in every dtype that will be asked for.
"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adbench.cases.case import DTYPES, numpy_dtype
from adbench.cases.complex_parts import (
    PATHS_OF_PARTS,
    Parts,
    as_parts,
    has_parts,
    is_part,
    joined,
    split_output,
)
from adbench.cases.foreign import foreign_call, owner_of_type
from adbench.cases.messages import as_sentence, describe_exception, place_of
from adbench.cases.model import Model, SpecError
from adbench.cases.outputs import Part, as_one_array, parts_of
from adbench.cases.static import arrays_of, is_static, map_arrays
from adbench.namespaces import numpy as namespace
from adbench.namespaces.namespace import MissingFunction, Namespace
from adbench.namespaces.reference import namespace as engine
from reference_ad.engine import tree

Array = np.ndarray[Any, np.dtype[Any]]

NUMBERS = "biufV"
"""The kinds of dtypes that arguments may have, as NumPy calls them; bfloat16 is of kind V."""


@dataclass(frozen=True)
class Inputs:
    """The arguments of a model at one size, and the directions for its JVPs, VJPs and HVPs."""

    arguments: tuple[Any, ...]
    """The trees that `make` gave, with arrays and static values for leaves, and with `Parts` for
    complex arrays."""

    active: int
    """The position of the argument that is differentiated with respect to."""

    tangent: Any
    """The direction of a JVP and of an HVP, a tree like the active argument."""

    cotangent: Array
    """The direction of a VJP, of the shape of the output."""

    outputs: tuple[Part, ...] = ()
    """The arrays that the function returns, whose numbers in a row are the output; none where it
    returns one array."""

    takes_gradients: bool = False
    """Whether the function takes derivatives itself, by `xp.grad`."""

    samples: tuple[int, ...] = ()
    """The positions of the arguments whose first axis counts the samples of a batch."""

    @property
    def is_complex(self) -> bool:
        """Whether an argument or the output holds complex numbers, as their parts."""
        return has_parts(self.arguments) or any(is_part(part.path) for part in self.outputs)

    @property
    def has_one_output(self) -> bool:
        """Whether the function gives one array, a complex one included."""
        return tuple(part.path for part in self.outputs) in ((), PATHS_OF_PARTS)

    def of_complex_arrays(self) -> Inputs:
        """Return the inputs with complex arrays for their parts, of a function of one output."""
        cotangent = self.cotangent
        if self.outputs:
            real, imaginary = cotangent.reshape(2, *self.outputs[0].shape)
            cotangent = joined(Parts(real, imaginary))
        return replace(
            self,
            arguments=tuple(map(joined, self.arguments)),
            tangent=joined(self.tangent),
            cotangent=cotangent,
            outputs=(),
        )

    @property
    def batch(self) -> int:
        """How many samples there are."""
        return int(tree.leaves(self.arguments[self.samples[0]])[0].shape[0])

    def of_sample(self, number: int) -> Inputs:
        """Return the inputs with one sample alone: the first axis keeps the length 1."""
        arguments = list(self.arguments)
        for position in self.samples:
            arguments[position] = map_arrays(
                lambda leaf: leaf[number : number + 1], arguments[position]
            )
        return replace(self, arguments=tuple(arguments))

    def turned(self, number: int) -> Inputs:
        """Return the inputs with other directions, one for each number; the same for 0.

        The entries of every array are moved on, and multiplied by a power of -2, which every dtype
        holds: of arrays of one entry no two are the same.
        """

        def moved(leaf: Array) -> Array:
            factor = leaf.dtype.type((-2.0) ** number)
            return np.roll(leaf.ravel(), number).reshape(leaf.shape) * factor

        tangent = tree.map(moved, self.tangent)
        return replace(self, tangent=tangent, cotangent=moved(self.cotangent))

    @property
    def xp(self) -> Namespace:
        """The namespace in which values of the function are computed on NumPy's arrays."""
        return engine if self.takes_gradients else namespace.numpy

    @property
    def n(self) -> int:
        """The number of active scalars."""
        return sum(leaf.size for leaf in tree.leaves(self.arguments[self.active]))

    @property
    def m(self) -> int:
        """The number of output scalars."""
        return self.cotangent.size

    @property
    def floating_positions(self) -> tuple[int, ...]:
        """The positions of the arguments that have arrays, all of real floating numbers."""
        leaves_by_position = [tree.leaves(argument) for argument in self.arguments]
        return tuple(
            position
            for position, leaves in enumerate(leaves_by_position)
            if leaves and all(map(_is_floating, leaves))
        )

    @property
    def has_scalar_output(self) -> bool:
        """Whether the function gives an array of shape ()."""
        return self.cotangent.shape == ()

    @property
    def is_scalar_to_scalar(self) -> bool:
        """Whether the function takes one scalar array to a scalar array.

        Higher derivatives are defined for these alone.
        """
        leaves = tree.leaves(self.arguments[self.active])
        return len(leaves) == 1 and leaves[0].shape == () and self.has_scalar_output

    def astype(self, dtype: Any) -> Inputs:
        """Return the same numbers with every floating array in `dtype`.

        dtype: a name or one of NumPy's.
        """
        dtype = numpy_dtype(dtype) if isinstance(dtype, str) else dtype

        def cast(leaf: Array) -> Array:
            return leaf if leaf.dtype.kind in "biu" else leaf.astype(dtype)

        return replace(
            self,
            arguments=tuple(map_arrays(cast, argument) for argument in self.arguments),
            tangent=tree.map(cast, self.tangent),
            cotangent=cast(self.cotangent),
        )


def make_inputs(
    model: Model, size: str, seed: int, lowest_dtype: str = DTYPES[0], draw: int = 0
) -> Inputs:
    """Make the inputs of `model` at the size called `size`.

    draw: 0 for the point that is asked for, k for the k-th further one. The random stream depends
    on the seed, the model, the size and the draw alone, so that a case has the same inputs in
    whatever run it occurs. Values are rounded to `lowest_dtype` and returned as float64.
    Raises SpecError where the model's `make` or its function cannot be used.
    """
    stream = [seed, zlib.crc32(model.name.encode()), zlib.crc32(size.encode())]
    if draw:
        stream.append(draw)
    rng = np.random.default_rng(stream)
    arguments = _make_arguments(model, size, rng, lowest_dtype)
    remade = _make_arguments(model, size, np.random.default_rng(stream), lowest_dtype)
    if not same_numbers(arguments, remade):
        raise SpecError(
            f"{_maker_of(model)} gave other arguments the second time; take what is random from "
            "rng."
        )
    active = arguments[model.active]
    _check_active(model, active, lowest_dtype)
    output, parts, xp = _pure_output(model, arguments)
    tangent = tree.map(lambda leaf: _rounded(rng.standard_normal(leaf.shape), lowest_dtype), active)
    cotangent = _rounded(rng.standard_normal(output.shape), lowest_dtype)
    _check_samples(model, arguments)
    return Inputs(
        arguments,
        model.active,
        tangent,
        cotangent,
        parts,
        takes_gradients=xp is engine,
        samples=tuple(model.samples),
    )


def call(subject: str, function: Any, *arguments: Any, **parameters: Any) -> Any:
    """Call a user's function.

    Whatever it raises becomes a SpecError, one sentence on `subject` that names the line.
    """
    try:
        # The numbers are judged later, and so are they that something warns of.
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*arguments, **parameters)
    except SpecError:
        raise
    except (Exception, SystemExit) as error:
        file = getattr(getattr(function, "__code__", None), "co_filename", "")
        description = describe_exception(error, file, file_name=file)
        raise SpecError(as_sentence(f"{subject} raised {description}")) from error


def _maker_of(model: Model) -> str:
    return f"make(size, rng) of the model {model.name!r}"


def _make_arguments(
    model: Model, size: str, rng: np.random.Generator, lowest_dtype: str
) -> tuple[Any, ...]:
    maker = _maker_of(model)
    arguments = call(maker, model.make, model.size(size), rng)
    if not isinstance(arguments, list | tuple):
        raise SpecError(
            f"{maker} gave {_with_article(arguments)}; it must give a tuple of arguments: a single "
            "argument x is returned as (x,)."
        )
    if not arguments:
        raise SpecError(
            f"{maker} gave no argument; it must give at least the one that is differentiated with "
            "respect to, as (x,)."
        )
    if not 0 <= model.active < len(arguments):
        raise SpecError(
            f"The model {model.name!r} has active={model.active}, but make(size, rng) gave "
            f"{len(arguments)} argument(s); choose one of 0 to {len(arguments) - 1}."
        )
    trees = _as_trees(maker, arguments, lowest_dtype)
    for position, argument in enumerate(trees):
        if position != model.active:
            _check_kinds(argument, f"Argument {position} of the model {model.name!r}")
    return trees


def _as_trees(maker: str, arguments: Sequence[Any], lowest_dtype: str) -> tuple[Any, ...]:
    """The arguments as trees of arrays. Raises SpecError for what is no tree, or holds no array."""
    trees = []
    for position, argument in enumerate(arguments):
        try:
            parts = as_parts(argument)
            trees.append(map_arrays(lambda leaf: _rounded(leaf, lowest_dtype), parts))
        except Exception as error:
            raise SpecError(
                as_sentence(
                    f"{maker} gave an argument {position} that is no tree of arrays (an array, or "
                    f"nested lists, tuples and dicts of arrays): {describe_exception(error)}"
                )
            ) from error
    return tuple(trees)


def _check_kinds(argument: Any, title: str) -> None:
    """Raise SpecError for a constant that no dtype can be asked of: complex numbers, text."""
    for path, leaf in zip(tree.paths(argument), tree.leaves(argument), strict=True):
        place = f" at {path}" if path else ""
        if is_static(leaf):
            continue
        if leaf.dtype.kind not in NUMBERS or leaf.dtype.type is np.void:
            raise SpecError(
                f"{title} has values of the type {leaf.dtype}{place}; give arrays of numbers, and "
                "write anything else into the function."
            )


def _rounded(leaf: Any, lowest_dtype: str) -> Array:
    """A leaf as float64 that `lowest_dtype` can represent; what is no floating number as it is."""
    array = np.asarray(leaf)
    if not np.issubdtype(array.dtype, np.floating):
        return array
    with np.errstate(over="ignore"):  # what overflows is refused later
        return np.asarray(array.astype(numpy_dtype(lowest_dtype)).astype(np.float64))


def _is_floating(leaf: Any) -> bool:
    return not is_static(leaf) and leaf.dtype.kind not in "biuc"


def _check_active(model: Model, active: Any, lowest_dtype: str) -> None:
    for path, leaf in zip(tree.paths(active), tree.leaves(active), strict=True):
        if is_static(leaf):
            place = f" at {path}" if path else ""
            raise SpecError(
                f"The active argument of the model {model.name!r} has the Python value {leaf!r}"
                f"{place}, which is not differentiated; give a float, or pass it as another "
                "argument."
            )
    if not sum(leaf.size for leaf in tree.leaves(active)):
        raise SpecError(
            f"The active argument of the model {model.name!r} holds no number, so that there is "
            "nothing to differentiate by; give it one at least."
        )
    for path, leaf in zip(tree.paths(active), tree.leaves(active), strict=True):
        place = f" at {path}" if path else ""
        if not np.issubdtype(leaf.dtype, np.floating):
            raise SpecError(
                f"The active argument of the model {model.name!r} has {leaf.dtype} values{place}; "
                "derivatives need floating-point values."
            )
        if not np.isfinite(leaf).all():
            raise SpecError(
                f"The active argument of the model {model.name!r} has values that are nan or "
                f"infinite in {lowest_dtype}{place}; derivatives need finite values."
            )


def _check_samples(model: Model, arguments: Sequence[Any]) -> None:
    """Raise SpecError unless all arguments that hold samples hold equally many."""
    lengths = set()
    for position in model.samples:
        is_constant = 0 <= position < len(arguments) and position != model.active
        leaves = arrays_of(arguments[position]) if is_constant else []
        if not leaves or any(leaf.ndim == 0 for leaf in leaves):
            raise SpecError(
                f"The model {model.name!r} has samples={tuple(model.samples)}; give the positions "
                "of constant arguments whose arrays have the samples along their first axis."
            )
        lengths |= {leaf.shape[0] for leaf in leaves}
    if len(lengths) > 1:
        raise SpecError(
            f"The arguments of the model {model.name!r} that hold samples hold "
            f"{' and '.join(map(str, sorted(lengths)))} of them; give each as many."
        )


def _pure_output(
    model: Model, arguments: Sequence[Any]
) -> tuple[Array, tuple[Part, ...], Namespace]:
    """The output of a model's function, called twice to see whether it is pure, and its parts.

    Last comes the namespace in which it is computed: NumPy has no derivatives, the engine has.
    """
    function = f"The function of the model {model.name!r}"
    unwritable, xp = map_arrays(_read_only, tuple(arguments)), namespace.numpy
    try:
        returned = _output(model, function, xp, unwritable)
    except SpecError as refusal:
        if not isinstance(refusal.__cause__, MissingFunction):
            raise
        xp = engine
        returned = _output(model, function, xp, unwritable)
    _check_output(function, returned)
    output = as_one_array(namespace.numpy, returned)
    if not output.size:
        raise SpecError(
            f"{function} gave an empty array, of shape {output.shape}, so that there is nothing to "
            "differentiate; it must give one number at least."
        )
    if getattr(model.function, "is_read", False):
        return np.asarray(output), parts_of(returned), xp  # operations that are pure, one by one
    copies = map_arrays(np.copy, tuple(arguments))
    second_return = _output(model, function, xp, copies)
    second_output: Any = np.asarray(None)
    if tree.flatten(second_return)[1] == tree.flatten(returned)[1]:
        second_output = as_one_array(namespace.numpy, second_return)
    if not same_numbers(arguments, copies):
        raise SpecError(
            f"{function} changes its arguments; it must be pure and leave them as they are."
        )
    # Memory that lies otherwise lets NumPy add in another order: what differs by rounding alone is
    # the same.
    if np.shape(second_output) != output.shape or not np.allclose(
        second_output, output, rtol=1e-6, atol=1e-9, equal_nan=True
    ):
        raise SpecError(
            f"{function} gave another value the second time; it must be pure, and random in "
            "nothing."
        )
    return np.asarray(output), parts_of(returned), xp


def _check_output(function: str, returned: Any) -> None:
    """Raise SpecError unless a function returned floating-point arrays, one or a tree of them."""
    leaves = tree.leaves(returned)
    if not leaves:
        raise SpecError(f"{function} gave an empty {type(returned).__name__}; it must give arrays.")
    for path, output in zip(tree.paths(returned), leaves, strict=True):
        place = f" at {path}" if path else ""
        framework = owner_of_type(output)
        if framework:
            raise SpecError(
                f"{function} gave an array of {framework}{place}; it must give one of xp: use the "
                f"functions of xp in place of {framework}'s."
            )
        is_array = isinstance(output, np.ndarray | np.generic)
        if not (is_array and np.issubdtype(output.dtype, np.floating)):
            raise SpecError(
                f"{function} gave {_with_article(output)}{place}; it must give one floating-point "
                "array, or a tree of them."
            )


def _read_only(array: Array) -> Array:
    """A copy that raises where it is assigned to, so that the line is known."""
    copy = np.copy(array)
    copy.flags.writeable = False
    return copy


def _output(model: Model, subject: str, xp: Namespace, arguments: Sequence[Any]) -> Any:
    """Call a model's function on NumPy's arrays. What it raises becomes a SpecError with advice."""
    try:
        output = call(subject, model.function, xp, *map(joined, arguments))
    except SpecError as refusal:
        error = refusal.__cause__
        if error is None or getattr(model.function, "is_read", False):
            raise
        file = getattr(getattr(model.function, "__code__", None), "co_filename", "")
        fault = _fault(error)
        if fault:
            raise SpecError(f"{subject}{place_of(error, file, file)} {fault}") from error
        raise SpecError(f"{refusal} {_hint(error, file)}".rstrip()) from error
    return split_output(xp, output)


def _fault(error: BaseException) -> str:
    """What a function does with an array that no array of a model allows; "" for anything else."""
    if isinstance(error, ValueError) and "read-only" in str(error):
        return (
            "changes its arguments; it must be pure and leave them as they are: build new arrays "
            "with xp.set_at, xp.stack, xp.concat or xp.where."
        )
    if isinstance(error, AttributeError) and isinstance(error.obj, np.ndarray | np.generic):
        return (
            f"uses `.{error.name}` of an array, which arrays do not have: use the functions of xp."
        )
    return ""


def _hint(error: BaseException, file: str) -> str:
    """What to write instead of what has raised, in a sentence; "" where that is not known."""
    foreign = foreign_call(error, file)
    if foreign is not None:
        return f"`{foreign.text}` is of {foreign.owner}, and a model calls functions of xp alone."
    if "truth value of an array" in str(error):
        return "Choose between arrays, entry by entry, with xp.where."
    if "interpreted as an integer" in str(error):
        return "Take counts and lengths from x.shape, or from an argument that is a Python int."
    return ""


def same_numbers(left: Any, right: Any) -> bool:
    """Whether two trees of arrays have the same numbers, nan beside nan, in the same places.

    Static values must be the same.
    """
    if tree.paths(left) != tree.paths(right):
        return False
    pairs = zip(tree.leaves(left), tree.leaves(right), strict=True)
    return all(_content(x) == _content(y) for x, y in pairs)


def _content(leaf: Any) -> Any:
    """What a leaf holds, to be compared."""
    return (type(leaf), leaf) if is_static(leaf) else leaf.tobytes()


def _with_article(value: Any) -> str:
    """What something is, with its article."""
    if hasattr(value, "dtype"):
        return f"an array of {value.dtype}"
    name = type(value).__name__
    article = "an" if name[0] in "aeiou" else "a"
    return f"{article} {name}"
