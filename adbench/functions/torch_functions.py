"""PyTorch: tensors among arguments, and modules with their parameters and buffers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch
from torch.func import functional_call

from adbench.backends.torch import Eager
from adbench.functions.framework import Framework, OpenArray, OpenCall, names_of_arguments
from reference_ad.engine import tree


class Torch(Framework):
    """PyTorch."""

    name = "torch"
    imports = ("import torch",)

    def code_of(self, array: Any) -> str:
        watched = ", requires_grad=True" if array.requires_grad else ""
        return f"torch.tensor({array.tolist()!r}, dtype={array.dtype}{watched})"

    def as_watched(self, array: Any) -> Any:
        return array.requires_grad_()

    def assignment(self, place: str, array: Any) -> str:
        return f"{place}.data = {self.code_of(array)}"

    def open_call(
        self, function: Callable[..., Any], arguments: Sequence[Any], keywords: Mapping[str, Any]
    ) -> OpenCall:
        owners = _owners(function, arguments, keywords)
        trees = [value for _, _, value in owners]
        leaves, structure = tree.flatten(trees)
        places, arrays = [], []
        modules: dict[str, torch.nn.Module] = {}
        start = 0
        for owner, name, value in owners:
            for path, leaf in zip(tree.paths(value), tree.leaves(value), strict=True):
                if isinstance(leaf, torch.Tensor):
                    places.append(start)
                    watched = leaf.requires_grad
                    arrays.append(OpenArray(owner, path, f"{name}{path}", leaf, watched))
                elif isinstance(leaf, torch.nn.Module):
                    modules[f"m{start}"] = leaf
                start += 1
        module_of = _module_of(function)
        if module_of is not None:
            modules["function"] = module_of
        tensors = {key: _tensors(key, module, owners, leaves) for key, module in modules.items()}
        parameters = [open_array for listed in tensors.values() for open_array in listed]
        count = len(places)

        def rebuild(given: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
            filled = list(leaves)
            for place, array in zip(places, given[:count], strict=True):
                filled[place] = _laid_out_like(leaves[place], array)
            rebuilt = tree.unflatten(structure, filled)
            positional = tuple(rebuilt[: len(arguments)])
            return positional, dict(zip(keywords, rebuilt[len(arguments) :], strict=True))

        def call(given: Sequence[Any]) -> Any:
            positional, named = rebuild(given)
            if not modules:
                return function(*positional, **named)
            qualified = [
                f"modules_by_key.{key}.{_qualified(open_array)}"
                for key, listed in tensors.items()
                for open_array in listed
            ]
            values = dict(zip(qualified, given[count:], strict=True))
            caller = _Caller(function, modules)
            return functional_call(caller, values, positional, named)

        return OpenCall(function, (*arrays, *parameters), rebuild, call)

    def modes(self, dtype: str) -> AbstractContextManager[Any]:
        # As the function is run: what it makes without a dtype has the same one in both.
        return Eager().native_modes(dtype)

    def is_array(self, value: Any) -> bool:
        return isinstance(value, torch.Tensor)

    def kind(self, array: Any) -> str:
        if array.is_floating_point():
            return "f"
        if array.is_complex():
            return "c"
        return "b" if array.dtype is torch.bool else "i"

    def to_numpy(self, array: Any) -> np.ndarray[Any, Any]:
        plain = array.detach().cpu().resolve_conj().resolve_neg()
        if plain.dtype is torch.bfloat16:
            plain = plain.double()
        return np.array(plain.numpy())

    def from_numpy(self, array: np.ndarray[Any, Any], dtype: str) -> Any:
        return torch.tensor(array).to(getattr(torch, dtype))

    def flat(self, array: Any) -> Any:
        return array.reshape(-1)

    def concat(self, arrays: Sequence[Any]) -> Any:
        return torch.cat(list(arrays))

    def permuted(self, array: Any, axes: Sequence[int]) -> Any:
        return array.permute(tuple(axes))

    def parts(self, array: Any) -> tuple[Any, Any]:
        return torch.real(array), torch.imag(array)

    def complex_of(self, real: Any, imaginary: Any) -> Any:
        return torch.complex(real, imaginary)


def _laid_out_like(example: torch.Tensor, array: Any) -> Any:
    """An array with its axes in the same order in memory as those of an example."""
    is_tensor = isinstance(array, torch.Tensor) and array.ndim == example.ndim
    if example.is_contiguous() or not is_tensor or not array.is_contiguous():
        return array
    order = sorted(range(example.ndim), key=example.stride, reverse=True)
    back = sorted(range(example.ndim), key=order.__getitem__)
    return array.permute(order).contiguous().permute(back)


class _Caller(torch.nn.Module):
    """Calls a function while the parameters of modules are others."""

    def __init__(
        self, function: Callable[..., Any], modules: Mapping[str, torch.nn.Module]
    ) -> None:
        super().__init__()
        self.modules_by_key = torch.nn.ModuleDict(modules)
        self._function = [function]  # in a list, so that a module is not registered twice

    def forward(self, *arguments: Any, **keywords: Any) -> Any:
        return self._function[0](*arguments, **keywords)


def _owners(
    function: Callable[..., Any], arguments: Sequence[Any], keywords: Mapping[str, Any]
) -> list[tuple[int | str, str, Any]]:
    """Every argument with its position or keyword, and what it is called."""
    signed = function.forward if isinstance(function, torch.nn.Module) else function
    names = names_of_arguments(signed, len(arguments))
    positional = zip(range(len(arguments)), names, arguments, strict=True)
    return [*positional, *((key, key, value) for key, value in keywords.items())]


def _module_of(function: Any) -> torch.nn.Module | None:
    """The module that a function is, or is a method of."""
    owner = getattr(function, "__self__", None)
    for candidate in (function, owner):
        if isinstance(candidate, torch.nn.Module):
            return candidate
    return None


def _tensors(
    key: str, module: torch.nn.Module, owners: Sequence[Any], leaves: Sequence[Any]
) -> list[OpenArray]:
    """The parameters and buffers of a module, each once."""
    owner, name, path = _owner_of(key, owners)
    prefix = f"{name}{path}." if name else ""
    named = [*module.named_parameters(), *module.named_buffers()]
    return [
        OpenArray(owner, f"{path}.{place}", f"{prefix}{place}", tensor, tensor.requires_grad)
        for place, tensor in named
    ]


def _owner_of(key: str, owners: Sequence[Any]) -> tuple[int | str, str, str]:
    """The argument that a module is, with its name, and its path there."""
    if key == "function":
        return "", "", ""
    place = int(key.removeprefix("m"))
    for owner, name, value in owners:
        paths = tree.paths(value)
        if place < len(paths):
            return owner, name, paths[place]
        place -= len(paths)
    raise AssertionError(f"no argument has the leaf {key}")


def _qualified(open_array: OpenArray) -> str:
    """The name of a parameter in its module."""
    return open_array.path.partition(".")[2]


FRAMEWORK = Torch()
