"""TensorFlow: tensors and variables among arguments, and modules with their variables.

The variables that a function closes over without its being a module's are its constants.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf

from adbench.functions.framework import Framework, OpenArray, OpenCall, names_of_arguments
from adbench.functions.tensorflow_modules import (
    is_module,
    is_unbuilt,
    module_of,
    reading_instead,
    variables_of,
)
from reference_ad.engine import tree


class TensorFlow(Framework):
    """TensorFlow."""

    name = "tensorflow"
    imports = ("import tensorflow as tf",)

    def code_of(self, array: Any) -> str:
        return f"tf.constant({array.numpy().tolist()!r}, dtype={array.dtype.name!r})"

    def open_call(
        self, function: Callable[..., Any], arguments: Sequence[Any], keywords: Mapping[str, Any]
    ) -> OpenCall:
        names = [*names_of_arguments(_signed(function), len(arguments)), *keywords]
        owners: list[int | str] = [*range(len(arguments)), *keywords]
        values = [*arguments, *keywords.values()]
        leaves, structure = tree.flatten(values)
        function_module = module_of(function)
        modules = [function_module, *filter(is_module, leaves)]
        if any(map(is_unbuilt, modules)):
            function(*arguments, **keywords)
        places, arrays = [], []
        parameters = _parameters(function_module, "", "", "")
        place = 0
        for owner, name, value in zip(owners, names, values, strict=True):
            for path, leaf in zip(tree.paths(value), tree.leaves(value), strict=True):
                if self.is_array(leaf):
                    places.append(place)
                    arrays.append(OpenArray(owner, path, f"{name}{path}", leaf))
                elif is_module(leaf):
                    parameters += _parameters(leaf, owner, path, f"{name}{path}.")
                place += 1
        if parameters:  # among which those that are not trained are constants
            arrays = [replace(array, is_watched=True) for array in arrays]
        variables = [parameter.array for parameter in parameters]
        count = len(places)

        def rebuild(given: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
            filled = list(leaves)
            for position, array in zip(places, given[:count], strict=True):
                filled[position] = array
            rebuilt = tree.unflatten(structure, filled)
            positional = tuple(rebuilt[: len(arguments)])
            return positional, dict(zip(keywords, rebuilt[len(arguments) :], strict=True))

        def call(given: Sequence[Any]) -> Any:
            positional, named = rebuild(given)
            if not variables:
                return function(*positional, **named)
            with reading_instead(variables, given[count:]):
                return function(*positional, **named)

        return OpenCall(function, (*arrays, *parameters), rebuild, call)

    def is_array(self, value: Any) -> bool:
        return isinstance(value, tf.Tensor | tf.Variable)

    def kind(self, array: Any) -> str:
        if array.dtype.is_floating:
            return "f"
        if array.dtype.is_complex:
            return "c"
        return "b" if array.dtype.is_bool else "i"

    def dtype_name(self, array: Any) -> str:
        return str(array.dtype.name)

    def to_numpy(self, array: Any) -> np.ndarray[Any, Any]:
        plain = np.array(array.numpy())
        return plain.astype(np.float64) if plain.dtype.name == "bfloat16" else plain

    def from_numpy(self, array: np.ndarray[Any, Any], dtype: str) -> Any:
        return tf.cast(tf.constant(array), dtype)

    def flat(self, array: Any) -> Any:
        return tf.reshape(array, (-1,))

    def concat(self, arrays: Sequence[Any]) -> Any:
        return tf.concat(list(arrays), axis=0)

    def permuted(self, array: Any, axes: Sequence[int]) -> Any:
        return tf.transpose(array, tuple(axes))

    def parts(self, array: Any) -> tuple[Any, Any]:
        return tf.math.real(array), tf.math.imag(array)

    def complex_of(self, real: Any, imaginary: Any) -> Any:
        return tf.complex(real, imaginary)


def _signed(function: Any) -> Any:
    """What has the signature of a call: of a layer, its method `call`."""
    return function.call if is_module(function) and hasattr(function, "call") else function


def _parameters(module: Any, owner: int | str, path: str, prefix: str) -> list[OpenArray]:
    """The variables of a module, which is the function itself where the owner is ""."""
    if module is None:
        return []
    return [
        OpenArray(
            owner,
            f"{path}.{listed.path}",
            f"{prefix}{listed.path}",
            listed.variable,
            listed.is_trainable,
        )
        for listed in variables_of(module)
    ]


FRAMEWORK = TensorFlow()
