"""The smallest application with a request scope: what ``import time`` declares and starts."""

from trunkline import ScopedContainer, providers


class Engine:
    """Something to build."""

    def __init__(self, context: str) -> None:
        self.context = context


class Application(ScopedContainer):
    """A value and an object over it."""

    context = providers.ScopeValue(str)
    engine = providers.Scoped(Engine, context)


with Application() as app, app.enter("value") as scope:
    scope.get(Application.engine)
