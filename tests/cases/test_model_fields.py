"""What a model's fields must be is said in one sentence, where they are not."""

import numpy as np
import pytest

from adbench.cases import Model, SpecError
from adbench.cases.inputs import make_inputs


def model(**fields):
    usual = {
        "name": "mine",
        "function": lambda xp, x, *constants: xp.sum(x),
        "make": lambda size, rng: (rng.standard_normal(3),),
        "sizes": {"small": {}},
    }
    return Model(**{**usual, **fields})


class Unshowable:
    def __repr__(self):
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": 5}, "A model has name=5; it must be a string."),
        ({"name": ""}, "A model has the name '', which is empty; rename it."),
        ({"name": "  "}, "which begins or ends with a space; rename it."),
        ({"name": "a\nb"}, "which has characters that cannot be printed; rename it."),
        ({"name": "a\0b"}, "which has characters that cannot be printed; rename it."),
        ({"name": "a\udcffb"}, "which has characters that cannot be printed; rename it."),
        ({"name": "abc\u202edef"}, "which has characters that cannot be printed; rename it."),
        ({"name": "L" * 201}, "which has more than 200 characters; rename it."),
        ({"sizes": [1]}, "has sizes=[1]; it must be a mapping of names to sizes"),
        ({"sizes": {}}, "names no size"),
        ({"sizes": {1: {}}}, "has a size called 1 in its sizes; the names of sizes are strings"),
        ({"sizes": {"s": None}}, "has None for the size 's' in its sizes; give a mapping"),
        ({"sizes": {"s": {1: 2}}}, "has {1: 2} for the size 's' in its sizes; give a mapping"),
        ({"sizes": {"s\n": {}}}, "which has characters that cannot be printed; rename it."),
        ({"active": -1}, "has active=-1; it must be a position, counted from 0."),
        ({"active": True}, "has active=True; it must be the position of an argument."),
        ({"orders": "3"}, "has orders='3'; it must be the highest order of its derivatives"),
        ({"orders": -3}, "has orders=-3; it must be an integer of at least 1."),
        ({"orders": True}, "has orders=True; it must be the highest order"),
        ({"sweep": 5}, "has sweep=5; it must be a mapping of names to sizes"),
        (
            {"sweep": {"a": {"n": 1}, "b": {"m": 2}}},
            "has sizes of its sweep with different keys, ['m'] and ['n']; give each of them the",
        ),
        ({"sweep": {"a": {"n": "1"}}}, "has n='1' for the size 'a' of its sweep; give a number."),
        ({"growth": {"depth": {}}}, "has growth={'depth': {}}; give the name of what is varied"),
        ({"growth": {"depth": 3}}, "has growth={'depth': 3}; give the name of what is varied"),
        (
            {"growth": {"depth": {"deep": {}}}},
            "has a size called 'deep' in its growth by 'depth'; call it by its number, such as "
            "'depth=4'.",
        ),
        ({"stagings": {"gradient": "small"}}, "give a tuple of names of sizes."),
        ({"stagings": {"gradient": (["small"],)}}, "has stagings at ['small'], which is no size"),
        ({"oracle": {"slope": len}}, "has an oracle for 'slope', which is no operator"),
        ({"oracle": {"gradient": 3}}, "has oracle={'gradient': 3}; give a function."),
        ({"native": {1: len}}, "has native of 1; give it by its name."),
        (
            {"native": {"torch": Unshowable()}},
            "{'torch': an object of Unshowable}; give a function",
        ),
        ({"accuracy": float("nan")}, "it must be a relative error of at least 0 and less than 1."),
        ({"accuracy": "1e-6"}, "has accuracy='1e-6'; it must be a relative error"),
        ({"summary": 5}, "has summary=5; it must be a line of text."),
        ({"function": 3}, "has function=3; it must be a function of xp and the arguments."),
    ],
)
def test_a_field_that_cannot_be_used_is_refused_in_a_sentence(fields, sentence):
    with pytest.raises(SpecError) as caught:
        model(**fields)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


@pytest.mark.parametrize("name", ["mlp:v2", "🦖🦖", "a|b`c`", "[red]bold[/red]", "../evil", "x.py"])
def test_any_other_name_will_do(name):
    assert model(name=name).name == name


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "gave no argument; it must give at least the one that is differentiated"),
        ((np.zeros(0),), "holds no number, so that there is nothing to differentiate by"),
        (({},), "holds no number, so that there is nothing to differentiate by"),
        (({1: np.ones(2), "a": np.ones(1)},), "A dict has keys that cannot be sorted: [1, 'a']."),
        (
            (np.ones(3), np.array("mode")),
            "Argument 1 of the model 'mine' has values of the type <U4",
        ),
        (
            (np.ones(3), np.array(None)),
            "Argument 1 of the model 'mine' has values of the type object",
        ),
        ((np.ones(3), object()), "Argument 1 of the model 'mine' has values of the type object"),
        ((np.ones(3), [np.ones(2), np.array("a")]), "has values of the type <U1 at [1]"),
        ((np.ones(3), np.zeros(2, [("a", float)])), "has values of the type [('a', '<f8')]"),
        ((np.ones(3), np.datetime64("2020-01-01")), "has values of the type datetime64[D]"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused_and_never_cast(arguments, sentence):
    with pytest.raises(SpecError) as caught:
        make_inputs(model(make=lambda size, rng: arguments), "small", seed=0)
    assert sentence in str(caught.value)


def test_a_list_that_holds_itself_is_refused():
    endless = []
    endless.append(endless)
    with pytest.raises(SpecError, match="is no tree of arrays"):
        make_inputs(model(make=lambda size, rng: (np.ones(3), endless)), "small", seed=0)


def test_an_empty_output_is_refused_since_nothing_of_it_could_be_wrong():
    with pytest.raises(SpecError, match="gave an empty array, of shape \\(0,\\)"):
        make_inputs(model(function=lambda xp, x: x[:0]), "small", seed=0)
