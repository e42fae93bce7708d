"""The plans of models in the process that has imported them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

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
        plan = plan_model(source, assignment)
        plans.append(replace(plan, beyond=tuple(groups_beyond(source, assignment))))
    return plans
