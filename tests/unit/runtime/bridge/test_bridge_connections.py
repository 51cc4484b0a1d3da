"""The registry counts connections, keeps to its limit, and knows whose each is."""

from dataclasses import dataclass

import pytest

from trunkline_runtime.bridge import ConnectionRegistry
from trunkline_runtime.context import ConnectionId, UserId
from trunkline_runtime.errors import EngineBusy, ForeignContext

ALICE, BOB = UserId("alice"), UserId("bob")


@dataclass(eq=False)
class FakeConnection:
    connection_id: ConnectionId
    user_id: UserId

    def offer(self, frame):
        return True


def connection(name="c-1", user=ALICE):
    return FakeConnection(ConnectionId(name), user)


def test_connections_are_listed_by_user_in_the_order_they_came():
    registry = ConnectionRegistry(10)
    first, second, other = connection(), connection("c-2"), connection("c-3", BOB)
    for one in (first, second, other):
        registry.open(one.user_id, one)
    assert registry.connections(ALICE) == (first, second)
    assert registry.connections(BOB) == (other,)
    assert registry.connections(UserId("carol")) == ()
    assert registry.count() == 3


def test_closing_is_once_and_makes_room():
    registry = ConnectionRegistry(1)
    first, second = connection(), connection("c-2")
    registry.open(ALICE, first)
    with pytest.raises(EngineBusy, match="limit of 1 connections"):
        registry.open(ALICE, second)
    registry.close(first)
    registry.close(first)
    registry.close(second)
    registry.open(ALICE, second)
    assert registry.connections(ALICE) == (second,)
    assert registry.count() == 1


def test_opening_the_same_connection_again_counts_it_once():
    registry = ConnectionRegistry(1)
    one = connection()
    registry.open(ALICE, one)
    registry.open(ALICE, one)
    assert registry.count() == 1


def test_a_connection_of_another_user_is_refused():
    with pytest.raises(ForeignContext, match=r"'bob'.*'alice'"):
        ConnectionRegistry(1).open(ALICE, connection(user=BOB))


def test_two_connections_with_one_identifier_are_refused():
    registry = ConnectionRegistry(5)
    registry.open(ALICE, connection())
    with pytest.raises(ValueError, match="already open"):
        registry.open(ALICE, connection())


def test_a_connection_that_shares_an_identifier_cannot_close_the_other():
    registry = ConnectionRegistry(5)
    mine = connection()
    registry.open(ALICE, mine)
    registry.close(connection())
    assert registry.connections(ALICE) == (mine,)


def test_a_registry_that_takes_nobody_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        ConnectionRegistry(0)
