"""What a function is judged by where that is not its own reading: `spec=`.

A function of the same framework, of another one, or of the array namespace `xp`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

from adbench.cases.foreign import framework_of_type
from adbench.cases.model import SpecError
from adbench.cases.outputs import Part as OutputPart
from adbench.functions.as_it_stands import AsItStands, name_of_output, read
from adbench.functions.framework import FRAMEWORKS, Framework, framework_called, name_of
from adbench.functions.packing import Packing, Part
from reference_ad.engine import tree

NAMESPACE = "xp"
"""What the first parameter of a function is called that is written against the array namespace."""


def takes_namespace(function: Any) -> bool:
    """Whether a function is written against the array namespace: its first parameter is `xp`."""
    try:
        return next(iter(inspect.signature(function).parameters), "") == NAMESPACE
    except (ValueError, TypeError):
        return False


def specification_of(spec: Callable[..., Any], judged: AsItStands) -> Callable[..., Any]:
    """Return a model's function that is another function of the same arguments.

    judged: the function that it is the specification of, with the arguments of its call. Raises
    SpecError where it has no place for what is differentiated by.
    """
    if not callable(spec):
        raise SpecError(f"spec is a {type(spec).__name__}; give a function of the same arguments.")
    if takes_namespace(spec):
        return NamespaceSpecification(spec, judged)
    framework = framework_called(_framework_of_spec(spec, judged.framework))
    opened = judged.opened
    arrays = [each.array for each in opened.arrays]
    if framework.name != judged.framework.name:
        with framework.modes(judged.packing.dtype):
            arrays = [_converted(array, judged.framework, framework) for array in arrays]
    positional, named = opened.rebuild(arrays)
    spec_opened = framework.open_call(spec, positional, named)
    packing = Packing.of(framework, spec_opened, None)
    spec_as_it_stands = AsItStands(framework, spec_opened, packing, spec)
    specification = FrameworkSpecification(spec_as_it_stands, judged)
    specification.check()
    return specification


def _converted(array: Any, source: Framework, target: Framework) -> Any:
    return target.from_numpy(source.to_numpy(array), source.dtype_name(array))


@dataclass(eq=False)
class FrameworkSpecification:
    """A function of a framework that another one is judged by, as a model's."""

    spec: AsItStands
    judged: AsItStands
    is_read = True
    _function: Callable[..., Any] | None = None

    @property
    def __wrapped__(self) -> Any:
        return self.spec.__wrapped__

    @property
    def argument_names(self) -> tuple[str, ...]:
        """What the arguments are called: as those of the function that is judged."""
        return self.judged.packing.names

    def output_name(self, index: tuple[int, ...]) -> str:
        """Return what to call an entry of the output, "" where there is one output alone."""
        return name_of_output(self.spec.output_parts, index)

    def check(self) -> None:
        """Raise SpecError where it does not take what is differentiated by."""
        places = {self._key(self.spec.packing, part) for part in self.spec.packing.parts}
        for part in self.judged.packing.active:
            if self._key(self.judged.packing, part) not in places:
                raise SpecError(
                    f"spec takes no {part.name}, which is differentiated by; give a function of "
                    "the same arguments, or a module with parameters of the same names."
                )

    def __call__(self, xp: Any, active: Any, *constants: Any) -> Any:
        """Evaluate the reading of the specification."""
        if self._function is None:
            framework, packing = self.spec.framework.name, self.spec.packing
            name = name_of(self.spec.opened.function)
            function, dtype = self.spec.of_parts, packing.dtype
            self._function = read(framework, function, packing.examples(), name, dtype)
        judged = self.judged.packing
        values = judged.unpacked(active, constants)
        keys = [self._key(judged, part) for part in judged.parts]
        by_place = dict(zip(keys, values, strict=True))
        operands = []
        for part, example in zip(self.spec.packing.parts, self._examples, strict=True):
            key = self._key(self.spec.packing, part)
            operands.append(by_place[key] if key in by_place else xp.asarray(example))
        return self._function(xp, *operands)

    @cached_property
    def _examples(self) -> list[Any]:
        """The arrays of its own arguments, as NumPy's: those of parameters of its own are used."""
        packing = self.spec.packing
        return [packing.framework.to_numpy(array) for array in packing.examples()]

    @staticmethod
    def _key(packing: Packing, part: Part) -> tuple[Any, ...]:
        """Where a part is in the arguments of the call."""
        return (*packing.arrays[part.place].place, part.is_imaginary)


@dataclass(eq=False)
class NamespaceSpecification:
    """A function `f(xp, *arguments)` that a framework's function is judged by, as a model's."""

    spec: Callable[..., Any]
    judged: AsItStands

    def __post_init__(self) -> None:
        self._output_parts: list[OutputPart] = []

    @property
    def __wrapped__(self) -> Any:
        return self.spec

    @property
    def argument_names(self) -> tuple[str, ...]:
        """What the arguments are called."""
        return self.judged.packing.names

    def output_name(self, index: tuple[int, ...]) -> str:
        """Return what to call an entry of the output, "" where there is one output alone."""
        return name_of_output(self._output_parts, index)

    def __call__(self, xp: Any, active: Any, *constants: Any) -> Any:
        """Call the specification with arrays of a namespace in the arguments of the call."""
        opened, packing = self.judged.opened, self.judged.packing
        values = packing.unpacked(active, constants)
        if len(values) != len(opened.arrays):
            raise SpecError(
                "spec is a function of xp, and an argument is complex; give a specification in "
                "the framework of the arguments."
            )
        if any(each.path.startswith(".") for each in opened.arrays):
            raise SpecError(
                "spec is a function of xp, which takes no module; give a function of the same "
                "framework, or check a function that takes the parameters as arguments."
            )
        positional, named = opened.rebuild(values)
        return self._joined(xp, self.spec(xp, *positional, **named))

    def _joined(self, xp: Any, output: Any) -> Any:
        """The one array that is judged of an output of one or several."""
        pairs = zip(tree.paths(output), tree.leaves(output), strict=True)
        named = [(path, leaf) for path, leaf in pairs if not _is_discrete(leaf)]
        if len(named) < 2:
            return named[0][1] if named else output
        self._output_parts[:] = [
            OutputPart(f"output{path}", tuple(array.shape)) for path, array in named
        ]
        return xp.concat([xp.reshape(array, (-1,)) for _, array in named])


def _is_discrete(leaf: Any) -> bool:
    """Whether an output is of integers or truth values, which have no derivative."""
    dtype = str(getattr(leaf, "dtype", ""))
    return "int" in dtype or "bool" in dtype


def _framework_of_spec(spec: Any, judged: Framework) -> str:
    """The framework that a specification is written in; that of what is judged where in doubt."""
    named = frameworks_named(spec)
    if judged.name in named or len(named) != 1:
        return judged.name
    return named[0]


def frameworks_named(function: Any) -> Sequence[str]:
    """Return the frameworks that a function may be written in.

    The one that it is of, or is defined in, or else those whose modules its code names.
    """
    own = framework_of_type(function)
    home = str(getattr(function, "__module__", "") or "").partition(".")[0].removesuffix("lib")
    for name in (own, home.removeprefix("_")):
        if name in FRAMEWORKS and not inspect.isfunction(inspect.unwrap(function)):
            return [name]
    return _modules_named(function) or [name for name in (own, home) if name in FRAMEWORKS]


def _modules_named(function: Any) -> Sequence[str]:
    """The frameworks whose modules the code of a function names."""
    try:
        variables = inspect.getclosurevars(inspect.unwrap(function))
    except TypeError:  # it is none of Python's
        return []
    names: dict[str, None] = {}
    for value in (*variables.nonlocals.values(), *variables.globals.values()):
        module = value.__name__ if isinstance(value, ModuleType) else ""
        module = module or str(getattr(value, "__module__", "") or "")
        package = module.partition(".")[0]
        if package in FRAMEWORKS:
            names[package] = None
    return list(names)
