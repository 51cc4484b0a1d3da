"""Objects that the container's start has built, asked for in the scopes inside."""

from __future__ import annotations

import pytest

from trunkline import Scope, ScopedContainer, override, providers
from trunkline.errors import ScopeClosedError, ScopeCloseError
from trunkline.resolution.scope import OpenScope


class Settings:
    """What every scope reads."""


class Application(ScopedContainer):
    """One object that exists from the start, one that is built when it is asked for."""

    settings = providers.Singleton(Settings)
    constant = providers.Object("constant")
    thing = providers.Scoped(Settings)


def test_every_scope_gives_the_object_that_the_start_built() -> None:
    with Application() as app:
        settings = app.get(Application.settings)
        with app.enter(scope=Scope.SESSION) as session, session.enter() as request:
            for _ in range(3):  # the first use finds the object, the others have it
                for scope in (session, request):
                    assert scope.get(Application.settings) is settings
                    assert scope.settings() is settings  # type: ignore[attr-defined]  # compiled


@pytest.mark.parametrize("uses", [0, 1, 2])
@pytest.mark.parametrize("name", ["settings", "constant"])
def test_a_closed_scope_refuses_it(uses: int, name: str) -> None:
    provider = getattr(Application, name)
    with Application() as app, app.enter() as other:
        with app.enter() as request:
            for _ in range(uses):
                request.get(provider)
        with pytest.raises(ScopeClosedError):
            request.get(provider)
        with pytest.raises(ScopeClosedError):
            getattr(request, name)()
        other.get(provider)


@pytest.mark.parametrize("uses", [0, 1, 2])
@pytest.mark.parametrize("name", ["settings", "constant"])
def test_a_scope_inside_a_closed_one_refuses_it(uses: int, name: str) -> None:
    provider = getattr(Application, name)
    with Application() as app:
        session = app.enter(scope=Scope.SESSION, ambient=False)
        request = session.enter(ambient=False)
        for _ in range(uses):
            request.get(provider)
        session.close()
        with pytest.raises(ScopeClosedError):
            request.get(provider)
        with pytest.raises(ScopeClosedError):
            getattr(request, name)()
        with pytest.raises(ScopeCloseError):  # closed too late
            request.close()


@pytest.mark.parametrize("uses", [0, 1, 2])
def test_a_scope_of_a_stopped_container_refuses_it(uses: int) -> None:
    app = Application()
    with app:
        request: OpenScope = app.enter(ambient=False)
        for _ in range(uses):
            request.get(Application.settings)
    with pytest.raises(ScopeClosedError):
        request.get(Application.settings)
    with pytest.raises(ScopeClosedError):
        request.settings()  # type: ignore[attr-defined]  # compiled


@pytest.mark.parametrize("uses", [0, 1, 2])
def test_an_override_is_seen_after_the_object_has_been_used(uses: int) -> None:
    fake = Settings()
    with Application() as app, app.enter() as request:
        real = app.get(Application.settings)
        for _ in range(uses):
            assert request.get(Application.settings) is real
        with override(app, {Application.settings: fake}):
            for _ in range(3):
                assert request.get(Application.settings) is fake
                assert request.settings() is fake  # type: ignore[attr-defined]  # compiled
        assert request.get(Application.settings) is real
