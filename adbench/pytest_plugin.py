"""The pytest fixture `gradcheck`. Nothing heavy is imported until a test uses it.

def test_my_backward(gradcheck):
    assert gradcheck(my_function, x, backend="torch", native=my_torch_function)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from adbench.checking.report import Report


@pytest.fixture
def gradcheck() -> Callable[..., Report]:
    """Return `adbench.check`, which here fails the test with the table of what is wrong."""
    return _check_or_fail


def _check_or_fail(*arguments: Any, **options: Any) -> Report:
    __tracebackhide__ = True  # the failure is shown where the test calls it
    import adbench
    from adbench.cases import SpecError

    try:
        report = adbench.check(*arguments, **options)
    except SpecError as error:
        raise SpecError(str(error)) from None  # from here, not from the depths of the check
    if not report:
        raise AssertionError(f"the derivatives are not right\n\n{report}")
    return report
