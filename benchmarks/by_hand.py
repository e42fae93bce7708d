"""Derivatives as a NumPy expert writes them by hand.

In place, without dead code, one call for each step.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def mlp(params: Any, inputs: Any, targets: Any) -> tuple[Any, Any]:
    """Value and gradient of the lecture's multilayer perceptron."""
    activations = [inputs]
    for W, b in params[:-1]:
        z = activations[-1].dot(W)
        z += b
        np.tanh(z, z)
        activations.append(z)
    W, b = params[-1]
    d = activations[-1].dot(W)
    d += b
    d -= targets
    value = np.vdot(d, d) / d.size
    d *= 2.0 / d.size
    gradient = []
    for k in range(len(params) - 1, -1, -1):
        a = activations[k]
        gradient.append((a.T.dot(d), np.add.reduce(d, 0)))
        if k:
            back = d.dot(params[k][0].T)
            slope = a * a
            np.subtract(1.0, slope, slope)
            back *= slope
            d = back
    gradient.reverse()
    return value, gradient


def chain(params: Any, inputs: Any, targets: Any) -> tuple[Any, Any]:
    """Value and gradient of the lecture's chain of single neurons."""
    activations = [inputs]
    for w, b in params:
        z = activations[-1] * -w
        z -= b
        np.exp(z, z)
        z += 1.0
        np.reciprocal(z, z)
        activations.append(z)
    d = activations[-1] - targets
    value = np.vdot(d, d) / d.size
    d *= 2.0 / d.size
    gradient = []
    for k in range(len(params) - 1, -1, -1):
        a = activations[k + 1]
        slope = 1.0 - a
        slope *= a
        d *= slope
        gradient.append((np.vdot(d, activations[k]), np.add.reduce(d)))
        d *= params[k][0]
    gradient.reverse()
    return value, gradient


def layer_hessian(x: Any, W: Any, b: Any) -> Any:
    """Hessian of the sum of squares of tanh(W x + b)."""
    t = np.tanh(W.dot(x) + b)
    slope = 1.0 - t * t
    return W.T.dot((2.0 * slope * (slope - 2.0 * t * t))[:, None] * W)


def layer_jacobian(x: Any, W: Any, b: Any) -> Any:
    """Jacobian of tanh(W x + b)."""
    t = W.dot(x)
    t += b
    np.tanh(t, t)
    return (1.0 - t * t)[:, None] * W
