"""What a model's function uses that arrays of a model do not have, in a sentence.

NumPy's arrays have methods and take item assignment, and its functions take them. Those of most
other namespaces do not, so that such a function would be judged on none of them.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

import reference_ad
from adbench.cases.inputs import Inputs
from adbench.cases.messages import place_of
from adbench.cases.model import Model, SpecError
from adbench.namespaces import numpy as namespace
from reference_ad.engine import tree
from reference_ad.engine.core import Tracer

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
    "concatenate": "concat",
    "cumprod": "cumulative_prod",
    "cumsum": "cumulative_sum",
    "invert": "bitwise_invert",
    "norm": "vector_norm or matrix_norm",
    "power": "pow",
    "transpose": "permute_dims",
}
"""What functions of NumPy's are called in the Python array API standard."""


def check_style(model: Model, inputs: Inputs) -> None:
    """Raise SpecError where the function uses what NumPy's arrays have and other arrays lack.

    The function is evaluated on traced arrays of the reference engine. What else goes wrong there
    is no matter of style, and is left to where it is judged.
    """
    arguments = list(inputs.arguments)
    active = arguments[inputs.active]

    def function(traced: Any) -> Any:
        arguments[inputs.active] = traced
        return model.function(reference_ad.numpy, *arguments)

    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reference_ad.jvp(function, (active,), (tree.map(np.ones_like, active),))
    except (AttributeError, TypeError) as error:
        advice = _advice(error)
        if advice:
            code = getattr(model.function, "__code__", None)
            file = getattr(code, "co_filename", "")
            place = place_of(error, file, file)
            subject = f"The function of the model {model.name!r}"
            raise SpecError(f"{subject}{place} {advice}") from error
    except Exception:  # a question of numbers or of what the engine has: judged later
        return


def _advice(error: AttributeError | TypeError) -> str:
    """What a function does that it should not, and what to write instead; "" for anything else."""
    if isinstance(error, AttributeError):
        return _advice_on_name(error)
    message = str(error)
    if "__array_ufunc__" in message:
        return (
            "gives an array of the model to a function of NumPy's: use those of xp, such as "
            "xp.exp(x) for np.exp(x)."
        )
    if message.startswith("NumPy was given a traced array"):
        return (
            "assigns to an entry of an array, or makes a number of Python's or an array of NumPy's "
            "of one: build arrays with xp.stack, xp.concat or xp.where, and keep numbers in arrays."
        )
    return ""


def _advice_on_name(error: AttributeError) -> str:
    name = error.name or ""
    if isinstance(error.obj, Tracer):
        instead = "use the functions of xp."
        if hasattr(namespace.numpy, name):
            instead = f"write xp.{name}(x)."
        return f"uses `.{name}` of an array, which arrays of a model do not have: {instead}"
    owner = getattr(error.obj, "__name__", "")
    if owner.startswith("reference_ad") and name in NAMES_OF_THE_STANDARD:
        extension = "linalg." if owner.endswith(".linalg") else ""
        return (
            f"uses `xp.{extension}{name}`, which the Python array API standard calls "
            f"{NAMES_OF_THE_STANDARD[name]}."
        )
    return ""
