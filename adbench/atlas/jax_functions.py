"""JAX's own functions at corners, which are judged by the corners' formulas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "maximum(x, 0) at 0": jax.nn.relu,
    "relu6(x) at 6": jax.nn.relu6,
    "leaky relu at 0": lambda x: jax.nn.leaky_relu(x, 0.125),
    "leaky relu at -0": lambda x: jax.nn.leaky_relu(x, 0.125),
    "elu(x, 2) at 0": lambda x: jax.nn.elu(x, 2.0),
    "elu(x, 1) at 0": jax.nn.elu,
    "hard sigmoid at 3": jax.nn.hard_sigmoid,
    "norm(x) at 0": jnp.linalg.norm,
    "std of equal numbers": jnp.std,
    "std of one number": jnp.std,
    "max with two ties": jnp.max,
    "median at a tie": jnp.median,
    "where(x == 0, 1, sin(x) / x) at 0": lambda x: jnp.sinc(x / jnp.pi),
    "sin(x) / x at 1e-4": lambda x: jnp.sinc(x / jnp.pi),
    "softplus(x) at 0": jax.nn.softplus,
    "softplus(x) at 100": jax.nn.softplus,
    "softplus(x) at -100": jax.nn.softplus,
    "softplus(x) at -1000": jax.nn.softplus,
    "logsumexp with a -inf": lambda x, mask: jax.nn.logsumexp(x + mask),
    "log_softmax of +-10000": lambda x: -jax.nn.log_softmax(x)[1],
    "prod with two zeros": jnp.prod,
}
"""The functions by the corners' names."""
