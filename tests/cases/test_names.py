"""A namespace looks names up and prefers replacements.

Where a name is missing it says what models may use.
"""

from __future__ import annotations

import copy
from types import SimpleNamespace

import numpy as np
import pytest

from adbench.namespaces.namespace import SPECIAL, Namespace
from adbench.namespaces.numpy import numpy

MODULE = SimpleNamespace(one=1, two=2, linalg=SimpleNamespace(det="det"))


def test_a_replacement_comes_before_the_module() -> None:
    xp = Namespace(MODULE, SimpleNamespace(erf="erf"), two=22)
    assert (xp.one, xp.two, xp.linalg.det, xp.special.erf) == (1, 22, "det", "erf")


def test_a_namespace_of_a_namespace_adds_to_it() -> None:
    inner = Namespace(MODULE, SimpleNamespace(erf="erf"), two=22)
    outer = Namespace(inner, inner.special, three=3)
    assert (outer.one, outer.two, outer.three, outer.special.erf, outer.linalg.det) == (
        1,
        22,
        3,
        "erf",
        "det",
    )
    assert not hasattr(inner, "three")


@pytest.mark.parametrize("path", ["foo", "linalg.foo", "special.foo"])
def test_a_missing_name_is_named_with_what_models_may_use(path: str) -> None:
    sentence = (
        f"`xp.{path}` is not in the namespace made of numpy: models may use the Python array API "
        "standard 2024.12 with its extensions `xp.linalg` and `xp.fft`, `xp.stop_gradient`, "
        "`xp.checkpoint`, `xp.scan`, `xp.fori_loop`, `xp.grad`, `xp.set_at`, `xp.add_at`, and of "
        f"`xp.special` the functions {', '.join(SPECIAL)}."
    )
    for xp in (numpy, Namespace(numpy, numpy.special)):
        *extension, name = path.split(".")
        with pytest.raises(AttributeError) as caught:
            getattr(getattr(xp, extension[0]) if extension else xp, name)
        assert str(caught.value) == sentence


def test_a_namespace_can_be_copied() -> None:
    assert copy.copy(numpy).special.erf is numpy.special.erf


def test_equal_elements_keep_their_order_when_sorted_downwards() -> None:
    x = np.asarray([[1.0, 2.0, 1.0, 2.0]])
    assert numpy.argsort(x, descending=True).tolist() == [[1, 3, 0, 2]]
    assert numpy.sort(x, descending=True).tolist() == [[2.0, 2.0, 1.0, 1.0]]
