"""`xp.checkpoint`: the same derivatives, whatever is recomputed."""

import numpy as np
import pytest
from frameworks import EXACT, answer, load

from adbench.cases import MODES, Operator
from adbench.cases.inputs import make_inputs
from adbench.models import layers
from adbench.namespaces.namespace import Namespace
from reference_ad.engine import tree

pytestmark = pytest.mark.filterwarnings(
    # PyTorch's own derivatives of some operations are scripts.
    "ignore:`torch.jit.script` is deprecated:DeprecationWarning"
)

CASES = [
    (operator, mode)
    for operator in (Operator.VALUE, Operator.GRADIENT, Operator.JVP, Operator.HVP)
    for mode in MODES[operator]
]


def both(backend, operator, mode):
    """The answers with checkpoints and without, at the same point."""
    inputs = make_inputs(layers.model, "small", seed=0)
    functions = (layers.checkpointed_loss, layers.loss)
    return [answer(backend, function, inputs, operator, mode)[1] for function in functions]


@pytest.mark.parametrize(("operator", "mode"), CASES)
@pytest.mark.parametrize("name", [name for name in EXACT if not name.startswith("tensorflow")])
def test_every_operator_in_every_mode_is_what_it_is_without(name, operator, mode):
    with_checkpoints, without = both(load(name), operator, mode)
    for ours, theirs in zip(tree.leaves(with_checkpoints), tree.leaves(without), strict=True):
        assert np.allclose(ours, theirs, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", ["tensorflow:eager", "tensorflow:function"])
def test_tensorflow_recomputes_in_reverse_mode_and_refuses_the_others(name):
    backend = load(name)
    with_checkpoints, without = both(backend, Operator.GRADIENT, MODES[Operator.GRADIENT][1])
    assert np.allclose(with_checkpoints, without, rtol=1e-12)
    with pytest.raises(NotImplementedError, match="recompute_grad"):
        both(backend, Operator.JVP, MODES[Operator.JVP][0])


def test_a_namespace_without_checkpoints_takes_the_function_as_it_is():
    xp = Namespace(np, None)
    assert xp.checkpoint(np.sin) is np.sin
