"""Functions from all over the namespace.

Each is certified, and the reference engine's derivatives of it are right.
"""

import numpy as np
import pytest

import adbench
from adbench.results.row import Outcome, Verdict

VECTOR = np.asarray([0.40625, 1.75, 0.921875, 1.25, 0.640625, 1.0])
MATRIX = np.asarray([[3.5, -0.25, 0.75], [0.125, 2.5, -0.625], [-0.5, 0.375, 3.25]])


def gram(xp, a):
    return a @ xp.matrix_transpose(a) + xp.eye(3, dtype=a.dtype)


OF_MATRICES = {
    "solve": lambda xp, a: xp.sum(xp.linalg.solve(a, xp.ones((3, 2), dtype=a.dtype))),
    "inv": lambda xp, a: xp.sum(xp.linalg.inv(a) ** 2),
    "det": lambda xp, a: xp.linalg.det(a),
    "slogdet": lambda xp, a: xp.linalg.slogdet(a)[1],
    "cholesky": lambda xp, a: xp.sum(xp.linalg.cholesky(gram(xp, a))),
    "eigvalsh": lambda xp, a: xp.sum(xp.linalg.eigvalsh(gram(xp, a)) ** 2),
    "svdvals": lambda xp, a: xp.sum(xp.linalg.svdvals(a) ** 3),
    "qr": lambda xp, a: xp.sum(xp.linalg.qr(a)[1] ** 2),
    "pinv": lambda xp, a: xp.sum(xp.linalg.pinv(a) ** 2),
    "matrix_power": lambda xp, a: xp.sum(xp.linalg.matrix_power(a, 3)),
    "tril": lambda xp, a: xp.sum(xp.tril(a) @ a),
    "tensordot": lambda xp, a: xp.sum(xp.tensordot(a, a, axes=1) ** 2),
}
OF_VECTORS = {
    "vector_norm": lambda xp, x: xp.linalg.vector_norm(x),
    "vector_norm of order 3": lambda xp, x: xp.linalg.vector_norm(x, ord=3),
    "outer": lambda xp, x: xp.sum(xp.linalg.outer(x, x) ** 2),
    "vecdot": lambda xp, x: xp.vecdot(x, x * x),
    "erf": lambda xp, x: xp.sum(xp.special.erf(x) * xp.special.erfc(x)),
    "gammaln": lambda xp, x: xp.sum(xp.special.gammaln(x)),
    "digamma": lambda xp, x: xp.sum(xp.special.digamma(x)),
    "xlogy": lambda xp, x: xp.sum(xp.special.xlogy(x, x)),
    "expit": lambda xp, x: xp.sum(xp.special.expit(x)),
    "logsumexp": lambda xp, x: xp.special.logsumexp(x),
    "softmax": lambda xp, x: xp.sum(xp.special.softmax(x) ** 2),
    "log_softmax": lambda xp, x: xp.sum(xp.special.log_softmax(x) ** 2),
    "sort": lambda xp, x: xp.sum(xp.sort(x) * xp.arange(6, dtype=x.dtype)),
    "argsort": lambda xp, x: xp.sum(xp.take(x, xp.argsort(x)[:3])),
    "cumulative_sum": lambda xp, x: xp.sum(xp.cumulative_sum(x) ** 2),
    "cumulative_prod": lambda xp, x: xp.sum(xp.cumulative_prod(x)),
    "prod": lambda xp, x: xp.prod(x),
    "where": lambda xp, x: xp.sum(xp.where(x > 1.1, x**3, xp.exp(x))),
    "std": lambda xp, x: xp.std(x),
    "var": lambda xp, x: xp.var(x, correction=1),
    "power": lambda xp, x: xp.sum(x**x),
    "constant power": lambda xp, x: xp.sum(x**-7.3),
    "atan2": lambda xp, x: xp.sum(xp.atan2(x, xp.flip(x) + 0.5)),
    "concat": lambda xp, x: xp.sum(xp.concat([x, 2 * x]) ** 3),
    "stack": lambda xp, x: xp.sum(xp.stack([x, x * x]) ** 2),
    "repeated indices": lambda xp, x: xp.sum(x[xp.asarray([0, 0, 2])] ** 3),
    "roll": lambda xp, x: xp.sum(x * xp.roll(x, 1)),
    "clip": lambda xp, x: xp.sum(xp.clip(x, 0.5, 1.5) ** 2),
    "max": lambda xp, x: xp.max(x) ** 2,
    "expm1": lambda xp, x: xp.sum(xp.log1p(x) * xp.expm1(x)),
    "abs": lambda xp, x: xp.sum(xp.abs(x - 1.125) ** 1.5),
    "hypot": lambda xp, x: xp.sum(xp.hypot(x, 1.0)),
    "logaddexp": lambda xp, x: xp.sum(xp.logaddexp(x, 0.0 * x)),
    "loop": lambda xp, x: sum(i * x[i] ** 2 for i in range(6)),
    "hyperbolic": lambda xp, x: xp.sum(xp.sinh(x) + xp.cosh(x) + xp.asinh(x)),
    "trigonometric": lambda xp, x: xp.sum(
        xp.tan(x / 4) + xp.asin(x / 4) + xp.acos(x / 4) + xp.atan(x)
    ),
    "reshape": lambda xp, x: xp.sum(
        xp.reshape(x, (2, 3)) @ xp.permute_dims(xp.reshape(x, (2, 3)), (1, 0))
    ),
    "meshgrid": lambda xp, x: xp.sum(xp.meshgrid(x, x)[0] ** 2),
    "remainder": lambda xp, x: xp.sum(xp.remainder(x * 1.7, 1.0) ** 2),
    "a vector": lambda xp, x: xp.sin(x) * xp.sum(x),
    "a linear function": lambda xp, x: xp.sum(x * xp.exp(xp.asarray(0.3, dtype=x.dtype))),
    "constants": lambda xp, x: xp.sum(
        x * xp.linspace(0.0, 0.7, 6, dtype=x.dtype) + xp.full(6, 0.1, dtype=x.dtype)
    ),
}
CASES = [
    pytest.param(function, point, id=name)
    for point, functions in ((MATRIX, OF_MATRICES), (VECTOR, OF_VECTORS))
    for name, function in functions.items()
]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("function", "point"), CASES)
def test_the_reference_engine_is_right(function, point, dtype):
    report = adbench.check(function, point, backend="reference", dtypes=dtype)
    assert {row.outcome for row in report.rows} == {Outcome.OK}, report
    assert {row.verdict for row in report.rows} <= {Verdict.CORRECT, Verdict.UNRESOLVED}, report
    assert dtype == "float32" or all(row.resolution < 1e-8 for row in report.rows), report
