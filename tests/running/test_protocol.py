"""Every message arrives as it was sent; what cannot be understood is refused in one sentence."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from enum import Enum
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adbench.cases import Case, Mode, Operator
from adbench.results.row import Row
from adbench.running import protocol
from adbench.running.protocol import CellRow, ProtocolError, Sample, TruthBroken
from adbench.timing.sampling import Sampling


def values(kind):
    """Any value of the type of a message's field."""
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return st.builds(
            kind, **{field.name: values(hints[field.name]) for field in dataclasses.fields(kind)}
        )
    if isinstance(kind, types.UnionType):
        return st.one_of([values(member) for member in typing.get_args(kind)])
    if typing.get_origin(kind) is tuple:
        return st.lists(values(typing.get_args(kind)[0]), max_size=3).map(tuple)
    if typing.get_origin(kind) is dict:
        keys, items = typing.get_args(kind)
        return st.dictionaries(values(keys), values(items), max_size=2)
    if typing.get_origin(kind) is Mapping:
        return st.dictionaries(*map(values, typing.get_args(kind)), max_size=3)
    if issubclass(kind, Enum):
        return st.sampled_from(kind)
    return {
        float: st.floats(),
        int: st.integers(-(2**63), 2**64 - 1),
        bool: st.booleans(),
        str: st.text(),
        types.NoneType: st.none(),
    }[kind]


def as_text(message):
    """A message as text, in which nan equals nan."""
    return repr((type(message), dataclasses.asdict(message)))


@pytest.mark.parametrize("kind", protocol.KINDS)
@settings(deadline=None)
@given(data=st.data())
def test_every_message_arrives_as_it_was_sent(kind, data):
    message = data.draw(values(protocol.KINDS[kind]))
    serial = data.draw(st.integers(0, 2**63))
    delivery = protocol.decode(protocol.encode(serial, message))
    assert delivery.serial == serial
    assert as_text(delivery.message) == as_text(message)


def test_every_kind_of_message_is_a_request_or_a_reply():
    assert set(protocol.KINDS.values()) == set(typing.get_args(protocol.Message))
    assert set(protocol.REPLIES) == set(typing.get_args(protocol.Request))


def test_numpy_scalars_arrive_as_the_numbers_they_are():
    case = Case("mlp", "small", "float64", Operator.GRADIENT, 1, Mode.REVERSE)
    message = CellRow(Row.begun(case, "torch:eager", median_s=np.float64(1.5)))
    delivered = protocol.decode(protocol.encode(1, message)).message
    assert type(delivered.row.median_s) is float and delivered.row.median_s == 1.5


def envelope(**changes):
    fields = {
        "version": protocol.VERSION,
        "serial": 7,
        "kind": "TruthBroken",
        "body": {"message": "cell"},
    }
    return msgspec.msgpack.encode({**fields, **changes})


def test_an_envelope_is_four_fields_that_any_version_can_read():
    assert protocol.decode(envelope()) == protocol.Delivery(7, TruthBroken("cell"))
    written = msgspec.msgpack.decode(protocol.encode(7, TruthBroken("cell")))
    assert written == msgspec.msgpack.decode(envelope())


def test_a_field_that_is_not_known_is_left_out():
    assert protocol.decode(
        envelope(body={"message": "cell", "why": "done"})
    ).message == TruthBroken("cell")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"version": 99, "body": {"name": "cell"}},
            "The message is of version 99 of the protocol, and this side speaks version "
            f"{protocol.VERSION}; install the same version of adbench on both sides.",
        ),
        (
            {"kind": "Opne"},
            f"There is no kind of message 'Opne' in version {protocol.VERSION} of the protocol; "
            "the kinds are Start, PlanModels, EstablishTruth, Open, Sample, SweepSteps, DrawGraph, "
            "ExplainCell, Started, StartFailed, ModelsPlanned, UserCodeFailed, TruthEstablished, "
            "TruthBroken, TruthUnwritten, ModelChanged, CellOpen, CellRow, Sampled, StepsSwept, "
            "GraphDrawn, CellExplained, Refused.",
        ),
        (
            {"body": {"message": 3}},
            "The message TruthBroken cannot be read: Expected `str`, got `int` - at `$.message`.",
        ),
    ],
)
def test_what_cannot_be_understood_is_said_in_one_sentence_with_its_serial(changes, sentence):
    with pytest.raises(ProtocolError) as caught:
        protocol.decode(envelope(**changes))
    assert str(caught.value) == sentence
    assert caught.value.serial == 7


@given(st.binary(max_size=40))
def test_bytes_that_are_no_message_are_refused(data):
    with pytest.raises(ProtocolError, match="What arrived is no message of adbench"):
        protocol.decode(data)


def test_a_sample_keeps_its_seconds_to_the_last_bit():
    sample = Sample(("cell",), Sampling(precision=0.1 + 0.2, most_s=5e-324))
    assert protocol.decode(protocol.encode(1, sample)).message == sample


def test_the_page_of_the_protocol_names_every_message():
    page = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
    assert [kind for kind in protocol.KINDS if f"`{kind}`" not in page] == []
