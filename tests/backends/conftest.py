from __future__ import annotations

import pytest
from frameworks import NAMES, load

from adbench.backends.base import Backend


@pytest.fixture(params=NAMES)
def backend(request: pytest.FixtureRequest) -> Backend:
    """Every backend in turn; a framework is imported only when its test runs."""
    return load(request.param)
