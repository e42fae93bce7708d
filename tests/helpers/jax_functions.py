"""Functions as JAX's users have them, with an argument each, none written for this tool."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.linalg
import jax.scipy.special
import numpy as np
from jax import lax

rng = np.random.default_rng(3)
VECTOR = rng.normal(size=6)
MATRIX = rng.normal(size=(4, 6))
SQUARE = rng.normal(size=(4, 4)) + 4 * np.eye(4)
SYMMETRIC = SQUARE @ SQUARE.T / 4
DIAGONAL = np.diag([1.0, 3.0, 6.0, 10.0]) + (SYMMETRIC - SYMMETRIC[0, 0]) / 16
RIGHT = rng.normal(size=4)
SQUARES = np.arange(8) ** 2
SIGNAL = rng.normal(size=(1, 2, 6, 6))
KERNEL = rng.normal(size=(3, 2, 3, 3))


def weighted(function: Any) -> Any:
    """A number made of an array: the sum of its elements by weights, none like another."""

    def loss(*arguments: Any) -> Any:
        result = jnp.ravel(function(*arguments))
        return jnp.sum(result * (1 + jnp.arange(result.size, dtype=result.dtype)) / 4)

    return loss


def cross_entropy(logits: Any) -> Any:
    labels = jax.nn.one_hot(jnp.asarray([0, 2, 5, 1]), 6, dtype=logits.dtype)
    return -jnp.mean(jnp.sum(labels * jax.nn.log_softmax(logits), axis=-1))


def recurrent_network(parameters: Any, inputs: Any) -> Any:
    """A plain recurrent network, by scan."""

    def step(state: Any, x: Any) -> Any:
        state = jnp.tanh(parameters["state"] @ state + parameters["input"] @ x)
        return state, state.sum()

    start = jnp.zeros(4, inputs.dtype)
    _, outputs = lax.scan(step, start, inputs)
    return jnp.sum(outputs**2)


def pairwise_distances(x: Any) -> Any:
    distance = jax.vmap(jax.vmap(lambda a, b: jnp.linalg.norm(a - b + 1), (None, 0)), (0, None))
    return distance(x, x)


@jax.custom_jvp
def soft_sign(x: Any) -> Any:
    return x / (1 + jnp.abs(x))


soft_sign.defjvps(lambda t, ans, x: t / (1 + jnp.abs(x)) ** 2)


@jax.custom_vjp
def log1pexp(x: Any) -> Any:
    return jnp.log1p(jnp.exp(x))


log1pexp.defvjp(lambda x: (log1pexp(x), x), lambda x, cotangent: (cotangent * jax.nn.sigmoid(x),))


def max_pooled(x: Any) -> Any:
    window, strides = (1, 1, 2, 2), (1, 1, 2, 2)
    return lax.reduce_window(x, -jnp.inf, lax.max, window, strides, "VALID")


FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "cho_solve": (
        weighted(
            lambda a, b: jax.scipy.linalg.cho_solve(jax.scipy.linalg.cho_factor((a + a.T) / 2), b)
        ),
        SYMMETRIC,
        RIGHT,
    ),
    "cholesky": (weighted(jnp.linalg.cholesky), SYMMETRIC),
    "convolution": (
        weighted(lambda x, w: lax.conv(x, w, (1, 1), "SAME")),
        SIGNAL,
        KERNEL,
    ),
    "convolution by kernel": (
        weighted(lambda w, x: lax.conv(x, w, (2, 2), "VALID")),
        KERNEL,
        SIGNAL,
    ),
    "cross entropy": (cross_entropy, MATRIX),
    "custom_jvp": (weighted(soft_sign), VECTOR),
    "custom_vjp": (weighted(log1pexp), VECTOR),
    "det": (jnp.linalg.det, SQUARE),
    "eigh": (weighted(lambda x: jnp.linalg.eigh(x)[0]), DIAGONAL),
    "einsum": (weighted(lambda x: jnp.einsum("ij,kj,jl->ikl", x, x, x.T)), MATRIX[:2]),
    "elu": (weighted(jax.nn.elu), VECTOR),
    "celu": (weighted(jax.nn.celu), VECTOR),
    "entr": (weighted(lambda x: jax.scipy.special.entr(x**2)), VECTOR),
    "erf": (weighted(jax.scipy.special.erf), VECTOR),
    "fft": (weighted(lambda x: jnp.abs(jnp.fft.rfft(x))), VECTOR),
    "gelu": (weighted(jax.nn.gelu), VECTOR),
    "gelu exact": (weighted(lambda x: jax.nn.gelu(x, approximate=False)), VECTOR),
    "glu": (weighted(jax.nn.glu), MATRIX),
    "interp": (
        weighted(
            lambda x: jnp.interp(x, jnp.linspace(-3, 3, 8).astype(x.dtype), jnp.cos(x)[0] * SQUARES)
        ),
        VECTOR,
    ),
    "inv": (weighted(jnp.linalg.inv), SQUARE),
    "log_ndtr": (weighted(jax.scipy.special.log_ndtr), VECTOR),
    "log_softmax": (weighted(jax.nn.log_softmax), MATRIX),
    "logsumexp": (weighted(lambda x: jax.scipy.special.logsumexp(x, axis=1)), MATRIX),
    "map": (weighted(lambda x: lax.map(lambda row: jnp.sin(row).prod(), x)), MATRIX),
    "max pool": (weighted(max_pooled), SIGNAL),
    "multigammaln": (
        weighted(lambda x: jax.scipy.special.multigammaln(x**2 + 2, 3)),
        VECTOR,
    ),
    "norm": (lambda x: jnp.linalg.norm(x), MATRIX),
    "percentile": (weighted(lambda x: jnp.percentile(x, 30.0)), VECTOR),
    "recurrent network": (
        recurrent_network,
        {"state": SQUARE / 8, "input": MATRIX / 2},
        rng.normal(size=(5, 6)),
    ),
    "remat": (jax.checkpoint(weighted(lambda x: jnp.sin(x) * x)), VECTOR),
    "segment_sum": (
        weighted(lambda x: jax.ops.segment_sum(x**2, jnp.asarray([0, 1, 0, 2]), 3)),
        MATRIX,
    ),
    "silu": (weighted(jax.nn.silu), VECTOR),
    "slogdet": (lambda x: jnp.linalg.slogdet(x)[1], SQUARE),
    "softmax": (weighted(jax.nn.softmax), MATRIX),
    "solve": (weighted(jnp.linalg.solve), SQUARE, RIGHT),
    "standardize": (weighted(jax.nn.standardize), MATRIX),
    "vmap": (weighted(pairwise_distances), MATRIX[:3]),
    "where": (weighted(lambda x: jnp.where(x > 0, jnp.sqrt(jnp.abs(x)), x**2)), VECTOR),
    "xlogy": (weighted(lambda x: jax.scipy.special.xlogy(x**2, 1 + x**2)), VECTOR),
}
"""By name a function and the arguments, of which the first is active."""
