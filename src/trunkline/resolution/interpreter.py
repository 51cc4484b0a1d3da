"""The plan, followed step by step: what the compiled program has to agree with.

Dictionaries instead of slots, locks instead of rights to build, one function instead of one a
provider: slow and plain. Tests draw graphs and let both run them; nothing else uses this module.
What both share is the plan, the matching of values and the order of teardowns.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Coroutine, Iterator, Mapping
from typing import Any, Self

from trunkline.ambient import ambient_scope
from trunkline.compiler.planner import NodePlan, Plan
from trunkline.errors import (
    AsyncResolutionError,
    CircularResolutionError,
    ResourceProtocolError,
    ScopeClosedError,
    ScopeNotOpenError,
    UnknownProviderError,
)
from trunkline.graph.blueprint import Argument, Constant, Opening, Recipe
from trunkline.resolution.exits import (
    Callback,
    Exit,
    raise_failures,
    run_exits,
    run_exits_async,
)
from trunkline.resolution.unopened import refuse_unopened
from trunkline.resolution.values import match_values

__all__ = ["InterpretedScope", "Interpreter"]


class Interpreter:
    """Runs a plan.

    Args:
        plan: What to run.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.name = plan.blueprint.graph.name

    def start(self) -> InterpretedScope:
        """Open the outermost scope; ``with`` or ``async with`` builds what is built eagerly."""
        return InterpretedScope(self, self.plan.blueprint.graph.scopes[:1], None, {})

    def node_of(self, provider: Any) -> NodePlan:
        """The node that a provider stands for.

        Raises:
            UnknownProviderError: It stands for none.
        """
        name = self.plan.blueprint.keys.get(provider)
        if name is None:
            raise UnknownProviderError(f"{self.name} has no provider {provider!r}")
        return self.plan.nodes[name]


class InterpretedScope:
    """An open scope; see :class:`trunkline.OpenScope`, of which it has the essential part."""

    def __init__(
        self,
        interpreter: Interpreter,
        path: tuple[str, ...],
        parent: InterpretedScope | None,
        values: dict[str, object],
    ) -> None:
        self.interpreter = interpreter
        self.path = path
        self.parent = parent
        self.objects: dict[str, object] = values
        self.exits: list[Exit] = []
        self.is_open = True
        self.is_left = False  # once its teardowns, which may read what is built, have ended
        self._building: set[str] = set()
        self._lock = threading.RLock()
        self._locks: dict[str, asyncio.Lock] = {}
        self._token: Any = None

    # what users call

    def get(self, provider: Any) -> Any:
        """The provider's object."""
        self._check_left()
        node = self.interpreter.node_of(provider)
        if node.is_async:
            raise AsyncResolutionError(f"{node.name} must be awaited")
        return _drive(self._resolve(node))

    async def aget(self, provider: Any) -> Any:
        """The same, awaited."""
        self._check_left()
        return await self._resolve(self.interpreter.node_of(provider))

    def enter(
        self, *values: object, scope: str, given: Mapping[Any, object] | None = None
    ) -> InterpretedScope:
        """Open a scope inside this one."""
        self._check_open()
        interpreter = self.interpreter
        declared = interpreter.plan.values_of([scope])
        matched = match_values(declared, values, given or {}, interpreter.node_of, scope)
        named = {node.name: value for node, value in zip(declared, matched, strict=True)}
        return InterpretedScope(interpreter, (*self.path, scope), self, named)

    def resolve(self, provider: Any) -> Any:
        """As the ambient scope, for providers that are called."""
        node = self.interpreter.node_of(provider)
        if not node.constant:
            self._owner(node)  # a scope that isn't open is told by the call, not by its await
        return self._resolve(node) if node.is_async else _drive(self._resolve(node))

    def knows(self, provider: Any) -> bool:
        """Whether the container has this provider."""
        return provider in self.interpreter.plan.blueprint.keys

    def _around(self) -> InterpretedScope | None:
        return self.parent

    # beginning and end

    def __enter__(self) -> Self:
        self._token = ambient_scope.set(self)
        try:
            for node in self._eager():
                if node.awaited or node.recipe.close_awaits:
                    raise AsyncResolutionError(f"{node.name} must be awaited")
                _drive(self._resolve(node))
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    async def __aenter__(self) -> Self:
        self._token = ambient_scope.set(self)
        try:
            for node in self._eager():
                await self._resolve(node)
        except BaseException as error:
            await self.__aexit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        ambient_scope.reset(self._token)
        self.is_open = False
        failures = run_exits(self.exits, error)
        self.objects.clear()
        self.is_left = True
        raise_failures(self.path[-1], failures, error)

    async def __aexit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        ambient_scope.reset(self._token)
        self.is_open = False
        failures = await run_exits_async(self.exits, error)
        self.objects.clear()
        self.is_left = True
        raise_failures(self.path[-1], failures, error)

    def _eager(self) -> Iterator[NodePlan]:
        plan = self.interpreter.plan
        return (plan.nodes[name] for name in (plan.blueprint.eager if self.parent is None else ()))

    def _check_open(self) -> None:
        if not all(scope.is_open for scope in self._lineage()):
            raise ScopeClosedError(f"a {self.path[-1]} scope was used after it closed")

    def _check_left(self) -> None:
        if any(scope.is_left for scope in self._lineage()):
            raise ScopeClosedError(f"a {self.path[-1]} scope was used after it closed")

    def _lineage(self) -> Iterator[InterpretedScope]:
        scope: InterpretedScope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    # resolving

    async def _resolve(self, node: NodePlan) -> Any:
        if node.constant:
            return node.recipe.call
        owner = self._owner(node)
        if node.name in owner.objects:
            return owner.objects[node.name]
        owner._check_open()
        if not node.stored:
            return await owner._make(node)
        if node.awaited:
            async with owner._locks.setdefault(node.name, asyncio.Lock()):
                return await owner._build(node)
        with owner._lock:
            return await owner._build(node)

    async def _build(self, node: NodePlan) -> Any:
        if node.name in self.objects:
            return self.objects[node.name]
        if node.name in self._building:
            raise CircularResolutionError(f"{node.name} was asked for while it was being built")
        self._building.add(node.name)
        try:
            self.objects[node.name] = await self._make(node)
        except Exception as error:
            error.add_note(f"trunkline: while {node.node.label} was built in {self.path[-1]}")
            raise
        finally:
            self._building.discard(node.name)
        return self.objects[node.name]

    def _owner(self, node: NodePlan) -> InterpretedScope:
        owner: InterpretedScope | None = self
        while owner is not None and owner.path[-1] != node.home:
            owner = owner.parent
        if owner is None:
            raise ScopeNotOpenError(f"{node.name} lives in a {node.home} scope, and none is open")
        return owner

    async def _make(self, node: NodePlan) -> Any:
        recipe = node.recipe
        args = [await self._argument(argument) for argument in recipe.args]
        kwargs = {key: await self._argument(argument) for key, argument in recipe.kwargs}
        attributes = {key: await self._argument(argument) for key, argument in recipe.attributes}
        value = await self._open(node, recipe, args, kwargs)
        for key, attribute in attributes.items():
            setattr(value, key, attribute)
        if recipe.close:
            kind = Callback.ASYNC if recipe.close_awaits else Callback.SYNC
            entry = (kind, getattr(value, recipe.close), node.name, recipe.close_seconds)
            self.exits.append(entry)
        return value

    async def _argument(self, argument: Argument) -> Any:
        if isinstance(argument, Constant):
            return argument.value
        return await self._resolve(self.interpreter.plan.nodes[argument.name])

    async def _open(
        self, node: NodePlan, recipe: Recipe, args: list[Any], kwargs: dict[str, Any]
    ) -> Any:
        match recipe.opening:
            case Opening.ATTRIBUTE:
                return getattr(args[0], args[1]) if len(args) > 1 else args[0]
            case Opening.ITEM:
                return args[0][args[1]]
            case Opening.METHOD:
                return args[0](*args[1:], **kwargs)
            case Opening.LIVE:
                return await self._live(node)
            case Opening.CALL | Opening.COROUTINE:
                made = recipe.call(*args, **kwargs)
                value = await made if recipe.opening is Opening.COROUTINE else made
                if node.unclosed:
                    refuse_unopened(node, value)
                return value
            case opening:
                resource = recipe.call(*args, **kwargs)
                value = await _begin(opening, resource, node.name)
                self.exits.append((opening, resource, node.name, recipe.close_seconds))
                return value

    async def _live(self, node: NodePlan) -> Any:
        token = ambient_scope.set(self)
        try:
            made = node.recipe.call()
            return await made if node.awaited and isinstance(made, Awaitable) else made
        finally:
            ambient_scope.reset(token)


async def _begin(opening: Opening, resource: Any, name: str) -> Any:
    try:
        match opening:
            case Opening.GENERATOR:
                return next(resource)
            case Opening.ASYNC_GENERATOR:
                return await anext(resource)
            case Opening.CONTEXT_MANAGER:
                return resource.__enter__()
            case _:
                return await resource.__aenter__()
    except (StopIteration, StopAsyncIteration):
        raise ResourceProtocolError(
            f"the generator of {name} ended without yielding an object"
        ) from None


def _drive(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that has nothing to await."""
    try:
        coroutine.send(None)
    except StopIteration as result:
        return result.value
    coroutine.close()
    raise AssertionError("what the plan calls sync has awaited")
