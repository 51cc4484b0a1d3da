"""Frames reach every connection of their user, in order, and nobody else's."""

import asyncio

import pytest

from trunkline_runtime.backplane import BackplaneStopped, EmbeddedBackplane

pytestmark = pytest.mark.asyncio


class Listener:
    def __init__(self, takes=True):
        self.frames = []
        self.takes = takes

    def __call__(self, frame):
        if self.takes:
            self.frames.append(frame)
        return self.takes


async def test_a_frame_reaches_all_connections_of_its_user_and_no_other():
    backplane = EmbeddedBackplane()
    first, second, other = Listener(), Listener(), Listener()
    backplane.subscribe("alice", first)
    backplane.subscribe("alice", second)
    backplane.subscribe("bob", other)
    assert await backplane.publish("alice", "one") == 2
    assert (first.frames, second.frames, other.frames) == (["one"], ["one"], [])
    assert await backplane.publish("carol", "nobody") == 0


async def test_a_full_or_broken_connection_is_not_counted_and_holds_up_nobody(caplog):
    def broken(frame):
        raise RuntimeError("no")

    backplane = EmbeddedBackplane()
    last = Listener()
    for deliver in (Listener(takes=False), broken, last):
        backplane.subscribe("alice", deliver)
    assert await backplane.publish("alice", "one") == 1
    assert last.frames == ["one"]
    assert caplog.records[0].user_id == "alice"


async def test_a_closed_subscription_gets_nothing_more_and_closing_twice_is_once():
    backplane = EmbeddedBackplane()
    listener, other = Listener(), Listener()
    subscription = backplane.subscribe("alice", listener)
    backplane.subscribe("alice", other)
    subscription.close()
    subscription.close()
    assert await backplane.publish("alice", "one") == 1
    assert (listener.frames, other.frames) == ([], ["one"])


async def test_one_callable_subscribed_twice_is_two_subscriptions():
    backplane = EmbeddedBackplane()
    listener = Listener()
    first = backplane.subscribe("alice", listener)
    backplane.subscribe("alice", listener)
    assert await backplane.publish("alice", "one") == 2
    first.close()
    assert await backplane.publish("alice", "two") == 1


async def test_a_connection_may_close_itself_while_a_frame_is_delivered():
    backplane = EmbeddedBackplane()
    later = Listener()

    def leaves(frame):
        subscription.close()
        return False

    subscription = backplane.subscribe("alice", leaves)
    backplane.subscribe("alice", later)
    assert await backplane.publish("alice", "one") == 1
    assert backplane.subscribers("alice") == 1


async def test_nothing_is_kept_of_a_user_without_connections():
    backplane = EmbeddedBackplane()
    backplane.subscribe("alice", Listener()).close()
    assert backplane._shards == {}


async def test_stopping_drops_everybody_and_refuses_newcomers_until_started_again():
    backplane = EmbeddedBackplane()
    listener = Listener()
    subscription = backplane.subscribe("alice", listener)
    await backplane.stop()
    await backplane.stop()
    assert await backplane.publish("alice", "one") == 0
    with pytest.raises(BackplaneStopped):
        backplane.subscribe("alice", listener)
    await backplane.start()
    backplane.subscribe("alice", listener)
    subscription.close()  # of the time before: it changes nothing now
    assert await backplane.publish("alice", "two") == 1


async def test_publishing_never_suspends():
    """So that events published one after the other cannot overtake each other."""
    backplane = EmbeddedBackplane()
    backplane.subscribe("alice", Listener())
    publishing = backplane.publish("alice", "one")
    with pytest.raises(StopIteration) as finished:
        publishing.send(None)
    assert finished.value.value == 1
    await asyncio.sleep(0)
