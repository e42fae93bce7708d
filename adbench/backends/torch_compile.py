"""PyTorch compiled by Inductor, through `torch.compile`.

The derivative is traced to one graph of ATen operations first (`make_fx`), and that graph is what
`torch.compile` gets: Dynamo, which reads the bytecode of a function, refuses some of the nested
transformations of `torch.func`, and answers by what it costs itself, not by what they do.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import torch
import torch._inductor.config as inductor
from torch.fx.experimental.proxy_tensor import make_fx

from adbench.backends.base import Call, Unsupported
from adbench.backends.flat_call import FlatCall
from adbench.backends.torch import Functional

CACHE_VARIABLE = "TORCHINDUCTOR_CACHE_DIR"
"""Where Inductor is told to keep the code that it makes."""

FRESH_COMPILATION = {
    # What an earlier run has compiled would make a later one's preparation look free.
    "force_disable_caches": True,
    # A pool of compiling processes would outlive the call, and use more threads than were asked.
    "compile_threads": 1,
    # The processor's own list of its vector instructions; to try each out takes 5 s.
    "cpp.vec_isa_ok": True,
}
"""The settings of Inductor under which every call is compiled anew."""


class Compile(Functional):
    """PyTorch with the whole operator traced and compiled before the first call."""

    def modes(self) -> AbstractContextManager[Any]:
        return self._compiling()

    @contextmanager
    def _compiling(self) -> Iterator[None]:
        """Let Inductor compile in a folder of its own, which is removed afterwards."""
        with super().modes(), inductor.patch(FRESH_COMPILATION), _own_folder():
            if missing_compiler() == "":
                _compile_headers()
            yield

    def stage(self, call: Call, active: Any, constants: tuple[Any, ...], direction: Any) -> Call:
        """Trace and compile `call`. Raises Unsupported where there is no compiler for C++."""
        missing = missing_compiler()
        if missing:
            raise Unsupported(missing)
        flat = FlatCall(call, active, constants, direction)
        graph = _traced(flat)
        compiled = torch.compile(graph, fullgraph=True, dynamic=False, backend="inductor")
        compiled(*[array.clone() for array in flat.arrays])
        return flat.unflatten(compiled)


def missing_compiler() -> str:
    """Return what is missing that Inductor needs for the processor, in a sentence; "" if nothing.

    It is the compiler that the variable CXX names, or one of those that Inductor looks for.
    """
    names = [name for name in inductor.cpp.cxx if name]
    if any(shutil.which(name) for name in names):
        return ""
    return (
        f"torch.compile needs a C++ compiler, and there is none called {' or '.join(names)}; "
        "install one, or name it in the variable CXX."
    )


def _traced(flat: FlatCall) -> torch.fx.GraphModule:
    """Trace a call to a graph of ATen operations.

    The tensors have no values meanwhile, so that a function which looks at one raises.
    """
    trace = make_fx(flat.function, tracing_mode="fake", _allow_non_fake_inputs=True)
    graph = trace(*flat.arrays)
    for node in graph.graph.nodes:
        # A tangent known to be zero has no memory, and compiled code would read it.
        if node.target is torch.ops.aten._efficientzerotensor.default:
            node.target = torch.ops.aten.zeros.default
    # Forward mode asks whether shapes agree, which nothing depends on.
    graph.graph.eliminate_dead_code()
    graph.recompile()
    return graph


@contextmanager
def _own_folder() -> Iterator[None]:
    before = os.environ.get(CACHE_VARIABLE)
    folder = tempfile.mkdtemp(prefix="adbench-inductor-")
    os.environ[CACHE_VARIABLE] = folder
    try:
        yield
    finally:
        os.environ.pop(CACHE_VARIABLE)
        if before is not None:
            os.environ[CACHE_VARIABLE] = before
        shutil.rmtree(folder, ignore_errors=True)


def _compile_headers() -> None:
    """Compile something small, so that Inductor's own start (5 s) is no call's preparation.

    It imports its compiler, and precompiles the headers that all its code includes.
    """
    with suppress(Exception):  # the first call that is staged says better what does not work
        torch.compile(torch.sin, fullgraph=True, backend="inductor")(torch.ones(2))
