"""Derivatives that PyTorch knows to be zero, and holds without memory."""

import numpy as np
import pytest

from adbench.backends.catalog import TORCH
from adbench.registry import load_backend

torch = pytest.importorskip("torch", reason="torch is not installed")


@pytest.mark.parametrize("part", [slice(None), slice(3, 6), slice(5, None)])
def test_a_part_of_a_derivative_that_is_known_to_be_zero_is_zero(part):
    zeros = torch._efficientzerotensor((9,), dtype=torch.float64)[part]
    array = load_backend(TORCH[0].load).to_numpy(zeros)
    assert array.dtype == np.float64
    np.testing.assert_array_equal(array, np.zeros(zeros.shape))
