"""The class of the namespaces `xp` that models are written in, and the names each must have.

A namespace is the Python array API standard 2024.12 on a framework's arrays, and `xp.special` with
the names below.
"""

from __future__ import annotations

from typing import Any

SPECIAL = (
    "digamma",
    "erf",
    "erfc",
    "expit",
    "gammaln",
    "log_expit",
    "log_softmax",
    "logsumexp",
    "polygamma",
    "softmax",
    "softplus",
    "xlogy",
)
"""The functions that a namespace's `special` must have, with SciPy's names and leading arguments:
one or two arrays; `axis` for the softmaxes and `logsumexp`, which has `keepdims` too; an integer
order n >= 0 for `polygamma`."""

EXTENSIONS = ("linalg", "special")
"""The parts of a namespace that are looked up by a name of their own."""


class Namespace:
    """A namespace made of an array module and a `special`.

    An attribute given by name replaces the module's own.
    """

    # A copy asks for attributes before it has any.
    _module: Any = None
    _title = ""
    _prefix = "xp."

    def __init__(self, module: Any, special: Any, **replacements: Any) -> None:
        self._module = module
        named = (
            module._title
            if isinstance(module, Namespace)
            else getattr(module, "__name__", type(module).__name__)
        )
        self._title = named
        for name, value in {"special": special, **replacements}.items():
            self.__dict__[name] = self._extension(name, value)

    def __getattr__(self, name: str) -> Any:
        try:
            value = getattr(self._module, name)
        except AttributeError:
            raise AttributeError(_lacking(self._prefix + name, self._title)) from None
        # Kept on the instance, so that a name is looked up in the module once and costs an
        # attribute from then on.
        self.__dict__[name] = value = self._extension(name, value)
        return value

    def _extension(self, name: str, value: Any) -> Any:
        """The value, as a namespace of its own where it is an extension.

        It answers alike for what it lacks.
        """
        if name not in EXTENSIONS or value is None:
            return value
        extension = value if isinstance(value, Namespace) else Namespace(value, None)
        extension._title, extension._prefix = self._title, f"xp.{name}."
        return extension


def _lacking(name: str, title: str) -> str:
    return (
        f"`{name}` is not in the namespace made of {title}: models may use the Python array API "
        "standard 2024.12 with its extension `xp.linalg`, and of `xp.special` the functions "
        f"{', '.join(SPECIAL)}."
    )
