"""JAX: arrays in any pytree that JAX knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from adbench.functions.framework import Framework, OpenArray, OpenCall, names_of_arguments

WIDE = ("float64", "complex128")
"""The dtypes that JAX makes arrays of where it is told to."""


class Jax(Framework):
    """JAX."""

    name = "jax"
    imports = ("import jax", 'jax.config.update("jax_enable_x64", True)')

    def code_of(self, array: Any) -> str:
        return f"jax.numpy.array({np.asarray(array).tolist()!r}, dtype={str(array.dtype)!r})"

    def open_call(
        self, function: Callable[..., Any], arguments: Sequence[Any], keywords: Mapping[str, Any]
    ) -> OpenCall:
        names = names_of_arguments(function, len(arguments))
        whole: tuple[Any, ...] = (tuple(arguments), dict(keywords))
        if _is_tree(function):
            whole = (*whole, function)
        leaves, structure = jax.tree_util.tree_flatten_with_path(whole, is_leaf=_is_none)
        places, arrays = [], []
        for place, (path, leaf) in enumerate(leaves):
            if self.is_array(leaf):
                places.append(place)
                arrays.append(_open_array(path, names, leaf))

        def filled(given: Sequence[Any]) -> Any:
            values = [leaf for _, leaf in leaves]
            for place, array in zip(places, given, strict=True):
                values[place] = array
            return jax.tree_util.tree_unflatten(structure, values)

        def rebuild(given: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
            positional, named, *_ = filled(given)
            return positional, named

        def call(given: Sequence[Any]) -> Any:
            positional, named, *own = filled(given)
            called = own[0] if own else function
            return called(*positional, **named)

        return OpenCall(function, tuple(arrays), rebuild, call)

    @contextmanager
    def modes(self, dtype: str) -> Iterator[None]:
        before = jax.config.jax_enable_x64
        jax.config.update("jax_enable_x64", before or dtype in WIDE)
        try:
            yield
        finally:
            jax.config.update("jax_enable_x64", before)

    def is_array(self, value: Any) -> bool:
        if isinstance(value, np.ndarray | np.generic):
            return value.dtype.kind in "fcbiuV"
        return isinstance(value, jax.Array) and not jnp.issubdtype(value.dtype, jax.dtypes.prng_key)

    def kind(self, array: Any) -> str:
        if jnp.issubdtype(array.dtype, jnp.floating):
            return "f"
        return str(array.dtype.kind)

    def to_numpy(self, array: Any) -> np.ndarray[Any, Any]:
        plain = np.array(array)
        return plain.astype(np.float64) if plain.dtype.name == "bfloat16" else plain

    def from_numpy(self, array: np.ndarray[Any, Any], dtype: str) -> Any:
        return jnp.asarray(array, dtype=dtype)

    def outputs(self, output: Any) -> list[tuple[str, Any]]:
        leaves, _ = jax.tree_util.tree_flatten_with_path(output)
        named = [(jax.tree_util.keystr(path), leaf) for path, leaf in leaves]
        return [(path, leaf) for path, leaf in named if self.is_array(leaf)]

    def flat(self, array: Any) -> Any:
        return jnp.reshape(array, (-1,))

    def concat(self, arrays: Sequence[Any]) -> Any:
        return jnp.concatenate(list(arrays))

    def permuted(self, array: Any, axes: Sequence[int]) -> Any:
        return jnp.transpose(array, tuple(axes))

    def parts(self, array: Any) -> tuple[Any, Any]:
        return jnp.real(array), jnp.imag(array)

    def complex_of(self, real: Any, imaginary: Any) -> Any:
        return jax.lax.complex(real, imaginary)


def _is_none(value: Any) -> bool:
    """Whether a value is None, which stays what it is."""
    return value is None


def _is_tree(function: Any) -> bool:
    """Whether a function is a registered tree of arrays, as the modules of Equinox are."""
    return not jax.tree_util.all_leaves([function])


def _open_array(path: Any, names: Sequence[str], leaf: Any) -> OpenArray:
    """An array at a path in the arguments, the keywords, and the function itself."""
    if path[0].idx == _FUNCTION:
        place = jax.tree_util.keystr(path[1:])
        return OpenArray("", place, place.removeprefix("."), leaf)
    owner = getattr(path[1], "idx", getattr(path[1], "key", ""))
    name = names[owner] if isinstance(owner, int) else owner
    below = jax.tree_util.keystr(path[2:])
    return OpenArray(owner, below, f"{name}{below}", leaf)


_FUNCTION = 2
"""Where the function is, after the arguments and the keywords."""

FRAMEWORK = Jax()
