"""Functions that take what they need from the ambient scope: ``@inject`` and ``Inject``.

A parameter is marked by its annotation::

    @inject
    async def report(day: date, engine: Annotated[Engine, Inject(Application.engine)]) -> str: ...

    await report(today)  # the engine of the scope that is open here
    await report(today, engine=fake)  # an explicit argument wins

Who sees what: type checkers see the function's own signature (a caller that leaves the parameter
out satisfies them where its default is :data:`INJECTED`); ``inspect.signature``, and so every
framework that passes arguments by it, sees it without the injected parameters.

An injected function is known, weakly, to the providers that it names, which is how the check of a
container finds the functions that use it: no list of modules, no import scan, no global registry,
and a function that is collected is forgotten.
"""

from trunkline.wiring.injecting import inject
from trunkline.wiring.marker import INJECTED, Inject

__all__ = ["INJECTED", "Inject", "inject"]
