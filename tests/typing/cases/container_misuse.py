"""What type checkers refuse: each wrong line has an ignore, and unused ignores are errors."""

from typing import Annotated

from trunkline import Inject, Scope, ScopedContainer, inject, providers


class Engine:
    """Anything."""


class Application(ScopedContainer):
    """One provider."""

    engine = providers.Scoped(Engine)


@inject
def take(engine: Annotated[Engine, Inject(Application.engine)]) -> Engine:
    return engine


def misuse(app: Application) -> None:
    app.get(Engine)  # type: ignore[arg-type]
    app.enter(scope="REQUEST")  # type: ignore[arg-type]
    app.get(Application.motor)  # type: ignore[attr-defined]
    wrong: int = app.get(Application.engine)  # type: ignore[assignment]
    take(wrong)  # type: ignore[arg-type]
    take(motor=wrong)  # type: ignore[call-arg]
    providers.Scoped(Engine, scope="REQUEST")  # type: ignore[call-overload]
    providers.ScopeValue(Scope.REQUEST)  # type: ignore[arg-type]
    Inject(Engine)  # type: ignore[arg-type]
