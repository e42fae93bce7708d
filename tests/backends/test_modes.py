"""A check in the caller's process leaves the framework's settings as it found them."""

from __future__ import annotations

import subprocess
import sys

import pytest

SETTINGS = {
    "torch": "import torch\ndef settings():\n    return torch.get_default_dtype()",
    "jax": "import jax\ndef settings():\n    return jax.config.jax_enable_x64",
    "tensorflow": """
import tensorflow as tf
from tensorflow.python.framework import ops
from tensorflow.python.ops.numpy_ops import np_dtypes
def settings():
    flags = ops.get_dtype_conversion_mode(), ops._numpy_style_slicing
    return *flags, np_dtypes.is_prefer_float32(), sorted(vars(tf.Tensor).items(), key=str)
""",
}

CHECK = """
import numpy as np
import adbench
before = settings()
x = np.asarray([0.5, 1.5])
report = adbench.check(lambda xp, x: xp.sum(xp.sin(x) * xp.ones(2)), x, backend=NAME)
assert [row.message for row in report.rows if row.outcome != "ok"] == [], report
assert settings() == before

def raising(x):
    raise RuntimeError("no")

report = adbench.check(lambda xp, x: xp.sin(x), 0.5, backend=NAME, native=raising)
assert {row.outcome for row in report.rows} == {"raised"}
assert settings() == before

from adbench import registry
backend = registry.load_backend(registry.find_backends([NAME])[0].load)
try:
    with backend.modes():
        assert settings() != before
        raise KeyError
except KeyError:
    pass
assert settings() == before
"""


@pytest.mark.timeout(180)
@pytest.mark.parametrize("framework", SETTINGS)
def test_a_check_leaves_the_settings_of_the_process(framework: str) -> None:
    pytest.importorskip(framework)
    code = f"{SETTINGS[framework]}\nNAME = {framework!r}\n{CHECK}"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_the_default_dtype_of_torch_comes_back_whatever_is_raised_within() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from adbench.backends.torch import DefaultDtype

    before = torch.get_default_dtype()
    other = torch.float32 if before is torch.float64 else torch.float64
    with pytest.raises(ZeroDivisionError), DefaultDtype(other):
        with DefaultDtype(before):
            assert torch.get_default_dtype() is before
        assert torch.get_default_dtype() is other
        raise ZeroDivisionError
    assert torch.get_default_dtype() is before
