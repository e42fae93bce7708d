"""What a model's function uses that arrays of a model do not have, in a sentence.

NumPy's arrays have methods and take item assignment, and its functions take them. Those of most
other namespaces do not, so that such a function would be judged on none of them. The function is
evaluated once on arrays that have what the Python array API standard gives them, and nothing else.
"""

from __future__ import annotations

import linecache
import re
import sys
import warnings
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

import reference_ad
from adbench.cases.complex_parts import joined
from adbench.cases.foreign import foreign_call
from adbench.cases.inputs import Inputs
from adbench.cases.messages import frame_in, place_of
from adbench.cases.model import Model, SpecError
from adbench.cases.static import map_arrays
from adbench.namespaces.namespace import SPECIAL, Namespace
from adbench.namespaces.reference import namespace
from reference_ad.engine.core import Array, Level, Primitive, Tracer
from reference_ad.rules.elementwise import stop_gradient
from reference_ad.rules.structural import indexed

NAMES_OF_THE_STANDARD = {
    "absolute": "abs",
    "amax": "max",
    "amin": "min",
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctan2": "atan2",
    "arctanh": "atanh",
    "around": "round",
    "array": "asarray",
    "average": "mean",
    "bitwise_not": "bitwise_invert",
    "column_stack": "stack or concat",
    "concatenate": "concat",
    "cross": "linalg.cross",
    "cumprod": "cumulative_prod",
    "cumsum": "cumulative_sum",
    "det": "linalg.det",
    "diag": "linalg.diagonal",
    "diagonal": "linalg.diagonal",
    "dot": "matmul, vecdot or tensordot",
    "dstack": "stack or concat",
    "eig": "linalg.eigh, of symmetric matrices",
    "eigvals": "linalg.eigvalsh, of symmetric matrices",
    "fabs": "abs",
    "fix": "trunc",
    "float_power": "pow",
    "fmax": "maximum",
    "fmin": "minimum",
    "hstack": "concat",
    "identity": "eye",
    "inner": "vecdot",
    "invert": "bitwise_invert",
    "left_shift": "bitwise_left_shift",
    "matrix_norm": "linalg.matrix_norm",
    "mod": "remainder",
    "multi_dot": "matmul",
    "norm": "linalg.vector_norm or linalg.matrix_norm",
    "piecewise": "where",
    "power": "pow",
    "product": "prod",
    "ravel": "reshape, with the shape (-1,)",
    "right_shift": "bitwise_right_shift",
    "rint": "round",
    "rollaxis": "moveaxis",
    "row_stack": "concat",
    "select": "where",
    "swapaxes": "moveaxis or permute_dims",
    "trace": "linalg.trace",
    "transpose": "permute_dims",
    "true_divide": "divide",
    "vdot": "vecdot",
    "vstack": "stack or concat",
}
"""What functions of NumPy's are called in the Python array API standard."""

METHODS = {
    "copy": "arrays do not change, so write the array itself",
    "dot": "write x @ y",
    "fill": "write xp.full_like(x, value)",
    "flatten": "write xp.reshape(x, (-1,))",
    "item": "keep the number in its array of shape ()",
    "ravel": "write xp.reshape(x, (-1,))",
    "swapaxes": "write xp.moveaxis(x, source, destination)",
    "tolist": "keep the numbers in their array",
    "transpose": "write xp.permute_dims(x, axes), or x.mT for the last two axes",
    "view": "write xp.reshape(x, shape) or xp.astype(x, dtype)",
}
"""What to write instead of a method of NumPy's arrays that no function of `xp` is called like."""

RANDOM = "what is random comes from rng in make(size, rng), as an argument"

ASSIGNMENT = re.compile(r"\]\s*(?:[-+*/@%&|^]|\*\*|//)?=(?!=)")
"""An assignment to an entry in a line of source."""

WHILE = re.compile(r"\s*while\b")
"""The beginning of a loop in a line of source."""

ARGUMENTS = re.compile(r"(takes|got|missing) .*\bargument.*")
"""What Python says where a function is called with other arguments than it has."""

OF_NAMESPACE = re.compile(r"\bxp\.[\w.]+(?=\()")
"""The call of a function of `xp` in a line of source."""


ENGINE_FOLDER = str(Path(reference_ad.__file__).parent)
"""Where the engine's own files are, which look at values that have no derivative."""

_WITHOUT_CHECKPOINTS = Namespace(namespace, namespace.special)
"""The namespace in which what is inside of an `xp.checkpoint` is looked at like everything else."""


def check_style(model: Model, inputs: Inputs) -> None:
    """Raise SpecError where the function uses what NumPy's arrays have and other arrays lack.

    What else goes wrong is no matter of style, and is left to where it is judged.
    """
    if getattr(model.function, "is_read", False):  # what is read from a framework is ours
        return
    code = getattr(model.function, "__code__", None)
    file = getattr(code, "co_filename", "")
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings(), _PlainLevel() as level:
            warnings.simplefilter("ignore")
            arguments = tuple(map(joined, inputs.arguments))
            model.function(_WITHOUT_CHECKPOINTS, *map_arrays(level.plain, arguments))
    except Exception as error:
        advice = _advice(_cause(error), file)
        if not advice:  # a question of numbers, or of what the engine has: judged later
            return
        place = place_of(error, file, file)
        subject = f"The function of the model {model.name!r}"
        raise SpecError(f"{subject}{place} {advice}") from error


def _cause(error: BaseException) -> BaseException:
    """What a plain array raised where NumPy put something else in its place, as from there."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, _StyleError):
        cause = cause.__cause__ or cause.__context__
    if cause is None:
        return error
    return cause.with_traceback(error.__traceback__)


# ---- arrays that have what the standard gives them


KEYWORDS_OF_UFUNCS = frozenset({"casting", "out", "subok", "where"})
"""What NumPy's elementwise functions take and those of the standard do not."""


class _PlainLevel(Level):
    """Computes on plain arrays as NumPy does on the arrays in them."""

    __slots__ = ()

    def plain(self, value: Any) -> Any:
        """Return a value with nothing but what the standard gives, unless it is of integers."""
        array = np.asarray(value)
        return _PlainArray(self, array) if array.dtype.kind in "bfc" else value

    def process(
        self, primitive: Primitive, args: tuple[Array, ...], params: dict[str, Any]
    ) -> Array:
        for keyword in sorted(KEYWORDS_OF_UFUNCS & set(params)):
            raise TypeError(f"{primitive.name}() got an unexpected keyword argument {keyword!r}")
        values = [arg.primal if isinstance(arg, _PlainArray) else arg for arg in args]
        answer = primitive(*values, **params)
        # The engine looks below all levels through a `stop_gradient`.
        return answer if primitive is stop_gradient else self.plain(answer)


class _PlainArray(Tracer):
    """An array without methods, that cannot be assigned to and is nothing to NumPy."""

    __slots__ = ()

    def __init__(self, level: Level, primal: Any) -> None:
        self.level = level
        self.primal = primal

    @property
    def T(self) -> Any:
        if self.ndim != 2:
            raise _StyleError(
                f"uses `.T` of an array of {self.ndim} dimension(s), which the standard has for 2 "
                "alone: write x.mT for the last two axes, or xp.permute_dims(x, axes)."
            )
        return namespace.permute_dims(self, (1, 0))

    def __getitem__(self, index: Any) -> Any:
        parts = index if isinstance(index, tuple) else (index,)
        parts = tuple(_mask_or_part(part) for part in parts)
        return indexed(self, parts if isinstance(index, tuple) else parts[0])

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise _ArrayAsked

    def __array_function__(self, function: Any, *args: Any) -> NoReturn:
        raise _ArrayAsked

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise _StyleError(NO_ASSIGNMENT)

    def __bool__(self) -> bool:
        frame = sys._getframe(1)
        file = frame.f_code.co_filename
        is_loop = WHILE.match(linecache.getline(file, frame.f_lineno))
        if is_loop and not file.startswith(ENGINE_FOLDER):
            raise _StyleError(NO_ENDLESS_LOOP)
        return bool(self.primal)

    def __float__(self) -> NoReturn:
        raise _NumberAsked

    __int__ = __complex__ = __index__ = __round__ = __float__


def _mask_or_part(part: Any) -> Any:
    """A part of an index; truth values as NumPy's array, since a shape depends on them."""
    if isinstance(part, _PlainArray) and part.dtype == bool:
        return part.primal
    return part


NO_ASSIGNMENT = (
    "assigns to an entry of an array, which arrays of a model do not take: write "
    "x = xp.set_at(x, index, value), or build arrays with xp.stack, xp.concat or xp.where."
)
NO_NUMBER = (
    "makes a number of Python's of an array: keep numbers in arrays, of shape (), and take counts "
    "and lengths from x.shape or from an argument that is a Python int."
)


NO_ENDLESS_LOOP = (
    "loops until the numbers of an array say so, which no compiled backend follows: take a fixed "
    "number of steps with xp.fori_loop or xp.scan, and keep with xp.where what is done already."
)


class _StyleError(TypeError):
    """What a function does that it should not, and what to write instead, as the message."""


class _ArrayAsked(_StyleError):
    """NumPy, or somebody else, asked for an array of NumPy's."""


class _NumberAsked(_StyleError):
    """Python, or a function of its own, asked for a number."""


# ---- sentences


def _advice(error: BaseException, file: str) -> str:
    """What a function does that it should not, and what to write instead; "" for anything else."""
    if isinstance(error, AttributeError):
        return _advice_on_name(error)
    if not isinstance(error, TypeError):
        return ""
    if str(error) and isinstance(error, _StyleError):
        return str(error)
    call = foreign_call(error, file)
    if call is not None:
        return (
            f"gives an array of the model to `{call.text}`, a function of {call.owner}: "
            f"{_instead_of(call.name)}."
        )
    is_asked = isinstance(error, _ArrayAsked | _NumberAsked)
    if is_asked and ASSIGNMENT.search(_line(error, file)):
        return NO_ASSIGNMENT
    if isinstance(error, _NumberAsked):
        return NO_NUMBER
    if is_asked or "__array_ufunc__" in str(error):
        return OF_NUMPY
    if ARGUMENTS.search(str(error)):
        return _advice_on_arguments(error, file)
    return ""


def _advice_on_arguments(error: TypeError, file: str) -> str:
    """What to say of arguments that NumPy has taken before."""
    call = OF_NAMESPACE.search(_line(error, file))
    function = f"`{call.group()}`" if call else "a function of xp"
    complaint = ARGUMENTS.search(str(error))
    assert complaint is not None
    return (
        f"calls {function} with arguments that the Python array API standard does not have: it "
        f"{complaint.group()}."
    )


OF_NUMPY = (
    "gives an array of the model to a function of NumPy's: use those of xp, such as xp.exp(x) for "
    "np.exp(x)."
)


def _line(error: BaseException, file: str) -> str:
    place = frame_in(error, file)
    if place is None:
        return ""
    return linecache.getline(file, place[1])


def _instead_of(name: str) -> str:
    """What to write instead of a function of somebody else's."""
    if hasattr(namespace, name):
        return f"write xp.{name}"
    if name in SPECIAL:
        return f"write xp.special.{name}"
    if name in NAMES_OF_THE_STANDARD:
        return f"write xp.{NAMES_OF_THE_STANDARD[name]}"
    return "use the functions of xp"


def _advice_on_name(error: AttributeError) -> str:
    name = error.name or ""
    if isinstance(error.obj, Tracer):
        return f"uses `.{name}` of an array, which arrays of a model do not have: {_method(name)}."
    if not isinstance(error.obj, Namespace):
        return ""
    return f"uses `{error.obj.prefix}{name}`, {_name(name, error.obj.prefix)}."


def _method(name: str) -> str:
    """What to write instead of a method of NumPy's arrays."""
    if name in METHODS:
        return METHODS[name]
    if hasattr(namespace, name):
        return f"write xp.{name}(x)"
    if name in NAMES_OF_THE_STANDARD:
        return f"write xp.{NAMES_OF_THE_STANDARD[name]}"
    return "use the functions of xp"


def _name(name: str, prefix: str) -> str:
    """What the standard has instead of a name of a namespace, in a clause."""
    if name == "random":
        return f"which the Python array API standard does not have: {RANDOM}"
    if prefix == "xp.special.":
        similar = get_close_matches(name, SPECIAL, n=1)
        hint = f" (did you mean {similar[0]}?)" if similar else ""
        return f"which models do not have{hint}; `xp.special` has {', '.join(SPECIAL)}"
    if name in NAMES_OF_THE_STANDARD:
        instead = NAMES_OF_THE_STANDARD[name]
        if prefix == "xp.linalg.":
            instead = instead.replace("linalg.", "")
        return f"which the Python array API standard calls {instead}"
    return (
        "which the Python array API standard 2024.12 does not have, or not for models: write it in "
        "functions that it has"
    )
