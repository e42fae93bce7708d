"""The plans of models in the process that has imported them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from adbench.cases.model import Model
from adbench.functions.function_model import dtype_of_call
from adbench.planning.model_plan import Assignment, ModelPlan
from adbench.planning.plan import plan_model
from adbench.registry import ModelSource
from adbench.running.beyond import groups_beyond


def plan_models(sources: Sequence[ModelSource], assignment: Assignment) -> list[ModelPlan]:
    """Plan models, with what is looked at beyond what was asked.

    Raises SpecError where one cannot be used.
    """
    plans = []
    for source in sources:
        if assignment.accuracy is not None:
            model = replace(source.model, accuracy=assignment.accuracy)
            source = replace(source, model=model)
        own = _in_own_dtype(source.model, assignment)
        plan = plan_model(source, own)
        plans.append(replace(plan, beyond=tuple(groups_beyond(source, own))))
    return plans


def _in_own_dtype(model: Model, assignment: Assignment) -> Assignment:
    """Ask a function as it stands in the dtype of its arguments, where none was named."""
    dtype = dtype_of_call(model)
    if assignment.named.dtypes or dtype in assignment.restriction.dtypes:
        return assignment
    return replace(
        assignment,
        restriction=replace(assignment.restriction, dtypes=(dtype,)),
        named=replace(assignment.named, dtypes=(dtype,)),
    )
