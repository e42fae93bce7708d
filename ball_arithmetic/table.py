"""How each primitive is computed on balls and power series."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import flint

from reference_ad.engine.core import Primitive
from reference_ad.engine.elements import Arithmetic
from reference_ad.rules import bessel as bessel_rules
from reference_ad.rules import (
    contraction,
    elementwise,
    fourier,
    incomplete_gamma,
    linalg,
    reductions,
    special,
    structural,
)
from reference_ad.rules import zeta as zeta_rules

from . import arrays, bessel, comparisons, functions, integrals, linear_algebra, transforms
from .elements import (
    COMPLEX,
    COMPLEX_SERIES,
    CONSTANTS,
    constant_term,
    element,
    elements,
    kinds,
    method,
    on_elements,
)
from .linear_algebra import stacked

IMPLEMENTATIONS: Mapping[Primitive, Callable[..., Any]] = {
    elementwise.exp: method("exp"),
    elementwise.log: method("log"),
    elementwise.sqrt: method("sqrt"),
    elementwise.sin: method("sin"),
    elementwise.cos: method("cos"),
    elementwise.tan: method("tan"),
    special.erf: method("erf"),
    special.erfc: method("erfc"),
    elementwise.expm1: method("expm1", lambda v: v.exp() - 1),
    elementwise.log1p: method("log1p", lambda v: (1 + v).log()),
    elementwise.log2: on_elements(lambda v: element(v).log() / flint.arb.const_log2()),
    elementwise.log10: on_elements(lambda v: element(v).log() / flint.arb.const_log10()),
    elementwise.asin: method("asin"),
    elementwise.acos: method("acos"),
    elementwise.atan: method("atan"),
    elementwise.sinh: method("sinh", lambda v: (v.exp() - (-v).exp()) / 2),
    elementwise.cosh: method("cosh", lambda v: (v.exp() + (-v).exp()) / 2),
    elementwise.tanh: method("tanh", lambda v: 1 - 2 / ((2 * v).exp() + 1)),
    elementwise.asinh: method("asinh", lambda v: (v + (v * v + 1).sqrt()).log()),
    elementwise.acosh: method("acosh", lambda v: (v + (v * v - 1).sqrt()).log()),
    elementwise.atanh: method("atanh", lambda v: ((1 + v) / (1 - v)).log() / 2),
    elementwise.positive: lambda x: x,
    elementwise.real: on_elements(functions.real_part),
    elementwise.imag: on_elements(functions.imaginary_part),
    elementwise.conj: on_elements(functions.conjugate),
    elementwise.copysign: comparisons.copysign,
    elementwise.abs: on_elements(functions.absolute),
    elementwise.square: on_elements(functions.square_element),
    elementwise.reciprocal: on_elements(lambda v: 1 / v),
    elementwise.constant_power: arrays.constant_power,
    elementwise.power: on_elements(functions.power),
    elementwise.remainder: on_elements(lambda v, w: v - w * functions.floor(element(v) / w)),
    elementwise.floor_divide: on_elements(lambda v, w: functions.floor(element(v) / w)),
    elementwise.hypot: on_elements(functions.hypot),
    elementwise.atan2: on_elements(functions.atan2),
    special.logaddexp: on_elements(functions.logaddexp),
    special.gaussian: on_elements(functions.gaussian),
    elementwise.over_cosh_squared: on_elements(functions.over_cosh_squared),
    special.expit: on_elements(functions.expit),
    special.expit_slope: on_elements(functions.expit_slope),
    special.log_expit: on_elements(functions.log_expit),
    special.xlogy: on_elements(functions.xlogy),
    special.gammaln: on_elements(functions.gammaln),
    special.digamma: on_elements(lambda v: functions.polygamma(v, 0)),
    special.polygamma: lambda x, order: on_elements(lambda v: functions.polygamma(v, order))(x),
    bessel_rules.bessel_j: lambda x, order: on_elements(lambda v: bessel.bessel_j(v, order))(x),
    bessel_rules.bessel_i: lambda x, order: on_elements(lambda v: bessel.bessel_i(v, order))(x),
    bessel_rules.bessel_i_scaled: lambda x, order: on_elements(
        lambda v: bessel.bessel_i_scaled(v, order)
    )(x),
    special.erfinv: on_elements(integrals.erfinv),
    incomplete_gamma.gamma_density: on_elements(integrals.density),
    incomplete_gamma.gammainc: on_elements(integrals.gammainc),
    incomplete_gamma.gammaincc: on_elements(integrals.gammaincc),
    zeta_rules.zeta: on_elements(integrals.zeta),
    elementwise.floor: on_elements(functions.floor),
    elementwise.ceil: on_elements(functions.ceil),
    elementwise.round: on_elements(functions.round_to_even),
    elementwise.trunc: on_elements(functions.truncate),
    elementwise.sign: on_elements(functions.sign),
    elementwise.maximum: comparisons.maximum_each,
    elementwise.minimum: on_elements(comparisons.minimum),
    elementwise.equal: comparisons.equal,
    elementwise.not_equal: comparisons.not_equal,
    elementwise.less: comparisons.less,
    elementwise.less_equal: comparisons.less_equal,
    elementwise.greater: lambda x, y: comparisons.less(y, x),
    elementwise.greater_equal: lambda x, y: comparisons.less_equal(y, x),
    elementwise.logical_not: comparisons.logical_not,
    elementwise.logical_and: comparisons.logical_and,
    elementwise.logical_or: comparisons.logical_or,
    elementwise.logical_xor: comparisons.logical_xor,
    elementwise.bitwise_invert: comparisons.of_truths(comparisons.logical_not),
    elementwise.bitwise_and: comparisons.of_truths(comparisons.logical_and),
    elementwise.bitwise_or: comparisons.of_truths(comparisons.logical_or),
    elementwise.bitwise_xor: comparisons.of_truths(comparisons.logical_xor),
    elementwise.isnan: on_elements(lambda v: element(constant_term(v)).is_nan()),
    elementwise.isfinite: on_elements(lambda v: element(constant_term(v)).is_finite()),
    elementwise.isinf: on_elements(
        lambda v: not (element(constant_term(v)).is_finite() or element(constant_term(v)).is_nan())
    ),
    elementwise.signbit: comparisons.negative,
    elementwise.where: comparisons.where,
    structural.astype: arrays.astype,
    elementwise.cast_to_integer: arrays.cast_to_integer,
    reductions.max: arrays.largest,
    reductions.min: arrays.reduced(on_elements(comparisons.minimum)),
    reductions.attains: arrays.attains,
    reductions.logsumexp: arrays.logsumexp,
    reductions.softmax: arrays.softmax,
    reductions.log_softmax: lambda x, axis: x - arrays.logsumexp(x, axis, True),
    contraction.matmul: arrays.matmul,
    fourier.dft: transforms.dft,
    linalg.solve: stacked(linear_algebra.solve),
    linalg.det: stacked(linear_algebra.det),
    linalg.logabsdet: stacked(lambda x: functions.log_of_size(linear_algebra.det(x))),
    linalg.sign_of_det: stacked(lambda x: functions.sign(linear_algebra.det(x))),
    linalg.nearly_singular: stacked(lambda x: constant_term(linear_algebra.det(x)).contains(0)),
    linalg.cholesky: stacked(linear_algebra.cholesky),
    linalg.qr: stacked(linear_algebra.qr),
    linalg.eigh: stacked(linear_algebra.eigh),
    linalg.svd: stacked(linear_algebra.svd),
    linalg.pinv: stacked(linear_algebra.pinv),
    linalg.norm: linear_algebra.norm,
    structural.tril: arrays.with_zeros(structural.tril.implementation),
    structural.triu: arrays.with_zeros(structural.triu.implementation),
    structural.scatter_add: arrays.with_zeros(structural.scatter_add.implementation),
    reductions.sum: arrays.total,
}
"""How to compute a primitive on arrays of balls, where its own implementation does not do."""

TAKE_CONDITIONS = frozenset(
    {
        *(elementwise.where, structural.astype, elementwise.cast_to_integer),
        *(elementwise.stop_gradient, elementwise.logical_not, elementwise.logical_and),
        *(elementwise.logical_or, elementwise.logical_xor, elementwise.bitwise_invert),
        *(elementwise.bitwise_and, elementwise.bitwise_or, elementwise.bitwise_xor),
        *(structural.reshape, structural.broadcast_to, structural.permute_dims),
        *(structural.matrix_transpose, structural.flip, structural.roll, structural.getitem),
        *(structural.concat, structural.stack),
    }
)
"""The primitives that take conditions as such; to the others they are numbers between 0 and 1."""


def implementation(primitive: Primitive) -> Callable[..., Any]:
    """How a primitive is computed on arrays of balls."""
    return IMPLEMENTATIONS.get(primitive, primitive.implementation)


ARITHMETIC = Arithmetic(
    implementation=implementation,
    takes_conditions=TAKE_CONDITIONS.__contains__,
    elements=elements,
    as_numbers=comparisons.as_numbers,
    truths=comparisons.truths,
    ranks=comparisons.ranks,
    is_complex=lambda x: bool({COMPLEX, COMPLEX_SERIES} & kinds(x)),
    constants=CONSTANTS,
)
"""All that the engine must know of these elements."""
