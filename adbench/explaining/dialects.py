"""How plain code of each framework is written: its arrays, its functions, its derivatives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

HEAD = "from math import inf, nan\n\nimport numpy as np\n"


@dataclass(frozen=True)
class Dialect:
    """A framework's way to say things."""

    head: str
    """The imports and settings, with `{dtype}` where the dtype stands, and the functions `array`,
    `total`, `gradient` (of a function of a list of arrays) and `jvp` (along a list)."""
    functions: str
    """Where the functions are whose names and parameters are those of the array API."""
    others: Mapping[str, str]
    """Templates of calls of primitives that are named otherwise, with `{0}`, `{1}` for arguments
    and the names of parameters."""
    stagings: Mapping[str, str]
    """How a staging wraps a function of arrays, as a template; others are left as they are."""
    gradient_to_push: str = "gradient"
    """The gradient that forward mode can be applied to."""


def _named_as_in_the_array_api(prefix: str) -> dict[str, str]:
    """The templates of functions that have the names and parameters of the array API."""
    reductions = {
        name: f"{prefix}.{name}({{0}}, axis={{axis}}, keepdims={{keepdims}})"
        for name in ("sum", "max", "min")
    }
    return {
        **reductions,
        "reshape": f"{prefix}.reshape({{0}}, {{shape}})",
        "broadcast_to": f"{prefix}.broadcast_to({{0}}, {{shape}})",
        "permute_dims": f"{prefix}.permute_dims({{0}}, {{axes}})",
        "matrix_transpose": f"{prefix}.matrix_transpose({{0}})",
    }


_OPERATORS = {
    "getitem": "{0}[{index}]",
    "constant_power": "{0} ** {exponent}",
    "power": "{0} ** {1}",
}
"""What Python has operators for, in every framework."""


_TORCH = Dialect(
    head=HEAD
    + """import torch


def array(numbers):
    return torch.tensor(numbers, dtype=torch.{dtype})


def gradient(f):
    def of(x):
        x = [leaf if leaf.requires_grad else leaf.clone().requires_grad_() for leaf in x]
        options = dict(create_graph=True, allow_unused=True, materialize_grads=True)
        return list(torch.autograd.grad(f(x), x, **options))

    return of


def jvp(f, x, v):
    return torch.func.jvp(f, (x,), (v,))[1]


def number(value):
    return float(value.detach())


total = torch.sum
""",
    functions="torch",
    others={
        "expit": "torch.special.expit({0})",
        "log_expit": "torch.nn.functional.logsigmoid({0})",
        "erf": "torch.special.erf({0})",
        "erfc": "torch.special.erfc({0})",
        "gammaln": "torch.special.gammaln({0})",
        "sum": "torch.sum({0}, dim={axis}, keepdim={keepdims})",
        "max": "torch.amax({0}, dim={axis}, keepdim={keepdims})",
        "min": "torch.amin({0}, dim={axis}, keepdim={keepdims})",
        "logsumexp": "torch.logsumexp({0}, dim={axis}, keepdim={keepdims})",
        "reshape": "torch.reshape({0}, {shape})",
        "broadcast_to": "torch.broadcast_to({0}, {shape})",
        "permute_dims": "torch.permute({0}, {axes})",
        "matrix_transpose": "{0}.mT",
        **_OPERATORS,
    },
    stagings={"compile": "torch.compile({0})"},
    gradient_to_push="torch.func.grad",
)

_JAX = Dialect(
    head=HEAD
    + """import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp


def array(numbers):
    return jnp.asarray(numbers, dtype=jnp.{dtype})


def gradient(f):
    return jax.grad(f)


def jvp(f, x, v):
    return jax.jvp(f, (x,), (v,))[1]


number = float
total = jnp.sum
""",
    functions="jnp",
    others={
        "expit": "jax.nn.sigmoid({0})",
        "log_expit": "jax.nn.log_sigmoid({0})",
        "erf": "jax.scipy.special.erf({0})",
        "erfc": "jax.scipy.special.erfc({0})",
        "gammaln": "jax.scipy.special.gammaln({0})",
        "logsumexp": "jax.scipy.special.logsumexp({0}, axis={axis}, keepdims={keepdims})",
        **_named_as_in_the_array_api("jnp"),
        **_OPERATORS,
    },
    stagings={"jit": "jax.jit({0})", "aot": "jax.jit({0})"},
)

_TENSORFLOW = Dialect(
    head=HEAD
    + """import tensorflow as tf


def array(numbers):
    return tf.constant(numbers, dtype=tf.{dtype})


def gradient(f):
    def of(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        return tape.gradient(y, x, unconnected_gradients="zero")

    return of


def jvp(f, x, v):
    with tf.autodiff.ForwardAccumulator(x, v) as accumulator:
        y = f(x)
    return accumulator.jvp(y, unconnected_gradients="zero")


def number(value):
    return float(value.numpy())


total = tf.reduce_sum
""",
    functions="tf.math",
    others={
        "expit": "tf.sigmoid({0})",
        "log_expit": "tf.math.log_sigmoid({0})",
        "gammaln": "tf.math.lgamma({0})",
        "sum": "tf.reduce_sum({0}, axis={axis}, keepdims={keepdims})",
        "max": "tf.reduce_max({0}, axis={axis}, keepdims={keepdims})",
        "min": "tf.reduce_min({0}, axis={axis}, keepdims={keepdims})",
        "logsumexp": "tf.reduce_logsumexp({0}, axis={axis}, keepdims={keepdims})",
        "reshape": "tf.reshape({0}, {shape})",
        "broadcast_to": "tf.broadcast_to({0}, {shape})",
        "permute_dims": "tf.transpose({0}, {axes})",
        "matrix_transpose": "tf.linalg.matrix_transpose({0})",
        **_OPERATORS,
        "where": "tf.where({0}, {1}, {2})",
    },
    stagings={
        "function": "tf.function({0})",
        "xla": "tf.function({0}, jit_compile=True)",
    },
)

_REFERENCE = Dialect(
    head=HEAD
    + """import reference_ad
import reference_ad.numpy as xp


def array(numbers):
    return np.asarray(numbers, dtype=np.{dtype})


def gradient(f):
    return reference_ad.grad(f)


def jvp(f, x, v):
    return reference_ad.jvp(f, (x,), (v,))[1]


number = float
total = xp.sum
""",
    functions="xp",
    others={
        **_named_as_in_the_array_api("xp"),
        **{
            name: f"xp.special.{name}({{0}})"
            for name in ("expit", "log_expit", "erf", "erfc", "gammaln")
        },
        "logsumexp": "xp.special.logsumexp({0}, axis={axis}, keepdims={keepdims})",
        **_OPERATORS,
    },
    stagings={"compiled": "reference_ad.compile({0})"},
)

DIALECTS: Mapping[str, Dialect] = {
    "torch": _TORCH,
    "jax": _JAX,
    "tensorflow": _TENSORFLOW,
    "reference": _REFERENCE,
}
"""The dialects by the framework."""
