"""Pytrees: nested lists, tuples (named ones too) and dicts, with arrays or numbers for leaves."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple


class Node(NamedTuple):
    """The shape of an inner node.

    Its type, the sorted keys of a dict (else ()), and the children's structures.
    """

    kind: type[Any]
    keys: tuple[Any, ...]
    children: tuple[Structure, ...]


Structure = Node | None
"""What is left of a tree when its leaves are taken out; None for a bare leaf. Hashable, comparable
with ==."""


def flatten(tree: Any) -> tuple[list[Any], Structure]:
    """The leaves from left to right, and the structure.

    Dicts are taken in the order of their sorted keys.
    """
    if not isinstance(tree, (tuple, list, dict)):
        return [tree], None
    leaves: list[Any] = []
    return leaves, _collect(tree, leaves)


def _collect(tree: Any, leaves: list[Any]) -> Structure:
    kind = type(tree)
    if kind is tuple or kind is list or isinstance(tree, (tuple, list)):
        return Node(kind, (), tuple([_collect(child, leaves) for child in tree]))
    if isinstance(tree, dict):
        try:
            keys = tuple(sorted(tree))
        except TypeError:
            raise TypeError(
                f"A dict has keys that cannot be sorted: {list(tree)!r}. Give keys of one type."
            ) from None
        kind = (
            kind if kind is OrderedDict else dict
        )  # others, such as Counter, are not made from items
        return Node(kind, keys, tuple([_collect(tree[key], leaves) for key in keys]))
    leaves.append(tree)
    return None


def unflatten(structure: Structure, leaves: Iterable[Any]) -> Any:
    """The tree of this structure with these leaves.

    Raises ValueError when their number does not fit.
    """
    if structure is None and type(leaves) is list and len(leaves) == 1:
        return leaves[0]
    remaining = iter(leaves)
    try:
        tree = _build(structure, remaining)
    except StopIteration:
        raise ValueError("Too few leaves for this structure: give one per leaf.") from None
    if next(remaining, remaining) is not remaining:
        raise ValueError("Too many leaves for this structure: give one per leaf.")
    return tree


def _build(structure: Structure, remaining: Iterator[Any]) -> Any:
    if structure is None:
        return next(remaining)
    kind, keys, children = structure
    built = [_build(child, remaining) for child in children]
    if kind is list:
        return built
    if kind is tuple:
        return tuple(built)
    if issubclass(kind, dict):
        return kind(zip(keys, built, strict=True))
    return kind(*built) if hasattr(kind, "_fields") else kind(built)


class _Star:
    def __repr__(self) -> str:
        return "*"


def as_written(structure: Structure) -> str:
    """The structure as Python would write a tree of it, with stars for leaves."""
    return repr(_build(structure, itertools.repeat(_Star())))


def leaves(tree: Any) -> list[Any]:
    """The leaves from left to right."""
    if not isinstance(tree, (tuple, list, dict)):
        return [tree]
    return flatten(tree)[0]


def map(f: Callable[..., Any], tree: Any, *rest: Any) -> Any:
    """Apply f to the corresponding leaves of trees that share one structure.

    ValueError where they do not.
    """
    if not rest and not isinstance(tree, (tuple, list, dict)):
        return f(tree)
    flat = [flatten(argument) for argument in (tree, *rest)]
    structure = flat[0][1]
    for _, other in flat:
        if other != structure:
            raise ValueError(
                f"Trees differ in structure: {as_written(other)} was given, "
                f"{as_written(structure)} was expected."
            )
    return unflatten(
        structure, [f(*row) for row in zip(*[leaves for leaves, _ in flat], strict=True)]
    )


def paths(tree: Any) -> list[str]:
    """Where each leaf is, as Python would write it.

    ``[1][0]``, ``['weights'][2]``, ``.real`` of a named tuple; '' for a bare leaf.
    """
    if not isinstance(tree, (tuple, list, dict)):
        return [""]
    return list(_walk(flatten(tree)[1], ""))


def _walk(structure: Structure, path: str) -> Iterator[str]:
    if structure is None:
        yield path
    else:
        for step, child in zip(_steps(structure), structure.children, strict=True):
            yield from _walk(child, path + step)


def _steps(structure: Node) -> list[str]:
    """How Python writes the way from a node to each of its children."""
    if hasattr(structure.kind, "_fields"):
        return [f".{field}" for field in structure.kind._fields]
    return [f"[{key!r}]" for key in structure.keys or range(len(structure.children))]
