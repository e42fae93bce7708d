"""How operations of PyTorch are written in the core ones, by PyTorch's own rules."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import torch
from torch import _compile, _decomp

from adbench.readers.reading import registered

ATEN = torch.ops.aten

Rule = Callable[..., Any]
"""What an operation is in others, as a function of its operands."""

KEPT = (
    ATEN.detach,
    ATEN.elu,
    ATEN.hardtanh,
    ATEN.leaky_relu,
    ATEN._safe_softmax,
    ATEN._scaled_dot_product_flash_attention_for_cpu,
    ATEN.index_copy,
    ATEN.index_fill,
    ATEN.linalg_cross,
    ATEN.log_sigmoid_forward,
    ATEN.logsumexp,
    ATEN.median,
    ATEN.multilabel_margin_loss_forward,
    ATEN.polygamma,
    ATEN.tril,
    ATEN.triu,
    ATEN.xlogy,
)
"""Operations with an entry of their own, which is exacter or simpler than the decomposition."""

DECOMPOSED = (
    ATEN.dist,
    ATEN.ldexp,
    ATEN.upsample_bicubic2d,
    ATEN.upsample_bilinear2d,
    ATEN.upsample_nearest1d,
    ATEN.upsample_nearest2d,
    ATEN.upsample_nearest3d,
    ATEN.upsample_trilinear3d,
    ATEN._upsample_nearest_exact1d,
    ATEN._upsample_nearest_exact2d,
    ATEN._upsample_nearest_exact3d,
)
"""Operations beyond the core ones that PyTorch itself can write in others."""

NOT_DECOMPOSED = frozenset({ATEN.size.default, ATEN.stride.default, ATEN.storage_offset.default})
"""What is asked of a tensor, and is no operation on it."""


def operation_name(target: Any) -> str:
    """The name of an operation, such as "aten::add"."""
    return str(target._schema.name)


def decompositions() -> dict[Any, Rule]:
    """How operations are written in others, but for those that have a meaning of their own."""
    return _decompositions_without(frozenset(registered("torch")))


@functools.lru_cache(maxsize=4)
def _decompositions_without(names: frozenset[str]) -> dict[Any, Rule]:
    return {
        target: rule
        for target, rule in _decompositions().items()
        if operation_name(target) not in names
    }


@functools.cache
def _decompositions() -> dict[Any, Rule]:
    # The public `core_aten_decompositions` imports torch.export for the same rules.
    table = dict(_decomp._core_aten_decompositions_post_autograd())
    table |= _decomp.get_decompositions(DECOMPOSED)
    for packet in KEPT:
        for overload in packet.overloads():
            table.pop(getattr(packet, overload), None)
    return table


@functools.cache
def composition(target: Any, device: str) -> Rule | None:
    """What PyTorch composes an operation of on a type of device, where it has no kernel for it.

    Autograd takes such compositions apart; where it is switched off, by inference mode or below
    functionalization, they arrive whole.
    """
    if target in NOT_DECOMPOSED:
        return None
    has_kernel = torch._C._dispatch_has_kernel_for_dispatch_key
    if has_kernel(target.name(), torch._C._dispatch_key_for_device(device)):
        return None
    composite = torch._C.DispatchKey.CompositeImplicitAutograd
    if composite in target.py_kernels:
        return cast(Rule, target.py_kernels[composite])
    if has_kernel(target.name(), composite):
        return cast(Rule, target.decompose)
    return None


@functools.cache
def without_write(target: Any) -> Any:
    """The operation that gives what another writes in place; None where there is none."""
    name = operation_name(target).removeprefix("aten::")
    if not name.endswith("_") or name == "copy_" or torch.Tag.inplace_view in target.tags:
        return None
    functional = getattr(getattr(ATEN, name[:-1], None), target._overloadname, None)
    if functional is None or functional._schema.is_mutable or len(functional._schema.returns) != 1:
        return None
    names = [argument.name for argument in target._schema.arguments]
    is_alike = names == [argument.name for argument in functional._schema.arguments]
    return functional if is_alike else None


# ---- the compiler, which takes a second to load


@contextmanager
def compiler_left_out(rule: Rule) -> Iterator[None]:
    """Let a rule run without loading the compiler, only to be told that it compiles nothing.

    Rules that promote dtypes load it as they are called first, to switch it off for themselves;
    what they were given then is in an attribute of theirs.
    """
    functions = () if "torch._dynamo" in sys.modules else _never_compiled(rule)
    for function in functions:
        setattr(function, _SWITCHED_OFF, function)
    try:
        yield
    finally:
        for function in functions:
            delattr(function, _SWITCHED_OFF)


@functools.cache
def _never_compiled(rule: Rule) -> tuple[Any, ...]:
    """The functions within a rule that PyTorch has the compiler leave as they are."""
    code = getattr(rule, "__code__", None)
    if code is None:
        return ()
    if code.co_filename == _compile.__file__:
        return (inspect.getclosurevars(rule).nonlocals["fn"],)
    cells = [cell.cell_contents for cell in rule.__closure__ or ()]
    return tuple([x for cell in cells if callable(cell) for x in _never_compiled(cell)])


_SWITCHED_OFF = "__dynamo_disable"
