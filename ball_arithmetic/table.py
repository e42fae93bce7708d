"""How each primitive is computed on balls and power series."""

from __future__ import annotations

import flint
import numpy as np

from reference_ad.engine.core import PRIMITIVES
from reference_ad.engine.elements import Arithmetic

from . import arrays, comparisons, functions, linear_algebra
from .elements import (
    COMPLEX,
    CONSTANTS,
    IMPLEMENTATIONS,
    constant_term,
    each,
    element,
    elements,
    kinds,
    method,
)
from .linear_algebra import stacked

IMPLEMENTATIONS.update(
    {
        **{
            name: method(name)
            for name in ["exp", "log", "sqrt", "sin", "cos", "tan", "erf", "erfc"]
        },
        "expm1": method("expm1", lambda v: v.exp() - 1),
        "log1p": method("log1p", lambda v: (1 + v).log()),
        "log2": each(lambda v: element(v).log() / flint.arb.const_log2()),
        "log10": each(lambda v: element(v).log() / flint.arb.const_log10()),
        "asin": method("asin"),
        "acos": method("acos"),
        "atan": method("atan"),
        "sinh": method("sinh", lambda v: (v.exp() - (-v).exp()) / 2),
        "cosh": method("cosh", lambda v: (v.exp() + (-v).exp()) / 2),
        "tanh": method("tanh", lambda v: 1 - 2 / ((2 * v).exp() + 1)),
        "asinh": method("asinh", lambda v: (v + (v * v + 1).sqrt()).log()),
        "acosh": method("acosh", lambda v: (v + (v * v - 1).sqrt()).log()),
        "atanh": method("atanh", lambda v: ((1 + v) / (1 - v)).log() / 2),
        "positive": lambda x: x,
        "real": each(lambda v: v.real if isinstance(v, COMPLEX) else v),
        "imag": each(lambda v: v.imag if isinstance(v, COMPLEX) else flint.arb(0)),
        "conj": each(lambda v: v.conjugate() if isinstance(v, COMPLEX) else v),
        "copysign": comparisons.copysign,
        "abs": each(functions.absolute),
        "square": each(functions.square_element),
        "reciprocal": each(lambda v: 1 / v),
        "constant_power": arrays.constant_power,
        "power": each(functions.power),
        "remainder": each(lambda v, w: v - w * functions.floor(element(v) / w)),
        "floor_divide": each(lambda v, w: functions.floor(element(v) / w)),
        "hypot": each(functions.hypot),
        "atan2": each(functions.atan2),
        "logaddexp": each(functions.logaddexp),
        "expit": each(functions.expit),
        "log_expit": each(functions.log_expit),
        "xlogy": each(functions.xlogy),
        "gammaln": each(functions.gammaln),
        "digamma": each(lambda v: functions.polygamma(v, 0)),
        "polygamma": lambda x, order: np.frompyfunc(lambda v: functions.polygamma(v, order), 1, 1)(
            x
        ),
        "floor": each(functions.floor),
        "ceil": each(functions.ceil),
        "round": each(functions.round_to_even),
        "trunc": each(functions.truncate),
        "sign": each(functions.sign),
        "maximum": comparisons.maximum_each,
        "minimum": each(comparisons.minimum),
        "equal": comparisons.equal,
        "not_equal": comparisons.not_equal,
        "less": comparisons.less,
        "less_equal": comparisons.less_equal,
        "greater": lambda x, y: comparisons.less(y, x),
        "greater_equal": lambda x, y: comparisons.less_equal(y, x),
        "logical_not": comparisons.logical_not,
        "logical_and": comparisons.logical_and,
        "logical_or": comparisons.logical_or,
        "logical_xor": comparisons.logical_xor,
        "bitwise_invert": comparisons.of_truths(comparisons.logical_not),
        "bitwise_and": comparisons.of_truths(comparisons.logical_and),
        "bitwise_or": comparisons.of_truths(comparisons.logical_or),
        "bitwise_xor": comparisons.of_truths(comparisons.logical_xor),
        "isnan": each(lambda v: element(constant_term(v)).is_nan()),
        "isfinite": each(lambda v: element(constant_term(v)).is_finite()),
        "isinf": each(
            lambda v: (
                not (element(constant_term(v)).is_finite() or element(constant_term(v)).is_nan())
            )
        ),
        "signbit": comparisons.negative,
        "where": comparisons.where,
        "astype": arrays.astype,
        "cast_to_integer": arrays.cast_to_integer,
        "max": arrays.largest,
        "min": arrays.reduced(each(comparisons.minimum)),
        "attains": arrays.attains,
        "logsumexp": arrays.logsumexp,
        "softmax": arrays.softmax,
        "log_softmax": lambda x, axis: x - arrays.logsumexp(x, axis, True),
        "matmul": arrays.matmul,
        "solve": stacked(linear_algebra.solve),
        "det": stacked(linear_algebra.det),
        "logabsdet": stacked(lambda x: functions.absolute(linear_algebra.det(x)).log()),
        "sign_of_det": stacked(lambda x: functions.sign(linear_algebra.det(x))),
        "nearly_singular": stacked(lambda x: constant_term(linear_algebra.det(x)).contains(0)),
        "cholesky": stacked(linear_algebra.cholesky),
        "qr": stacked(linear_algebra.qr),
        "eigh": stacked(linear_algebra.eigh),
        "svd": stacked(linear_algebra.svd),
        "pinv": stacked(linear_algebra.pinv),
        "norm": linear_algebra.norm,
        **{
            name: arrays.with_zeros(PRIMITIVES[name].implementation)
            for name in ["tril", "triu", "scatter_add"]
        },
        "sum": arrays.total,
    }
)

_LOGICAL = {"where", "astype", "cast_to_integer", "stop_gradient"} | {
    f"{kind}_{name}"
    for kind in ("logical", "bitwise")
    for name in ("not", "invert", "and", "or", "xor")
}
_MOVING = {
    "reshape",
    "broadcast_to",
    "permute_dims",
    "matrix_transpose",
    "flip",
    "roll",
    "getitem",
    "concat",
    "stack",
}
TAKE_CONDITIONS = _LOGICAL | _MOVING
"""The primitives that take conditions as such; to the others they are numbers between 0 and 1."""

ARITHMETIC = Arithmetic(
    implementations=IMPLEMENTATIONS,
    take_conditions=TAKE_CONDITIONS,
    elements=elements,
    as_numbers=comparisons.as_numbers,
    truths=comparisons.truths,
    ranks=comparisons.ranks,
    is_complex=lambda x: COMPLEX in kinds(x),
    constants=CONSTANTS,
)
"""All that the engine must know of these elements."""
