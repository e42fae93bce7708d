"""The variables of TensorFlow's modules and Keras' layers, as arrays of a call.

A variable cannot be replaced in the module that holds it. While a function is called, its variables
are read as other tensors instead, and what was traced before with the variables is not used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

READS = ("_read_variable_op", "read_value", "value", "sparse_read", "gather_nd")
"""The methods of a variable that read it."""


@dataclass(frozen=True)
class ModuleVariable:
    """A variable of a module."""

    path: str
    """Where it is in the module, such as `layers.0.kernel`."""
    variable: Any
    is_trainable: bool


def module_of(value: Any) -> Any:
    """Return the module or layer that a function is, or is a method of, or None."""
    for candidate in (value, getattr(value, "__self__", None)):
        if is_module(candidate):
            return candidate
    return None


def is_module(value: Any) -> bool:
    """Whether a value is a `tf.Module` or a layer of Keras."""
    return isinstance(value, tf.Module) or _is_layer(value)


def is_unbuilt(module: Any) -> bool:
    """Whether a layer makes its variables when it is first called."""
    return _is_layer(module) and not module.built


def variables_of(module: Any) -> list[ModuleVariable]:
    """Return the floating-point variables of a module, each once."""
    listed = _of_layer(module, "") if _is_layer(module) else _of_module(module)
    unique: dict[int, ModuleVariable] = {}
    for found in listed:
        if found.variable.dtype.is_floating or found.variable.dtype.is_complex:
            unique.setdefault(id(found.variable), found)
    return list(unique.values())


@contextmanager
def reading_instead(variables: Sequence[Any], tensors: Sequence[Any]) -> Iterator[None]:
    """Let variables be read as tensors within the block.

    A `tf.function` that is called in it is run as Python is, since its graph may be of the
    variables.
    """
    is_eager = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    try:
        for variable, tensor in zip(variables, tensors, strict=True):
            _read_as(variable, tensor)
        yield
    finally:
        for variable in variables:
            for name in READS:
                vars(variable).pop(name, None)
        tf.config.run_functions_eagerly(is_eager)


def _read_as(variable: Any, tensor: Any) -> None:
    """Let the methods of one variable give a tensor, or parts of it."""

    def whole(*options: Any, **named_options: Any) -> Any:
        return tf.convert_to_tensor(tensor)

    def rows(indices: Any, name: str | None = None) -> Any:
        return tf.gather(tensor, indices, name=name)

    def parts(indices: Any, name: str | None = None) -> Any:
        return tf.gather_nd(tensor, indices, name=name)

    for name, method in zip(READS, (whole, whole, whole, rows, parts), strict=True):
        vars(variable)[name] = method


def _is_layer(value: Any) -> bool:
    """Whether a value is a layer of Keras, which need not be imported to tell."""
    is_instance = not isinstance(value, type)
    return is_instance and hasattr(value, "stateless_call") and hasattr(value, "built")


def _of_layer(layer: Any, prefix: str) -> Iterator[ModuleVariable]:
    """The variables of a layer, by their paths without the name of the layer itself."""
    for variable in layer.variables:
        if isinstance(variable.value, tf.Variable):
            path = variable.path.removeprefix(f"{layer.name}/").replace("/", ".")
            yield ModuleVariable(prefix + path, variable.value, bool(variable.trainable))


def _of_module(module: Any) -> Iterator[ModuleVariable]:
    """The variables of a `tf.Module`, of the modules and of the layers in it."""
    parts = module._flatten(
        recursive=True,
        predicate=lambda value: isinstance(value, tf.Variable) or _is_layer(value),
        with_path=True,
    )
    for keys, value in parts:
        path = ".".join(map(str, keys))
        if isinstance(value, tf.Variable):
            yield ModuleVariable(path, value, bool(value.trainable))
        else:
            yield from _of_layer(value, f"{path}.")
