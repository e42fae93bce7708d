"""`gradcheck` and `gradgradcheck` with the signatures of PyTorch's, and certified verdicts.

Every derivative is judged against the true one of the function's own forward, at the inputs that
are given, in their dtype. A backward pass is judged by what it makes of one random cotangent: each
entry of the product is judged, and every entry of the Jacobian is in one of them. What cannot be
read, or judged, is left to PyTorch's own check, with a `NumericalCheck` warning.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any

import torch
from torch.autograd.gradcheck import GradcheckError
from torch.autograd.gradcheck import gradcheck as original_gradcheck
from torch.autograd.gradcheck import gradgradcheck as original_gradgradcheck

from adbench.cases.model import SpecError
from adbench.cases.operators import Mode, Operator
from adbench.checking.at_the_point import Asked, check_at_point
from adbench.checking.numerical import warning, why_undecided
from adbench.functions.framework import name_of
from adbench.functions.function_model import dtype_of_call, function_model
from adbench.results.row import Verdict

Function = Callable[..., Any]


def gradcheck(
    func: Function,
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Check first derivatives of `func` by the tensors in `inputs` that require gradients.

    The parameters are those of `torch.autograd.gradcheck`. eps, atol, rtol, fast_mode: accepted,
    and not needed: the bound of every entry is derived from the computation and the dtype. They
    hold where the check is left to PyTorch's. Returns whether all is right; raises GradcheckError,
    with the table of what is wrong, unless `raise_exception` is false.
    """
    _check_flags(check_forward_ad, check_backward_ad, check_batched_grad)
    options = {
        "eps": eps,
        "atol": atol,
        "rtol": rtol,
        "raise_exception": raise_exception,
        "nondet_tol": nondet_tol,
        "check_undefined_grad": check_undefined_grad,
        "check_grad_dtypes": check_grad_dtypes,
        "check_batched_grad": check_batched_grad,
        "check_batched_forward_grad": check_batched_forward_grad,
        "check_forward_ad": check_forward_ad,
        "check_backward_ad": check_backward_ad,
        "fast_mode": fast_mode,
        "masked": masked,
    }
    call = Call.of(func, inputs)
    asked: list[Asked] = []
    if check_backward_ad:
        asked.append((Operator.VJP, Mode.REVERSE))
    if check_forward_ad:
        asked.append((Operator.JVP, Mode.FORWARD))
    is_left = masked or check_batched_forward_grad
    reason = "sparse and batched forward derivatives are its own matter." if is_left else ""
    reason = reason or call.fault or call.judge(asked, raises=raise_exception, tolerance=nondet_tol)
    if reason == WRONG:
        return False
    if reason:
        warnings.warn(warning(call.name, "torch.autograd.gradcheck", reason), stacklevel=2)
        return bool(original_gradcheck(func, inputs, **options))
    try:
        if check_backward_ad:
            call.check_behaviour(
                undefined=check_undefined_grad,
                dtypes=check_grad_dtypes,
                batched=check_batched_grad,
                tolerance=nondet_tol,
            )
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Function,
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Check second derivatives of `func` by the tensors in `inputs` that require gradients.

    The parameters are those of `torch.autograd.gradgradcheck`; what is said of them at `gradcheck`
    holds here. What is judged is the derivative of the backward pass, by the inputs and by the
    cotangents, in which it is linear: so the numbers in `grad_outputs` do not matter.
    """
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise AssertionError("Ask for check_fwd_over_rev or check_rev_over_rev, or both.")
    options = {
        "eps": eps,
        "atol": atol,
        "rtol": rtol,
        "gen_non_contig_grad_outputs": gen_non_contig_grad_outputs,
        "raise_exception": raise_exception,
        "nondet_tol": nondet_tol,
        "check_undefined_grad": check_undefined_grad,
        "check_grad_dtypes": check_grad_dtypes,
        "check_batched_grad": check_batched_grad,
        "check_fwd_over_rev": check_fwd_over_rev,
        "check_rev_over_rev": check_rev_over_rev,
        "fast_mode": fast_mode,
        "masked": masked,
    }
    call = Call.of(func, inputs)
    asked: list[Asked] = []
    if check_rev_over_rev:
        asked += [(Operator.HVP, Mode.REVERSE_OVER_REVERSE), (Operator.JVP, Mode.REVERSE)]
    if check_fwd_over_rev:
        asked.append((Operator.HVP, Mode.FORWARD_OVER_REVERSE))
    reason = "batched second derivatives are its own matter." if check_batched_grad else ""
    reason = "sparse derivatives are its own matter." if masked else reason
    reason = reason or call.fault or call.judge(asked, raises=raise_exception, tolerance=nondet_tol)
    if reason == WRONG:
        return False
    if reason:
        warnings.warn(warning(call.name, "torch.autograd.gradgradcheck", reason), stacklevel=2)
        return bool(original_gradgradcheck(func, inputs, grad_outputs, **options))
    return True


WRONG = "wrong"
"""What a judgement says where a derivative is wrong and nothing is raised."""


def _check_flags(forward: bool, backward: bool, batched: bool) -> None:
    """Raise AssertionError, as PyTorch does, for flags that ask for nothing."""
    if not (forward or backward):
        raise AssertionError("Ask for check_forward_ad or check_backward_ad, or both.")
    if batched and not backward:
        raise AssertionError("check_batched_grad needs check_backward_ad.")


@dataclass(frozen=True)
class Call:
    """A function with the inputs that it is checked at."""

    function: Function
    inputs: tuple[Any, ...]
    kept: tuple[int, ...]
    """The places of the outputs that have gradients."""
    fault: str
    """Why the check is left to PyTorch's, in a sentence; "" where it is not."""

    @classmethod
    def of(cls, function: Function, inputs: Any) -> Call:
        """Call a function once. Raises ValueError where no input requires a gradient."""
        inputs = _as_tuple(inputs)
        watched = [x for x in inputs if isinstance(x, torch.Tensor) and x.requires_grad]
        if not watched:
            raise ValueError(
                "gradcheck was given no input that requires a gradient; set requires_grad=True on "
                "those to differentiate by."
            )
        outputs = _as_tuple(function(*inputs))
        kept = tuple(place for place, y in enumerate(outputs) if _has_gradient(y))
        fault = "" if kept else "no output requires a gradient."
        if any(x.layout is not torch.strided for x in (*watched, *_tensors(outputs))):
            fault = "it has tensors that are not dense."
        return cls(function, inputs, kept, fault)

    @property
    def name(self) -> str:
        """What the function is called."""
        return name_of(self.function)

    @property
    def watched(self) -> list[torch.Tensor]:
        """The inputs that are differentiated by."""
        return [x for x in _tensors(self.inputs) if x.requires_grad]

    @cached_property
    def judged(self) -> Function:
        """The function with those of its outputs alone that have gradients: one, or several."""

        @wraps(self.function, assigned=())
        def judged(*inputs: Any) -> Any:
            outputs = _as_tuple(self.function(*inputs))
            kept = tuple(outputs[place] for place in self.kept)
            return kept[0] if len(kept) == 1 else kept

        return judged

    def judge(self, asked: Sequence[Asked], *, raises: bool, tolerance: float) -> str:
        """Judge derivatives by the truth.

        Return "" where all are right, WRONG where one is not and nothing is to be raised, and else
        why they could not be judged. tolerance: what answers may differ by from call to call.
        """
        try:
            model = function_model(self.judged, self.inputs, {}, name=self.name)
            report = check_at_point(model, "torch", dtype_of_call(model), asked)
        except SpecError as refusal:
            return str(refusal)
        wrong = [row for row in report.rows if row.verdict is Verdict.WRONG]
        if tolerance and any(row.repeatable is False for row in wrong):
            return "its answers differ from call to call, for which it has nondet_tol."
        if wrong:
            if raises:
                raise GradcheckError(f"the derivatives are not right\n\n{report}")
            return WRONG
        return why_undecided(report)

    # ---- how a backward pass behaves

    def check_behaviour(
        self, *, undefined: bool, dtypes: bool, batched: bool, tolerance: float
    ) -> None:
        """Raise GradcheckError where a backward pass does not do what PyTorch asks of one."""
        cotangents = [torch.randn_like(y) for y in self._outputs()]
        first, again = self._pulled(cotangents), self._pulled(cotangents)
        for place, (gradient, other) in enumerate(zip(first, again, strict=True)):
            if not torch.allclose(gradient, other, rtol=0.0, atol=tolerance, equal_nan=True):
                raise GradcheckError(
                    f"The backward pass of {self.name} gave another gradient by input {place} the "
                    f"second time, beyond nondet_tol={tolerance:g}."
                )
        if dtypes:
            self._check_dtypes(cotangents)
        if undefined:
            self._check_undefined()
        if batched:
            self._check_batched(cotangents)

    def _outputs(self) -> list[torch.Tensor]:
        return list(_as_tuple(self.judged(*self.inputs)))

    def _pulled(self, cotangents: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """The gradients by all inputs; zeros where there is none."""
        gradients = torch.autograd.grad(
            self._outputs(),
            self.watched,
            list(cotangents),
            materialize_grads=True,
            allow_unused=True,
        )
        return list(gradients)

    def _check_dtypes(self, cotangents: Sequence[torch.Tensor]) -> None:
        for x, gradient in zip(self.watched, self._pulled(cotangents), strict=True):
            if gradient.dtype != x.dtype:
                raise GradcheckError(
                    f"The backward pass of {self.name} gave a gradient of {gradient.dtype} for an "
                    f"input of {x.dtype}; let it have the dtype of the input."
                )

    def _check_undefined(self) -> None:
        """Let the outputs have no gradient, all of them and then one after the other."""
        count = len(self.kept)
        choices = [tuple(range(count)), *((place,) for place in range(count) if count > 1)]
        for undefined in choices:
            outputs = [
                torch._C._functions.UndefinedGrad()(y) if place in undefined else y
                for place, y in enumerate(self._outputs())
            ]
            zeros = [torch.zeros_like(y) for y in outputs]
            try:
                gradients = torch.autograd.grad(outputs, self.watched, zeros, allow_unused=True)
            except RuntimeError as error:
                raise GradcheckError(
                    f"The backward pass of {self.name} raised where an output has no gradient, and "
                    f"must take it for zero: {error}"
                ) from error
            if any(gradient is not None and gradient.any() for gradient in gradients):
                raise GradcheckError(
                    f"The backward pass of {self.name} gave a gradient where no output has one; it "
                    "must be zero, or None."
                )

    def _check_batched(self, cotangents: Sequence[torch.Tensor]) -> None:
        """Pull several cotangents at once, as torch.func and is_grads_batched do."""
        others = [torch.randn_like(cotangent) for cotangent in cotangents]
        stacked = [torch.stack(pair) for pair in zip(cotangents, others, strict=True)]
        try:
            at_once = torch.autograd.grad(
                self._outputs(),
                self.watched,
                stacked,
                is_grads_batched=True,
                allow_unused=True,
                materialize_grads=True,
            )
        except RuntimeError as error:
            raise GradcheckError(
                f"The backward pass of {self.name} cannot pull several cotangents at once: {error}"
            ) from error
        pairs = zip(self._pulled(cotangents), self._pulled(others), strict=True)
        for batch, pair in zip(at_once, pairs, strict=True):
            if not torch.allclose(batch, torch.stack(pair)):
                raise GradcheckError(
                    f"The backward pass of {self.name} gives other gradients where it pulls "
                    "several cotangents at once than where it pulls them one by one."
                )


def _as_tuple(values: Any) -> tuple[Any, ...]:
    return tuple(values) if isinstance(values, tuple | list) else (values,)


def _tensors(values: Sequence[Any]) -> list[torch.Tensor]:
    return [value for value in values if isinstance(value, torch.Tensor)]


def _has_gradient(output: Any) -> bool:
    return isinstance(output, torch.Tensor) and output.requires_grad
