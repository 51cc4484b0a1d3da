"""Taking teardowns out of a scope while others open and close in it: each is run by one of them."""

from __future__ import annotations

from collections.abc import Callable

from trunkline.resolution.exits import Callback, Exit, take_exits


class Names(frozenset[str]):
    """Names of providers; something else happens to the scope as they are looked at."""

    meanwhile: Callable[[], object]

    def __contains__(self, name: object) -> bool:
        self.meanwhile()
        return super().__contains__(name)


def exit_of(name: str) -> Exit:
    return Callback.SYNC, object(), name, None


def test_what_is_taken_is_gone_and_the_rest_stays_in_order() -> None:
    exits = [exit_of(name) for name in "abac"]
    a, b, other_a, c = exits
    assert take_exits(exits, {"a"}) == [a, other_a]
    assert exits == [b, c]
    assert take_exits(exits, {"a"}) == []


def test_what_others_open_meanwhile_stays() -> None:
    exits, opened = [exit_of("a"), exit_of("b")], exit_of("c")
    names = Names("a")
    names.meanwhile = lambda: exits.append(opened) if opened not in exits else None
    take_exits(exits, names)
    assert [name for _, _, name, _ in exits] == ["b", "c"]


def test_what_the_closing_scope_has_taken_is_left_to_it() -> None:
    exits = [exit_of("a")]
    names = Names("a")
    names.meanwhile = exits.clear
    assert take_exits(exits, names) == []
