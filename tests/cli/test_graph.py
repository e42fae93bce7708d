"""`adbench graph` draws models and functions as they stand, and refuses others in a sentence."""

import importlib.util
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from adbench.cli import main

AS_IT_STANDS = {
    "torch": """
import torch, adbench
def swish(x):
    return (x * torch.sigmoid(x)).sum()
case = adbench.case(swish, torch.ones(3, dtype=torch.float64))
""",
    "jax": """
import jax.numpy as jnp, numpy as np, adbench
def swish(x):
    return jnp.sum(x * jnp.tanh(x))
case = adbench.case(swish, jnp.asarray(np.ones(3, np.float32)))
""",
    "tensorflow": """
import tensorflow as tf, adbench
def swish(x):
    return tf.reduce_sum(x * tf.sigmoid(x))
case = adbench.case(swish, tf.ones(3, dtype=tf.float64))
""",
}

TWO_MODELS = """
from adbench import Model
first = Model(name="a", function=lambda xp, x: xp.exp(x), make=lambda size, rng: (1.0,),
              sizes={"one": {}})
second = Model(name="b", function=lambda xp, x: xp.log(x), make=lambda size, rng: (1.0,),
               sizes={"one": {}})
"""


def call(*arguments):
    return CliRunner().invoke(main, ["graph", *map(str, arguments)], catch_exceptions=False)


def file_of(tmp_path, text):
    path = tmp_path / "mine.py"
    path.write_text(text)
    return path


def test_the_ending_of_the_file_says_the_format(tmp_path):
    output = tmp_path / "chain.svg"
    assert call("chain", "--output", output).exit_code == 0
    assert ElementTree.parse(output).getroot().tag.endswith("svg")
    again = call("chain", "--output", output)
    assert again.exit_code == 2
    assert "is there already" in again.stderr


@pytest.mark.parametrize("framework", AS_IT_STANDS)
def test_a_function_as_it_stands_is_drawn(tmp_path, framework):
    if importlib.util.find_spec(framework) is None:
        pytest.skip(f"{framework} is not installed")
    result = call(f"{file_of(tmp_path, AS_IT_STANDS[framework])}:case")
    assert result.exit_code == 0, result.stderr
    first = result.stdout.splitlines()[2]
    assert first.startswith("x  # active, float64[3], value [1, 1, 1], adjoint [")
    assert "output = sum(" in result.stdout


def test_one_model_of_a_file_is_named(tmp_path):
    path = file_of(tmp_path, TWO_MODELS)
    both = call(path)
    assert both.exit_code == 2
    assert both.stderr == (
        f"adbench: {path} holds 2 models (a, b); name one of them, as {path}:a.\n"
    )
    assert "output = log(x)" in call(f"{path}:b").stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["mpl"], "There is no model 'mpl'; did you mean 'mlp'?"),
        (["mlp", "--size", "8"], "The model 'mlp' has no size '8'; it has 1-1-1-1x1, "),
        (["chain", "--output", "x.png"], "--output x.png has an ending that stands for no format;"),
        (["chain", "--limit", "3"], "The graph of 'chain' at 'L=3,k=1' has 15 vertices, "),
    ],
)
def test_what_cannot_be_drawn_is_told_in_a_sentence(arguments, sentence):
    result = call(*arguments)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith(f"adbench: {sentence}")
