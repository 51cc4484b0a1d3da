"""A scope's class is handed out when it is whole."""

from __future__ import annotations

import threading
from typing import Any

from trunkline import OpenScope, Scope, ScopedContainer, providers


class Application(ScopedContainer):
    """One object in each of two scopes."""

    settings = providers.Scoped(dict, scope=Scope.SESSION)
    thing = providers.Scoped(dict)


def test_threads_that_open_a_scope_for_the_first_time_wait_until_its_class_is_whole() -> None:
    app = Application()
    opened: list[OpenScope] = []
    was_early: list[bool] = []
    threads: list[threading.Thread] = []

    def open_another() -> None:
        opened.append(app.enter(scope=Scope.SESSION, ambient=False))

    def while_the_class_is_made(cls: Any) -> None:
        if cls._path[-1] == "SESSION":
            thread = threading.Thread(target=open_another)
            thread.start()
            thread.join(0.05)
            was_early.append(not thread.is_alive())
            threads.append(thread)

    with app:
        root: Any = app.root_scope()
        root._program.loaded = while_the_class_is_made
        session = app.enter(scope=Scope.SESSION, ambient=False)
        for thread in threads:
            thread.join()
        assert was_early == [False]
        assert type(opened[0]) is type(session)
        opened[0].enter().close()
