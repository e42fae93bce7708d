"""A plan dealt out to shards, of about one length, each comparison to one of them."""

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adbench import registry
from adbench.backends.catalog import REFERENCE
from adbench.cases import SpecError
from adbench.planning import plan as planning
from adbench.planning.settings import DEFAULT, Settings
from adbench.planning.shard import Shard, deal, digest_of, expected_seconds, shard_of_plan
from adbench.running.step_sweeps import subjects


@cache
def whole_plan():
    models = registry.find_models(["mlp", "dense", "tanh", "chain", "deep"])
    return planning.make_plan(models, REFERENCE, Settings(effort=DEFAULT))


@given(st.integers(1, 60))
def test_every_comparison_is_in_one_shard(count):
    dealt = deal(whole_plan(), count)
    assert len(dealt) == count
    assert sorted(place for places in dealt for place in places) == list(
        range(len(whole_plan().groups))
    )


@given(st.integers(2, 12))
def test_no_shard_is_longer_than_another_by_more_than_the_longest_comparison(count):
    plan = whole_plan()
    expected = [expected_seconds(plan, group) for group in plan.groups]
    loads = [sum(expected[place] for place in places) for places in deal(plan, count)]
    assert max(loads) - min(loads) <= max(expected) + 1e-9


@given(st.integers(1, 12))
def test_the_shards_cells_and_step_sweeps_are_those_of_the_whole(count):
    plan = whole_plan()
    shards = [shard_of_plan(plan, Shard(number, count)) for number in range(1, count + 1)]
    assert sum(shard.total for shard in shards) == plan.total
    swept = [subject for shard in shards for subject in subjects(shard)]
    assert {s.describe() for s in swept} == {s.describe() for s in subjects(plan)}
    assert len(swept) == len(subjects(plan))


def test_a_shard_says_which_part_of_which_plan_it_is():
    plan = whole_plan()
    part = shard_of_plan(plan, Shard(2, 5)).part
    assert (part.shard, part.comparisons) == ("2/5", len(plan.groups))
    assert part.whole == digest_of(plan)
    other = replace(plan, groups=plan.groups[1:])
    assert digest_of(other) != digest_of(plan)


def test_a_comparison_of_a_hessian_is_expected_to_take_longer_than_one_of_a_value():
    plan = whole_plan()
    seconds = {
        group.question.operator.value: expected_seconds(plan, group)
        for group in plan.groups
        if group.question.model == "mlp" and group.question.size == "8-16-1x8"
    }
    assert seconds["value"] < seconds["gradient"] < seconds["hessian"]


@pytest.mark.parametrize("text", ["0/8", "9/8", "3", "3/", "/8", "a/b", "-1/2", "1/1000000", "1/0"])
def test_what_is_no_shard_ends_in_one_sentence(text):
    with pytest.raises(SpecError, match="such as 3/8"):
        Shard.parse(text)


def test_a_shard_is_written_as_it_is_read():
    assert str(Shard.parse("3/8")) == "3/8"
