"""A stand-alone script of plain framework code that shows one entry of an answer.

It computes the entry as the backend does, and beside it difference quotients of the function, and
prints the true value. The function is written out from the reference engine's graph of it; a
hand-written one is taken from the user's file. It needs the framework and NumPy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from adbench.backends.catalog import framework_of
from adbench.cases.case import NATIVE, Case
from adbench.cases.inputs import Inputs
from adbench.cases.operators import Mode, Operator
from adbench.cases.question import Question
from adbench.cases.static import is_static
from adbench.explaining.dialects import DIALECTS, Dialect
from adbench.explaining.entries import Entry, Steps, steps_of, unit_like
from adbench.explaining.evidence import ArrayEvidence, Script
from adbench.graphs.formulas import Formula, Notation, formulas_of
from adbench.graphs.trace import TracedModel, traced
from reference_ad.engine import tree
from reference_ad.engine.nodes import Node

MOST_NUMBERS = 4000
"""A script of more numbers than this is not written."""

SCRIPT_DTYPES = ("float64", "float32", "float16")
"""Dtypes whose numbers every framework takes from NumPy."""

STEP_NAMES = ("1e-3", "1e-5", "1e-7")
"""The steps of the difference quotients, as they are written."""

SECOND_ORDER = {
    Mode.FORWARD_OVER_REVERSE: "jvp({pushed}(objective), x, v)[{place}]",
    Mode.REVERSE_OVER_FORWARD: "gradient(lambda x: jvp(objective, x, v))(x)[{place}]",
    Mode.REVERSE_OVER_REVERSE: "gradient(lambda x: dot(gradient(objective)(x), v))(x)[{place}]",
}
"""Products of a Hessian and a vector."""

DOT = """

def dot(left, right):
    return sum(total(a * b) for a, b in zip(left, right))
"""


class NotWritten(ValueError):
    """No script is written; the exception's text says why, in a sentence."""


def write_script(
    question: Question,
    case: Case,
    entry: Entry,
    array: ArrayEvidence,
    backend: str,
    loading: str,
) -> Script:
    """Return a script that shows an entry.

    array: holds what was returned and is true there; loading: the lines that bind `model` where the
    function is hand-written.
    """
    framework = framework_of(backend)
    try:
        if framework not in DIALECTS:
            raise NotWritten(f"No plain code is known for {framework}, whose adapter is a user's.")
        text = _text(question, case, entry, array, backend, loading)
    except NotWritten as reason:
        return Script(reason=str(reason))
    return Script(text)


def _text(
    question: Question,
    case: Case,
    entry: Entry,
    array: ArrayEvidence,
    backend: str,
    loading: str,
) -> str:
    dialect = DIALECTS[framework_of(backend)]
    _check_writable(question, case)
    steps = steps_of(question, entry)
    answer = _answer(question, case, steps, dialect)
    staged = _staged(dialect, backend)
    index = _index(question, case, entry, steps)
    function = _function(question, case, dialect, loading)
    parts = [
        _title(question, case, backend),
        dialect.head.replace("{dtype}", case.dtype) + DOT,
        function,
        *_directions(question, steps),
        f"def objective(x):\n    return {_objective(question, steps)}\n\n",
        f"def answer(x):\n    return {answer}\n\n",
        f"answer = {staged}" if staged != "answer" else "",
        f"print({f'{backend} returns'!r}, number(answer(x){index}))",
        f"print('true is', {array.true!r})",
        *_quotients(question, steps),
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _title(question: Question, case: Case, backend: str) -> str:
    text = f"{question.describe()} of {case.model} at {case.size} on {backend}, {case.mode.value}"
    return "\n".join(["# " + _plain(text), "# Needs the framework and NumPy; run it as it is."])


def _plain(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()


def _check_writable(question: Question, case: Case) -> None:
    leaves = [leaf for leaf in tree.leaves(question.inputs.arguments) if not is_static(leaf)]
    count = sum(leaf.size for leaf in leaves)
    if count > MOST_NUMBERS:
        raise NotWritten(
            f"The arguments hold {count:,} numbers, and scripts of up to {MOST_NUMBERS:,} are "
            "written: explain the cell of a smaller size."
        )
    if case.dtype not in SCRIPT_DTYPES:
        raise NotWritten(f"Plain code in {case.dtype} is not written; explain a cell in float32.")
    if question.inputs.outputs:
        raise NotWritten("The function returns several arrays; scripts are written for one.")
    if case.mode in (Mode.TAYLOR, Mode.FORWARD_OVER_FORWARD):
        raise NotWritten(f"Plain code in the mode {case.mode.value} is not written.")


# ---- the function


def _function(question: Question, case: Case, dialect: Dialect, loading: str) -> str:
    if case.implementation == NATIVE:
        return _hand_written(question, case, loading)
    return _written_out(question, dialect)


def _hand_written(question: Question, case: Case, loading: str) -> str:
    """The function of the user's file, as one of a list of arrays."""
    inputs = question.inputs
    arguments = [_literal(argument) for argument in inputs.arguments]
    leaves, structure = tree.flatten(inputs.arguments[inputs.active])
    names = [_Name(f"x[{place}]") for place in range(len(leaves))]
    arguments[inputs.active] = _literal(tree.unflatten(structure, names))
    return "\n".join(
        [
            loading,
            f"x = [{', '.join(_literal(leaf) for leaf in leaves)}]\n\n",
            f"def f(x):\n    return native({', '.join(arguments)})\n\n",
        ]
    )


class _Name:
    """A variable that stands in a tree in the place of an array."""

    def __init__(self, text: str) -> None:
        self.text = text


def _literal(value: Any) -> str:
    """An argument as a script writes it, with arrays of the framework."""
    if isinstance(value, _Name):
        return value.text
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    if isinstance(value, tuple):
        return "(" + "".join(f"{_literal(item)}, " for item in value).strip() + ")"
    if is_static(value):
        return repr(value)
    array = np.asarray(value)
    if array.dtype.kind == "f":
        return f"array({array.tolist()!r})"
    raise NotWritten(f"An argument holds {array.dtype} values; scripts are of floating numbers.")


def _written_out(question: Question, dialect: Dialect) -> str:
    """The function from the graph of it, one line a formula."""
    program = traced(question.model, question.inputs)
    formulas = formulas_of(program.graph)
    names = _identifiers(program, formulas)
    given = [names[id(node)] for node in program.graph.inputs]
    values = [_literal(np.asarray(value)) for value in program.arguments]
    active, constants = given[: program.active], given[program.active :]
    lines = [f"x = [{', '.join(values[: program.active])}]"]
    pairs = zip(constants, values[program.active :], strict=True)
    lines += [f"{name} = {value}" for name, value in pairs]
    notation = _ScriptNotation(dialect)
    body = [f"[{', '.join(active)}] = x"]
    for formula in formulas:
        if formula.root.is_input:
            continue
        text = formula.text(names, notation) or _literal(np.asarray(formula.root.value))
        body.append(f"{names[id(formula.root)]} = {text}")
    body.append(f"return {names[id(program.graph.outputs[0])]}")
    return "\n".join([*lines, "\n", "def f(x):", *[f"    {line}" for line in body], "\n"])


def _identifiers(program: TracedModel, formulas: Sequence[Formula]) -> dict[int, str]:
    """What the values are called in the script: the names of the arguments as identifiers."""
    names: dict[int, str] = {}
    taken: set[str] = set()
    named = zip(program.graph.inputs, program.argument_names, strict=True)
    for node, name in named:
        plain = re.sub(r"\W+", "_", _plain(name)).strip("_")
        identifier = f"a_{plain}"
        while identifier in taken:
            identifier += "_"
        taken.add(identifier)
        names[id(node)] = identifier
    for count, formula in enumerate(formulas):
        names.setdefault(id(formula.root), f"v{count}")
    return names


class _ScriptNotation(Notation):
    """How a formula is written for a framework: with every digit, and with shapes."""

    tells_shapes = True

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def number(self, node: Node) -> str:
        """Return a number with all of its digits."""
        value = node.value.item() if hasattr(node.value, "item") else node.value
        return repr(value)

    def call(self, node: Node, arguments: Sequence[str]) -> str:
        """Return the call of the framework's function."""
        if node.name in self._dialect.others:
            template = self._dialect.others[node.name]
            if f"{{{len(arguments)}}}" in template or f"{{{len(arguments) - 1}}}" not in template:
                raise NotWritten(
                    f"Plain code of {node.name} with arrays of indices is not written."
                )
            return template.format(*arguments, **node.params)
        if node.params or not getattr(np, node.name, None):
            raise NotWritten(f"No plain code is known for {node.name}.")
        return f"{self._dialect.functions}.{node.name}({', '.join(arguments)})"


# ---- what is asked of it


def _directions(question: Question, steps: Steps | None) -> list[str]:
    """The directions that the answer and the quotients take."""
    lines = []
    inputs = question.inputs
    if not inputs.has_scalar_output or question.operator is Operator.VJP:
        lines.append(f"u = {_literal(inputs.cotangent)}")
    if steps is not None:
        lines.append(f"v = [{', '.join(map(_literal, _direction(inputs, steps)))}]")
    return [*lines, "\n"]


def _direction(inputs: Inputs, steps: Steps) -> list[Any]:
    """Along what the function is differentiated, a list of arrays."""
    if steps.active is None:
        return tree.leaves(inputs.tangent)
    return tree.leaves(unit_like(inputs.arguments[inputs.active], steps.active))


def _objective(question: Question, steps: Steps | None) -> str:
    """The number whose derivative is asked for."""
    if steps is not None and steps.output is not None:
        return f"f(x)[{steps.output!r}]" if steps.output else "f(x)"
    if question.operator is Operator.VJP or not question.inputs.has_scalar_output:
        return "total(f(x) * u)"
    return "f(x)"


def _answer(question: Question, case: Case, steps: Steps | None, dialect: Dialect) -> str:
    """What the framework is asked for."""
    if steps is None:
        return "f(x)"
    if question.operator is Operator.DERIVATIVE:
        return _derivative(case, question.order)
    if steps.inner is not None:
        return SECOND_ORDER[case.mode].format(
            place=steps.inner.place, pushed=dialect.gradient_to_push
        )
    if case.mode is Mode.FORWARD:
        return "jvp(objective, x, v)"
    if steps.active is None:
        raise NotWritten("Plain code of a JVP in reverse mode is not written.")
    return f"gradient(objective)(x)[{steps.active.place}]"


def _derivative(case: Case, order: int) -> str:
    """A derivative of a function of one number, in one mode again and again."""
    text = "objective"
    for _ in range(order):
        if case.mode is Mode.FORWARD:
            text = f"(lambda x, g={text}: jvp(g, x, v))"
        else:
            text = f"(lambda x, g={text}: gradient(g)(x)[0])"
    return f"{text}(x)"


def _index(question: Question, case: Case, entry: Entry, steps: Steps | None) -> str:
    """Where the entry is in what the framework gives."""
    if steps is None:
        index = entry.index if question.operator is Operator.VALUE else ()
    elif steps.inner is not None:
        index = steps.inner.index
    elif case.mode is Mode.FORWARD or steps.active is None:
        index = ()
    else:
        index = steps.active.index
    return f"[{index!r}]" if index else ""


def _staged(dialect: Dialect, backend: str) -> str:
    """The function that answers, as the staging of the backend wraps it."""
    staging = backend.partition(":")[2]
    return dialect.stagings.get(staging, "{0}").format("answer")


def _quotients(question: Question, steps: Steps | None) -> list[str]:
    """The lines that print difference quotients of the function."""
    if steps is None:
        return []
    number = "number(objective(shifted))"
    if question.operator is Operator.DERIVATIVE and question.order > 1:
        inner = "objective"
        for _ in range(question.order - 1):
            inner = f"(lambda x, g={inner}: gradient(g)(x)[0])"
        number = f"number({inner}(shifted))"
    elif steps.inner is not None:
        index = f"[{steps.inner.index!r}]" if steps.inner.index else ""
        number = f"number(gradient(objective)(shifted)[{steps.inner.place}]{index})"
    return [
        "\n\ndef along(h):",
        "    shifted = [leaf + h * direction for leaf, direction in zip(x, v)]",
        f"    return {number}\n\n",
        f"for h in ({', '.join(STEP_NAMES)}):",
        '    print(f"quotient, h={h:g}:", (along(h) - along(-h)) / (2 * h))',
    ]
