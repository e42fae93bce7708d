"""What the tests of checks share."""

from __future__ import annotations

import sys

import pytest


@pytest.fixture(autouse=True)
def defaults_of_frameworks():
    """The defaults of a user's process, whichever backends other tests have loaded in this one."""
    torch, jax = sys.modules.get("torch"), sys.modules.get("jax")
    dtype = torch and torch.get_default_dtype()
    is_wide = jax and jax.config.jax_enable_x64
    if torch:
        torch.set_default_dtype(torch.float32)
    if jax:
        jax.config.update("jax_enable_x64", False)
    yield
    if torch:
        torch.set_default_dtype(dtype)
    if jax:
        jax.config.update("jax_enable_x64", is_wide)
