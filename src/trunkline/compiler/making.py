"""Python source that makes one object from its arguments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from trunkline.compiler.names import Lines, is_literal, is_name
from trunkline.compiler.planner import NodePlan, Plan
from trunkline.graph.blueprint import Argument, Constant, Opening, Recipe

__all__ = ["Making"]


@dataclass(kw_only=True, eq=False, repr=False)
class Making(Lines):
    """What makes the objects of a scope.

    Attributes:
        plan: The plan of the container.
        path: The scopes that are open, outermost first; the last is the one to write.
        locked: Whether many threads and tasks may use one scope at once.
        settled: Gives the object of a node that the container's start has built.
    """

    plan: Plan
    path: tuple[str, ...]
    locked: bool
    settled: Callable[[NodePlan], object]
    _locals: set[str] = field(default_factory=set)

    @property
    def scope(self) -> str:
        """The scope to write."""
        return self.path[-1]

    @property
    def is_root(self) -> bool:
        """Whether it is the outermost one."""
        return len(self.path) == 1

    def _write_in_line(self, depth: int, node: NodePlan) -> str | None:
        """Lines that build another node's object here; its local, or None where calls do that."""
        raise NotImplementedError

    def _write_unmarked(self, depth: int) -> None:
        """A line before what may fail by itself, where something was built in line before it."""
        raise NotImplementedError

    def _write_making(self, depth: int, node: NodePlan, value: str = "value") -> None:
        """Lines that leave the node's object in a local."""
        recipe = node.recipe
        args = [self._argument(depth, argument) for argument in recipe.args]
        kwargs = [(key, self._argument(depth, argument)) for key, argument in recipe.kwargs]
        attributes = [(key, self._argument(depth, argument)) for key, argument in recipe.attributes]
        self._write_unmarked(depth)
        match recipe.opening:
            case Opening.ATTRIBUTE | Opening.ITEM:
                self._line(depth, f"{value} = {self._viewed(recipe, args)}")
            case Opening.LIVE:
                self._line(depth, f"{value} = {self._called_live(node)}")
            case Opening.METHOD:
                self._line(depth, f"{value} = {args[0]}({_passed(args[1:], kwargs)})")
            case Opening.DELEGATED:
                wait = "await " if node.is_async else ""
                self._line(depth, f"{value} = {wait}self._origin.{recipe.call}()")
            case Opening.CALL | Opening.COROUTINE:
                wait = "await " if recipe.opening is Opening.COROUTINE else ""
                call = f"{self._callable(recipe.call)}({_passed(args, kwargs)})"
                self._line(depth, f"{value} = {wait}{call}")
                if node.unclosed:
                    self._line(depth, f"self._refuse_unopened({node.name!r}, {value})")
            case _:
                call = f"{self._callable(recipe.call)}({_passed(args, kwargs)})"
                self._write_opening(depth, node, call, value)
        for key, part in attributes:
            if is_name(key):
                self._line(depth, f"{value}.{key} = {part}")
            else:
                self._line(depth, f"setattr({value}, {key!r}, {part})")
        if recipe.close:
            kind = "ACLOSE" if recipe.close_awaits else "CLOSE"
            entry = f"{kind}, {value}.{recipe.close}, {node.name!r}, {recipe.close_seconds!r}"
            self._line(depth, f"self._exits.append(({entry}))")
            self._write_note(depth, node)

    def _write_note(self, depth: int, node: NodePlan) -> None:
        if node.name in self.plan.noted:
            self._line(depth, "NOTE(self)")

    def _viewed(self, recipe: Recipe, args: list[str]) -> str:
        """The expression that reads a part of another object."""
        if len(args) == 1:
            return args[0]
        base = f"({args[0]})" if args[0][0] in "-0123456789" else args[0]
        if recipe.opening is Opening.ITEM:
            return f"{base}[{args[1]}]"
        key = recipe.args[1]
        if isinstance(key, Constant) and isinstance(key.value, str) and is_name(key.value):
            return f"{base}.{key.value}"
        return f"getattr({base}, {args[1]})"

    def _called_live(self, node: NodePlan) -> str:
        """The expression that calls a stock provider."""
        provider = self._name(node.attr.upper(), node.recipe.call)
        if node.awaited:
            return f"await self._live_async({provider})"
        return f"self._live({provider})" if node.recipe.reaches_scope else f"{provider}()"

    def _write_opening(self, depth: int, node: NodePlan, call: str, value: str) -> None:
        """Open a resource and note its teardown."""
        entry = (
            f"{node.recipe.opening.name}, _resource, {node.name!r}, {node.recipe.close_seconds!r}"
        )
        self._line(depth, f"_resource = {call}")
        match node.recipe.opening:
            case Opening.ASYNC_GENERATOR:
                self._line(depth, "try:")
                self._line(depth + 1, f"{value} = await _resource.__anext__()")
                self._line(depth, "except StopAsyncIteration:")
                self._line(depth + 1, f"raise self._yields_never({node.name!r}) from None")
            case Opening.GENERATOR:
                self._line(depth, "try:")
                self._line(depth + 1, f"{value} = _resource.__next__()")
                self._line(depth, "except StopIteration:")
                self._line(depth + 1, f"raise self._yields_never({node.name!r}) from None")
            case Opening.ASYNC_CONTEXT_MANAGER:
                self._line(depth, f"{value} = await _resource.__aenter__()")
            case _:
                self._line(depth, f"{value} = _resource.__enter__()")
        self._line(depth, f"self._exits.append(({entry}))")
        self._write_note(depth, node)

    # arguments

    def _argument(self, depth: int, argument: Argument) -> str:
        if isinstance(argument, Constant):
            return self._constant(argument.value)
        return self._load(depth, self.plan.nodes[argument.name])

    def _load(self, depth: int, node: NodePlan) -> str:
        """Lines that leave another node's object in a local; the local's name."""
        if node.constant:
            value = node.recipe.call
            return self._constant(value) if is_literal(value) else self._derived("K_", node, value)
        wait = "await " if node.is_async else ""
        owner = self._owner(node.home)
        if node.settled and not self.is_root:
            return self._derived("A_", node, self.settled(node))
        if node.recipe.opening is Opening.ATTRIBUTE and len(node.recipe.args) == 1:
            return self._argument(depth, node.recipe.args[0])
        if node.attr in self._locals and (node.stored or node.given):
            return node.attr
        in_line = self._write_in_line(depth, node)
        if in_line is not None:
            return in_line
        local = self._local(node)
        if owner is None:
            self._write_unmarked(depth)
            self._line(depth, f"self._not_open({node.name!r}, {node.home!r})")
            self._line(depth, f"{local} = MISSING")
        elif node.given:
            self._line(depth, f"{local} = {owner}.{node.place}")
        elif node.stored:
            self._line(depth, f"{local} = {owner}.{node.place}")
            self._line(depth, f"if {local} is MISSING or {local} is TAKEN:")
            self._write_unmarked(depth + 1)
            self._line(depth + 1, f"{local} = {wait}{owner}.m_{node.attr}()")
        else:
            self._write_unmarked(depth)
            self._line(depth, f"{local} = {wait}{owner}.m_{node.attr}()")
        return local

    def _derived(self, prefix: str, node: NodePlan, value: object) -> str:
        """A name for an object that a node has, one of those kept free for it (``DERIVED``)."""
        name = prefix + node.attr
        self.names[name] = value
        return name

    def _local(self, node: NodePlan) -> str:
        """A new local for a node's object: a factory that fills two arguments is called twice."""
        local = node.attr
        count = 1
        while local in self._locals or (
            count > 1 and (local in self._taken or local in self.names)
        ):
            count += 1
            local = f"{node.attr}_{count}"
        self._locals.add(local)
        self._taken.add(local)
        return local

    def _owner(self, scope: str) -> str | None:
        """The expression for the open scope of that name."""
        if scope not in self.path:
            return None
        hops = len(self.path) - 1 - self.path.index(scope)
        if hops == 0:
            return "self"
        if self.path.index(scope) == 0:
            return "APP"
        return "self" + "._parent" * hops

    def _attention(self, *, own: bool) -> str:
        """The condition under which a scope on the path may be closed; empty where none can be.

        The outermost is left out: when it closes, its program's classes refuse every use. So is
        the scope itself where nobody can have the right to build in it once it has closed.
        """
        inner = [*self.path[1:-1], *([self.scope] if own else [])]
        owners = [self._owner(scope) for scope in reversed(inner)]
        return " or ".join(f"{owner}._attention is not None" for owner in owners)


def _passed(args: list[str], kwargs: list[tuple[str, str]]) -> str:
    """Arguments as a call writes them; keywords that are no identifiers go in a mapping."""
    plain = [f"{key}={value}" for key, value in kwargs if is_name(key)]
    odd = [f"{key!r}: {value}" for key, value in kwargs if not is_name(key)]
    return ", ".join([*args, *plain, *([f"**{{{', '.join(odd)}}}"] if odd else [])])
