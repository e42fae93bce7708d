"""The question: an operator asked of a model at one point.

It is the same whoever answers it, in whatever dtype.
"""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from adbench.cases.case import Case
from adbench.cases.inputs import Array, Inputs
from adbench.cases.model import Model
from adbench.cases.operators import DENSE, DIRECTIONS, SINGLE, Operator
from adbench.cases.outputs import bracketed, place_in
from adbench.cases.static import is_static
from reference_ad.engine import tree

OF_OUTPUTS = (Operator.VALUE, Operator.JVP, Operator.JACOBIAN)
"""The operators whose answers have an entry for each one of the output."""

SHOWN_NUMBERS = 6
"""Of an array that is longer than this, a message shows so many numbers."""

SHOWN_ARRAYS = 4
"""A message shows so many arrays of a point."""


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked. Two questions are the same where they are the same object."""

    model: Model

    inputs: Inputs
    """The point and the directions."""

    operator: Operator

    order: int
    """How often is differentiated: k for the k-th `derivative`, 0 for a `value`."""

    @classmethod
    def of(cls, case: Case, model: Model, inputs: Inputs) -> Question:
        """Return what a case is judged by: of a sparse matrix, the whole of it."""
        return cls(model, inputs, DENSE.get(case.operator, case.operator), case.order)

    def at(self, inputs: Inputs) -> Question:
        """Return the same question at another point."""
        return replace(self, inputs=inputs)

    def asking(self, operator: Operator, order: int = 1) -> Question:
        """Return the question for another operator at the same point."""
        return replace(self, operator=operator, order=order)

    @property
    def has_parts(self) -> bool:
        """Whether the answer is a tuple of the answers to `parts`, be it of one."""
        return self.operator in SINGLE or self.operator is Operator.VALUE_AND_GRADIENT

    @property
    def parts(self) -> tuple[Question, ...]:
        """The questions whose answers, as a tuple, are the answer to this one.

        Itself alone unless it asks for a `value_and_gradient`, or for several at once.
        """
        if self.operator in SINGLE:
            asked = self.asking(SINGLE[self.operator])
            if self.operator is Operator.PER_SAMPLE_GRADIENT:
                places = range(self.inputs.batch)
                return tuple(asked.at(self.inputs.of_sample(place)) for place in places)
            return tuple(asked.at(self.inputs.turned(turns)) for turns in range(DIRECTIONS))
        if self.operator is Operator.VALUE_AND_GRADIENT:
            return (self.asking(Operator.VALUE, 0), self.asking(Operator.GRADIENT))
        return (self,)

    @property
    def active_leaves(self) -> list[Array]:
        """The arrays that are differentiated with respect to."""
        return tree.leaves(self.inputs.arguments[self.inputs.active])

    @property
    def argument_names(self) -> list[str]:
        """What the model's function calls its arguments after `xp`."""
        return self.model.argument_names(len(self.inputs.arguments))

    @property
    def active_name(self) -> str:
        """What the model's function calls its active argument."""
        return self.argument_names[self.inputs.active]

    def title(self, path: str) -> str:
        """Return what to call the array at `path` of the answer.

        Mostly, the array of the active argument there.
        """
        if self.operator is Operator.VALUE_AND_GRADIENT:
            if path == "[0]":
                return "value"
            path = path.removeprefix("[1]")
        if self.operator in SINGLE:
            number, _, rest = path.removeprefix("[").partition("]")
            subject = "output" if self.operator is Operator.BATCHED_JVP else self.active_name
            return f"{SINGLE[self.operator]} {number} at {array_name(subject, rest)}"
        return array_name(self.active_name, path)

    def entry_title(self, path: str, index: Sequence[Any]) -> str:
        """Return what to call an entry of the array at `path` of the answer.

        Of several outputs it is named by the array that it belongs to.
        """
        if self.operator not in OF_OUTPUTS:
            return f"{self.title(path)}{bracketed(index)}"
        rank = self.inputs.cotangent.ndim
        output, rest = self._output_name(index[:rank]), index[rank:]
        if output and self.operator is not Operator.JACOBIAN:
            return output
        if output:
            return f"{output} by {self.title(path)}{bracketed(rest)}"
        return f"{self.title(path)}{bracketed(index)}"

    def _output_name(self, index: Sequence[Any]) -> str:
        """What one of several outputs is called, "" where there is one alone."""
        outputs = self.inputs.outputs
        if outputs:
            return f"output{place_in(outputs, int(index[0]))}"
        name_output = getattr(self.model.function, "output_name", None)
        return "" if name_output is None else str(name_output(tuple(map(int, index))))

    def describe_point(self) -> str:
        """Return the arguments as they could be typed; of long arrays the first numbers."""
        words = []
        for name, argument in zip(self.argument_names, self.inputs.arguments, strict=True):
            for path, leaf in zip(tree.paths(argument), tree.leaves(argument), strict=True):
                words.append(f"{array_name(name, path)} = {_abbreviated(leaf)}")
        if len(words) > SHOWN_ARRAYS:
            words[SHOWN_ARRAYS:] = [f"and {len(words) - SHOWN_ARRAYS} more"]
        return ", ".join(words)

    def describe(self) -> str:
        """Return what is asked in words, such as "derivative of order 3"."""
        if self.operator is Operator.DERIVATIVE:
            return f"derivative of order {self.order}"
        return self.operator.value


def array_name(argument: str, path: str) -> str:
    """Return what to call the array at `path` of an argument.

    argument: its name; "" for a dict of arrays whose keys are their names, such as `["x[0]"]`.
    """
    if argument:
        return f"{argument}{path}"
    return str(literal_eval(path)[0]) if path else "output"


def _abbreviated(array: Any) -> str:
    if is_static(array):
        return repr(array)
    if array.size <= SHOWN_NUMBERS:
        return str(array.tolist())
    numbers = ", ".join(str(number) for number in array.ravel()[:SHOWN_NUMBERS].tolist())
    return f"[{numbers}, ...] of shape {array.shape}"
