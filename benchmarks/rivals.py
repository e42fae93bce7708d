"""The engines side by side: how each gives a value with its gradient, a Hessian, a Jacobian or a
high derivative.

A function is written once, ``f(xp, active, *constants)``. Each engine turns it into a call without
arguments, whose inputs are already on its side. None stands for what an engine cannot do.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

import reference_ad
from reference_ad.engine import tree

Thunk = Callable[[], Any]


class Tape:
    """reference_ad, define-by-run."""

    name = "tape"
    xp: Any = reference_ad.numpy

    def stage(self, f: Any) -> Any:
        return f

    def value_and_gradient(self, f: Any, args: Any) -> Thunk:
        run = self.stage(reference_ad.value_and_grad(lambda *args: f(self.xp, *args)))
        return lambda: run(*args)

    def value(self, f: Any, args: Any) -> Thunk:
        run = self.stage(lambda *args: f(self.xp, *args))
        return lambda: run(*args)

    def hessian(self, f: Any, args: Any) -> Thunk:
        run = self.stage(reference_ad.hessian(lambda *args: f(self.xp, *args)))
        return lambda: run(*args)

    def jacobian(self, f: Any, args: Any, mode: str) -> Thunk:
        transform = reference_ad.jacfwd if mode == "forward" else reference_ad.jacrev
        run = self.stage(transform(lambda *args: f(self.xp, *args)))
        return lambda: run(*args)

    def derivative(self, f: Any, x: Any, order: int) -> Thunk:
        run: Any = lambda x: f(self.xp, x)  # noqa: E731
        for _ in range(order):
            run = reference_ad.grad(run)
        run = self.stage(run)
        return lambda: run(x)


class Compiled(Tape):
    """reference_ad, traced and compiled to NumPy source."""

    name = "compiled"

    def stage(self, f: Any) -> Any:
        return reference_ad.compile(f)


class Autograd:
    """HIPS autograd."""

    name = "autograd"

    def __init__(self) -> None:
        import autograd
        import autograd.numpy
        import autograd.scipy.special

        self.autograd = autograd
        self.xp = SimpleNamespace(**vars(autograd.numpy) | {"special": autograd.scipy.special})

    def value_and_gradient(self, f: Any, args: Any) -> Thunk:
        run = self.autograd.value_and_grad(lambda *args: f(self.xp, *args))
        return lambda: run(*args)

    def hessian(self, f: Any, args: Any) -> Thunk:
        run = self.autograd.hessian(lambda *args: f(self.xp, *args))
        return lambda: run(*args)

    def jacobian(self, f: Any, args: Any, mode: str) -> Thunk | None:
        run = self.autograd.jacobian(lambda *args: f(self.xp, *args))
        return None if mode == "forward" else lambda: run(*args)

    def derivative(self, f: Any, x: Any, order: int) -> Thunk:
        run: Any = lambda x: f(self.xp, x)  # noqa: E731
        for _ in range(order):
            run = self.autograd.grad(run)
        return lambda: run(x)


class MyGrad:
    """MyGrad."""

    name = "mygrad"

    def __init__(self) -> None:
        import mygrad
        from mygrad.nnet.activations import sigmoid

        self.mygrad = mygrad
        self.xp = SimpleNamespace(**vars(mygrad) | {"special": SimpleNamespace(expit=sigmoid)})

    def value_and_gradient(self, f: Any, args: Any) -> Thunk:
        active, constants = args[0], args[1:]

        def run() -> Any:
            tensors = tree.map(self.mygrad.tensor, active)
            value = f(self.xp, tensors, *constants)
            value.backward()
            return value.item(), tree.map(lambda leaf: leaf.grad, tensors)

        return run

    def hessian(self, f: Any, args: Any) -> None:
        return None

    def jacobian(self, f: Any, args: Any, mode: str) -> None:
        return None

    def derivative(self, f: Any, x: Any, order: int) -> None:
        return None


class Torch:
    """torch, eager; torch.func for whole Jacobians."""

    name = "torch"

    def __init__(self) -> None:
        import torch

        torch.set_num_threads(1)
        self.torch = torch
        self.xp = torch

    def value_and_gradient(self, f: Any, args: Any) -> Thunk:
        active, *constants = tree.map(self.torch.tensor, args)
        leaves = [leaf.requires_grad_() for leaf in tree.leaves(active)]
        structure = tree.flatten(active)[1]

        def run() -> Any:
            value = f(self.xp, active, *constants)
            return value, tree.unflatten(structure, self.torch.autograd.grad(value, leaves))

        return run

    def hessian(self, f: Any, args: Any) -> Thunk:
        tensors = tree.map(self.torch.tensor, args)
        run = self.torch.func.hessian(lambda *args: f(self.xp, *args))
        return lambda: run(*tensors)

    def jacobian(self, f: Any, args: Any, mode: str) -> Thunk:
        tensors = tree.map(self.torch.tensor, args)
        transform = self.torch.func.jacfwd if mode == "forward" else self.torch.func.jacrev
        run = transform(lambda *args: f(self.xp, *args))
        return lambda: run(*tensors)

    def derivative(self, f: Any, x: Any, order: int) -> Thunk:
        point = self.torch.tensor(x, requires_grad=True)

        def run() -> Any:
            value = f(self.xp, point)
            for k in range(order):
                (value,) = self.torch.autograd.grad(value, point, create_graph=k + 1 < order)
            return value

        return run

    def gradcheck(self, f: Any, args: Any) -> Thunk:
        """torch's own check of a gradient, by central differences, one entry of the input at a
        time."""
        active, *constants = tree.map(self.torch.tensor, args)
        leaves = [leaf.requires_grad_() for leaf in tree.leaves(active)]
        structure = tree.flatten(active)[1]
        return lambda: self.torch.autograd.gradcheck(
            lambda *leaves: f(self.xp, tree.unflatten(structure, leaves), *constants), leaves
        )


class Jax:
    """jax.jit."""

    name = "jax.jit"

    def __init__(self) -> None:
        import jax
        import jax.scipy.special

        jax.config.update("jax_enable_x64", True)
        jax.config.update(
            "jax_cpu_enable_async_dispatch", False
        )  # the faster choice where every answer is waited for
        self.jax = jax
        self.xp = SimpleNamespace(**vars(jax.numpy) | {"special": jax.scipy.special})

    def _staged(self, run: Any, args: Any) -> Thunk:
        jitted, arrays = self.jax.jit(run), tree.map(self.jax.numpy.asarray, args)
        return lambda: self.jax.block_until_ready(jitted(*arrays))

    def value_and_gradient(self, f: Any, args: Any) -> Thunk:
        return self._staged(self.jax.value_and_grad(lambda *args: f(self.xp, *args)), args)

    def hessian(self, f: Any, args: Any) -> Thunk:
        return self._staged(self.jax.hessian(lambda *args: f(self.xp, *args)), args)

    def jacobian(self, f: Any, args: Any, mode: str) -> Thunk:
        transform = self.jax.jacfwd if mode == "forward" else self.jax.jacrev
        return self._staged(transform(lambda *args: f(self.xp, *args)), args)

    def derivative(self, f: Any, x: Any, order: int) -> Thunk:
        run: Any = lambda x: f(self.xp, x)  # noqa: E731
        for _ in range(order):
            run = self.jax.grad(run)
        return self._staged(run, (x,))


RIVALS = {"autograd": Autograd, "mygrad": MyGrad, "torch": Torch, "jax": Jax}


def engines() -> tuple[list[Any], list[str]]:
    """All engines that are installed, and the names of those that are not."""
    missing = [name for name in RIVALS if importlib.util.find_spec(name) is None]
    return [
        Compiled(),
        Tape(),
        *[make() for name, make in RIVALS.items() if name not in missing],
    ], missing


def same(found: Any, expected: Any) -> bool:
    """Whether two answers agree to ten digits."""
    pairs = zip(tree.leaves(found), tree.leaves(expected), strict=True)
    return all(
        np.allclose(np.asarray(_plain(a)), np.asarray(b), rtol=1e-10, atol=1e-12) for a, b in pairs
    )


def _plain(leaf: Any) -> Any:
    return leaf.detach() if hasattr(leaf, "detach") else leaf
