"""The class of the namespaces `xp` that models are written in, and the names each must have.

A namespace is the Python array API standard 2024.12 on a framework's arrays, `xp.special` with the
names below, and what models need beyond it:

- `xp.stop_gradient(x)`: the value of x, with the derivative 0;
- `xp.checkpoint(f)`: f, of whose intermediate results reverse mode keeps none and computes them
  again;
- `xp.scan(step, init, xs, length=None)` and `xp.fori_loop(lower, upper, body, init)`: loops that
  are traced once, however many steps they take;
- `xp.set_at(x, index, value)` and `xp.add_at(x, index, value)`: x with other entries, or with
  something added to them, as another array;
- `xp.grad(f)`: the gradient of a scalar function with respect to its first argument, an array or a
  tree of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

SPECIAL = (
    "digamma",
    "erf",
    "erfc",
    "erfinv",
    "expit",
    "gammainc",
    "gammaincc",
    "gammaln",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "j0",
    "j1",
    "log_expit",
    "log_softmax",
    "logsumexp",
    "polygamma",
    "softmax",
    "softplus",
    "xlogy",
    "zeta",
)
"""The functions that a namespace's `special` must have, with SciPy's names and leading arguments:
one or two arrays, the first of which is constant in `gammainc`, `gammaincc` and `zeta`; `axis` for
the softmaxes and `logsumexp`, which has `keepdims` too; an integer order n >= 0 for `polygamma`.
What a framework lacks of them is `missing` there."""

LOOPS = ("scan", "fori_loop")
"""The functions that every namespace has of its own, in Python where nothing better is given."""

EXTENSIONS = ("fft", "linalg", "special")
"""The parts of a namespace that are looked up by a name of their own."""


class Namespace:
    """A namespace made of an array module and a `special`.

    An attribute given by name replaces the module's own.
    """

    # A copy asks for attributes before it has any.
    _module: Any = None
    _title = ""
    prefix = "xp."
    """What stands before its names in a model."""

    def __init__(self, module: Any, special: Any, **replacements: Any) -> None:
        self._module = module
        named = (
            module._title
            if isinstance(module, Namespace)
            else getattr(module, "__name__", type(module).__name__)
        )
        self._title = named
        # A namespace made of another one has its loops.
        loops_of_module = {name: getattr(module, name) for name in LOOPS if hasattr(module, name)}
        for name, value in {**loops_of_module, "special": special, **replacements}.items():
            self.__dict__[name] = self._extension(name, value)

    @staticmethod
    def checkpoint(function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function of arrays, or trees of them, that is computed again in reverse mode.

        A framework's own stands in its namespace. Where it has none this one does, which returns
        the function as it is.
        """
        return function

    def scan(
        self, step: Callable[..., Any], init: Any, xs: Any = None, length: int | None = None
    ) -> tuple[Any, Any]:
        """Take one step after another: `reference_ad.numpy.scan` says how.

        A framework's own loop stands in its namespace; this one is of Python.
        """
        from reference_ad.loops import python as loops

        return loops.scan(step, init, xs, length, asarray=self.asarray, stack=self.stack)

    def fori_loop(self, lower: int, upper: int, body: Callable[[Any, Any], Any], init: Any) -> Any:
        """Take the steps from lower to upper - 1: `reference_ad.numpy.fori_loop` says how."""
        from reference_ad.loops import python as loops

        return loops.fori_loop(lower, upper, body, init, scan=self.scan, arange=self.arange)

    def __getattr__(self, name: str) -> Any:
        try:
            value = getattr(self._module, name)
        except AttributeError:
            raise AttributeError(_lacking(self.prefix + name, self._title)) from None
        # Kept on the instance, so that a name is looked up in the module once and costs an
        # attribute from then on.
        self.__dict__[name] = value = self._extension(name, value)
        return value

    def _extension(self, name: str, value: Any) -> Any:
        """The value, as a namespace of its own where it is an extension.

        It answers alike for what it lacks.
        """
        is_inside_another = self.prefix != Namespace.prefix  # as `xp.fft.fft` is
        if is_inside_another or name not in EXTENSIONS or value is None:
            return value
        extension = value if isinstance(value, Namespace) else Namespace(value, None)
        extension._title, extension.prefix = self._title, f"xp.{name}."
        return extension


class MissingFunction(NotImplementedError):
    """A framework has no such function; the message is a sentence that says so."""


def missing(framework: str, function: str) -> Callable[..., Any]:
    """Return what stands in a namespace for a function that its framework has not.

    Its call raises MissingFunction.
    """

    def call(*arguments: Any, **parameters: Any) -> Any:
        raise MissingFunction(f"{framework} has no {function}.")

    return call


def _lacking(name: str, title: str) -> str:
    return (
        f"`{name}` is not in the namespace made of {title}: models may use the Python array API "
        "standard 2024.12 with its extensions `xp.linalg` and `xp.fft`, `xp.stop_gradient`, "
        "`xp.checkpoint`, `xp.scan`, `xp.fori_loop`, `xp.grad`, `xp.set_at`, `xp.add_at`, and of "
        f"`xp.special` the functions {', '.join(SPECIAL)}."
    )
