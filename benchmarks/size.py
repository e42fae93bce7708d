"""What a truth costs at 10^6 parameters and beyond, and which wrong gradients are caught there.

    python benchmarks/size.py                 # 10^6 parameters, exact, and 10^7, by projections
    python benchmarks/size.py 784-1000-200-10

A multilayer perceptron with squared error, batch 8, float64. Times are those of the processor (s),
memory is the peak of the process; every network has a process of its own.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from adbench.backends.base import prepare, to_backend
from adbench.backends.reference import Tape
from adbench.cases import Mode, Model, Operator
from adbench.cases.answer import Answer, collect, norm
from adbench.cases.inputs import make_inputs
from adbench.cases.question import Question
from adbench.judging.verdict import judge
from adbench.truth.detection import probability_missed
from adbench.truth.truth import Truth, establish

NETWORKS = ("784-1000-200-10", "3000-3000-330-10")
"""The widths of the layers: 10^6 parameters, and 10^7."""

BATCH = 8


def loss(xp: Any, layers: Any, inputs: Any, targets: Any) -> Any:
    """The mean squared error of a perceptron."""
    *hidden, (weights, bias) = layers
    for hidden_weights, hidden_bias in hidden:
        inputs = xp.tanh(inputs @ hidden_weights + hidden_bias)
    return xp.mean((inputs @ weights + bias - targets) ** 2)


def perceptron(widths: list[int]) -> Model:
    """Return a perceptron as a model."""

    def make(size: Any, rng: np.random.Generator) -> Any:
        layers = [
            [rng.standard_normal((rows, columns)) / rows**0.5, rng.standard_normal(columns)]
            for rows, columns in zip(widths, widths[1:], strict=False)
        ]
        inputs = rng.standard_normal((BATCH, widths[0]))
        return layers, inputs, rng.standard_normal((BATCH, widths[-1]))

    return Model(name="perceptron", function=loss, make=make, sizes={"only": {}})


def gradient(question: Question) -> Answer:
    """Return the gradient that the reference engine computes in doubles."""
    backend = Tape()
    problem = to_backend(backend, question.model.output, question.inputs, Operator.GRADIENT)
    _, call = prepare(backend, problem, Operator.GRADIENT, Mode.REVERSE, 1)
    return collect(call(problem.active, problem.constants, problem.direction))


def wrong_gradients(answer: Answer) -> Iterator[tuple[str, Answer]]:
    """Yield gradients that are wrong in some way, the right one first."""
    rng = np.random.default_rng(0)
    yield "as it is", answer
    for factor in (1e-3, 1e-6, 1e-9):
        arrays = [array.copy() for array in answer.arrays]
        rows = arrays[0].reshape(-1)
        first = int(rng.integers(99)) * (rows.size // 100)
        rows[first : first + rows.size // 100] *= 1 + factor
        yield (
            f"one of a hundred blocks of the first array times 1 + {factor:.0e}",
            replaced(answer, arrays),
        )
    arrays = [array.copy() for array in answer.arrays]
    place = int(rng.integers(arrays[0].size))
    arrays[0].reshape(-1)[place] = 0.0
    yield "one entry dropped", replaced(answer, arrays)
    arrays = [array.copy() for array in answer.arrays]
    square = min(arrays[0].shape)
    arrays[0][:square, :square] = arrays[0][:square, :square].T.copy()
    yield "a square of a weight's gradient transposed", replaced(answer, arrays)


def replaced(answer: Answer, arrays: list[Any]) -> Answer:
    """Return an answer with other arrays."""
    return Answer(answer.paths, tuple(arrays))


def chance_to_miss(truth: Truth, right: Answer, wrong: Answer) -> float:
    """Return how probably a sample like that of a truth misses an error; 0 of the whole."""
    if truth.sample is None:
        return 0.0
    size = norm([a - b for a, b in zip(wrong.arrays, right.arrays, strict=True)])
    widths = [2 * float(bound) for bound in truth.bounds["float64"][0]]
    return probability_missed(widths, size, is_matrix=truth.sample.is_matrix) if size else 1.0


def measure(network: str) -> None:
    """Print what the truth of a perceptron takes, and the verdicts on its gradients."""
    model = perceptron([int(width) for width in network.split("-")])
    inputs = make_inputs(model, "only", seed=0)
    question = Question(model, inputs, Operator.GRADIENT, 1)
    began = time.process_time()
    truth = establish(question, ["float64"])
    took = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{network}: {inputs.n:,} parameters, {truth.source}: {took:.0f} s, {peak:.1f} GiB")
    if truth.doubt:
        print(f"  {truth.doubt}")
        return
    right = gradient(question)
    for name, answer in wrong_gradients(right):
        judgement = judge(answer, truth, question, "float64", exact=True)
        missed = chance_to_miss(truth, right, answer)
        print(
            f"  {name}: {judgement.verdict}, {judgement.max_error_over_bound:.2g} bounds, "
            f"missed with probability {missed:.1g}"
        )
        if judgement.verdict == "correct":
            print(f"    {judgement.message or f'resolution {judgement.resolution:.1e}'}")


if __name__ == "__main__":
    if len(sys.argv) == 2:
        measure(sys.argv[1])
    else:
        for network in NETWORKS:
            subprocess.run([sys.executable, __file__, network], check=True)
