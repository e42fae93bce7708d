"""The engines side by side, through the harness's own adapters.

A function is written once, ``f(xp, active, *constants)``. Each engine turns it into a call without
arguments, whose inputs are already on its side. None stands for what an engine cannot do.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

import numpy as np

from adbench import registry
from adbench.backends.base import Backend, Unsupported, prepare, to_backend
from adbench.cases.inputs import Inputs
from adbench.cases.operators import Mode, Operator
from reference_ad.engine import tree

Thunk = Callable[[], Any]

ENGINES = {
    "compiled": "reference:compiled",
    "tape": "reference:tape",
    "autograd": "autograd:eager",
    "mygrad": "mygrad:eager",
    "torch": "torch:eager",
    "jax.jit": "jax:jit",
}
"""The names in the tables, and the backends that they stand for."""

_modes = ExitStack()
atexit.register(_modes.close)
"""The frameworks' settings, which this process keeps as a worker does."""


class Engine:
    """A backend of the harness under a short name."""

    def __init__(self, name: str, load: str) -> None:
        self.name = name
        self.backend: Backend = registry.load_backend(load)
        _modes.enter_context(self.backend.modes())

    def value(self, f: Any, args: Any) -> Thunk | None:
        return self._ask(Operator.VALUE, Mode.NONE, f, args)

    def value_and_gradient(self, f: Any, args: Any) -> Thunk | None:
        return self._ask(Operator.VALUE_AND_GRADIENT, Mode.REVERSE, f, args)

    def hessian(self, f: Any, args: Any) -> Thunk | None:
        # autograd's own Hessian is reverse over reverse; its forward mode has no batches.
        of_autograd = self.name == "autograd"
        mode = Mode.REVERSE_OVER_REVERSE if of_autograd else Mode.FORWARD_OVER_REVERSE
        return self._ask(Operator.HESSIAN, mode, f, args)

    def jacobian(self, f: Any, args: Any, mode: str) -> Thunk | None:
        return self._ask(Operator.JACOBIAN, Mode(mode), f, args)

    def derivative(self, f: Any, x: Any, order: int) -> Thunk | None:
        return self._ask(Operator.DERIVATIVE, Mode.REVERSE, f, (x,), order)

    def gradcheck(self, f: Any, args: Any) -> Thunk:
        """torch's own check of a gradient, by central differences.

        One entry of the input is moved at a time.
        """
        import torch

        active, *constants = tree.map(self.backend.asarray, args)
        leaves = [leaf.requires_grad_() for leaf in tree.leaves(active)]
        structure = tree.flatten(active)[1]
        return lambda: torch.autograd.gradcheck(
            lambda *leaves: f(self.backend.xp, tree.unflatten(structure, leaves), *constants),
            leaves,
        )

    def _ask(
        self, operator: Operator, mode: Mode, f: Any, args: Any, order: int = 1
    ) -> Thunk | None:
        backend = self.backend
        unit = np.asarray(1.0)
        arguments = tuple(tree.map(np.asarray, argument) for argument in args)
        problem = to_backend(backend, f, Inputs(arguments, 0, unit, unit), operator)
        active, constants = problem.active, problem.constants
        with suppress(Unsupported):
            _, call = prepare(backend, problem, operator, mode, order)
            call(active, constants, None)
            if type(backend).synchronize is Backend.synchronize:
                return lambda: call(active, constants, None)
            return lambda: _waited(backend, call(active, constants, None))
        return None


def _waited(backend: Backend, answer: Any) -> Any:
    backend.synchronize(answer)
    return answer


def engines() -> tuple[list[Engine], list[str]]:
    """All engines that are installed, and the names of those that are not."""
    present, missing = [], []
    for name, backend in ENGINES.items():
        (entry,) = registry.find_backends([backend])
        if registry.installed_version(entry) is None:
            missing.append(name)
            continue
        present.append(Engine(name, entry.load))
        if name == "torch":
            import torch

            torch.set_num_threads(1)
        if name == "jax.jit":
            import jax

            # The faster choice where every answer is waited for.
            jax.config.update("jax_cpu_enable_async_dispatch", False)
    return present, missing


def same(answer: Any, expected: Any) -> bool:
    """Whether two answers agree to ten digits."""
    pairs = zip(tree.leaves(answer), tree.leaves(expected), strict=True)
    return all(
        np.allclose(np.asarray(_plain(a)), np.asarray(b), rtol=1e-10, atol=1e-12) for a, b in pairs
    )


def _plain(leaf: Any) -> Any:
    return leaf.detach() if hasattr(leaf, "detach") else leaf
