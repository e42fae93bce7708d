"""Fourier transforms and Bessel functions in a specification: right passes, wrong does not."""

import numpy as np
import pytest

import adbench
from adbench.results.row import Outcome, Verdict

POINT = np.random.default_rng(0).standard_normal(6)


def spectrum(xp, x):
    z = xp.fft.rfft(x)
    return xp.sum(xp.real(z) ** 2 * xp.arange(z.shape[-1]) + xp.imag(z) ** 3)


def low_pass(xp, x):
    n = x.shape[-1]
    damping = 1 + xp.fft.rfftfreq(n, dtype=x.dtype)
    return xp.fft.irfft(xp.fft.rfft(x) / damping, n=n) ** 2


def modified_bessel(xp, x):
    special = xp.special
    return xp.sum(special.i0e(x) * special.i1(x) + special.i0(x / 3) * special.i1e(x))


def bessel(xp, x):
    return xp.sum(xp.special.j0(x) * xp.special.j1(x))


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
@pytest.mark.parametrize("function", [spectrum, low_pass, modified_bessel])
@pytest.mark.parametrize("backend", ["reference", "reference:compiled", "torch", "jax:jit"])
def test_frameworks_are_right_to_second_order(backend, function):
    pytest.importorskip("torch" if backend == "torch" else "numpy")
    pytest.importorskip("jax" if backend == "jax:jit" else "numpy")
    report = adbench.check(function, POINT, backend=backend)
    assert report, report
    assert {row.verdict for row in report.rows} <= {Verdict.CORRECT, Verdict.IMPRECISE}


def test_the_bessel_functions_of_the_reference_are_right():
    report = adbench.check(bessel, POINT, backend="reference")
    assert {row.verdict for row in report.rows} == {Verdict.CORRECT}


@pytest.mark.parametrize(
    ("backend", "sentence"),
    [
        ("torch", "PyTorch has no derivative of the Bessel function j"),
        ("jax:jit", "JAX has no Bessel function j0."),
    ],
)
def test_what_a_framework_lacks_is_unsupported_with_a_sentence(backend, sentence):
    pytest.importorskip(backend.partition(":")[0])
    report = adbench.check(bessel, POINT, backend=backend)
    derivatives = [row for row in report.rows if row.operator != "value"]
    assert {row.outcome for row in derivatives} == {Outcome.UNSUPPORTED}
    assert all(row.message.startswith(sentence) for row in derivatives)


def by_matrix(xp, x):
    """The transform by a matrix of constants, of which some are rounded zeros."""
    n = x.shape[-1]
    angle = 2 * np.pi / n * (np.outer(np.arange(n), np.arange(n // 2 + 1)) % n)
    cosine = xp.asarray(np.cos(angle), dtype=x.dtype)
    sine = xp.asarray(-np.sin(angle), dtype=x.dtype)
    return xp.stack([x @ cosine, x @ sine], axis=-1)


def spectrum_of_torch(scale):
    torch = pytest.importorskip("torch")
    return lambda x: torch.view_as_real(torch.fft.rfft(x)) * scale


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
def test_a_constant_that_is_a_rounded_zero_may_be_a_zero():
    point = POINT[:4]
    assert adbench.check(by_matrix, point, backend="torch", native=spectrum_of_torch(1))
    wrong = spectrum_of_torch(1 + 1e-9)
    report = adbench.check(by_matrix, point, backend="torch", native=wrong, dtypes="float64")
    assert Verdict.CORRECT not in {row.verdict for row in report.rows}
