"""Python source of a scope's class: the plan written out, one method a provider.

A stored object has a slot, ``v_name``, that holds ``MISSING`` until it is built, and a slot,
``c_name``, that is True while nobody has taken the right to build it. Taking it is one line,
``if self.c_name: self.c_name = False``: CPython switches threads, runs signal handlers and calls
trace functions only at calls, at backward jumps and at the start of a line, and there is none of
these between the test and the store, so that of many threads and tasks one alone builds, without
a lock. (A test reads the bytecode and holds it to that.) The others wait in ``_wait`` until the
value is there or the right is given back. Closing a scope takes all rights.

Compiled code calls a method by its second name, ``m_name``, which stays what it is; the first may
come to look for an override in the caller's context before it does the same.

``v_name`` is read first, so that the usual use of a built object is one slot read. Objects that
the container's start has built are constants of the inner scopes' code.
"""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from trunkline.compiler.planner import DERIVED, RESERVED, NodePlan, Plan
from trunkline.graph.blueprint import Argument, Constant, Opening, Recipe

__all__ = ["ScopeSource", "write_scope"]

STEP = "    "
LIKELY = 4
"""How many providers ``get`` compares before it looks in its table."""


@dataclass(frozen=True, slots=True)
class ScopeSource:
    """A scope's class, written but not yet run.

    Attributes:
        class_name: Name of the class that the source defines.
        text: The source.
        names: The objects that the source names, by the names it uses.
        settled: The objects of the outermost scope that the source names, by their attributes.
        methods: Name of the method that resolves each node at home in the scope.
        opening: Lines that leave a new scope in ``inner``, from ``parent``, ``ambient`` and the
            scope's values, for whoever opens it without a call.
    """

    class_name: str
    text: str
    names: dict[str, Any]
    settled: dict[str, str]
    methods: dict[str, str]
    opening: tuple[str, ...]


def write_scope(plan: Plan, path: tuple[str, ...], *, locked: bool = True) -> ScopeSource:
    """Write the class of the scope at the end of ``path``.

    Args:
        plan: The plan of the container.
        path: The scopes that are open, outermost first; the last is the one to write.
        locked: Whether many threads and tasks may use one scope at once. Without, each object
            costs a little less and only one thread or task may resolve in the scope.

    Returns:
        The source, with the names it needs.
    """
    return _Writer(plan, path, locked).write()


@dataclass
class _Writer:
    plan: Plan
    path: tuple[str, ...]
    locked: bool
    lines: list[str] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=dict)
    settled: dict[str, str] = field(default_factory=dict)
    _bound: dict[int, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _locals: set[str] = field(default_factory=set)

    @property
    def scope(self) -> str:
        return self.path[-1]

    @property
    def is_root(self) -> bool:
        return len(self.path) == 1

    def write(self) -> ScopeSource:
        class_name = f"{self.scope.title().replace('_', '')}Scope"
        attrs = frozenset(node.attr for node in self.plan.nodes.values())
        derived = {prefix + attr for prefix in DERIVED for attr in attrs}
        builtin = frozenset(dir(builtins))
        self._taken = {*RESERVED, *builtin, *attrs, *derived, class_name}
        home = self.plan.at_home(self.scope)
        given = [node for node in home if node.given]
        stored = [node for node in home if node.stored and not node.given]
        made = [node for node in home if not node.given and not node.constant]
        slots = [f"v_{node.attr}" for node in (*given, *stored)]
        if self.locked:
            slots += [f"c_{node.attr}" for node in stored]
        self._line(0, f"class {class_name}(OpenScope):")
        self._line(1, f'"""{" > ".join(self.path)} of {self.plan.blueprint.graph.name}."""')
        if len(self.path) > 2:
            slots.insert(0, "_parent")
        if self._has_exits(stored):
            slots.insert(0, "_exits")
        self._line(1, f"__slots__ = ({''.join(f'{slot!r}, ' for slot in slots)})")
        self._write_forget(given, stored)
        self._write_exits(given, stored)
        self._write_get([n for n in made if n.stored and not n.is_async])
        methods = {}
        for node in made:
            methods[node.name] = node.attr
            if node.stored and node.settled and node.awaited:
                self._write_settled(node)
            elif node.stored:
                self._write_stored(node)
            else:
                self._write_fresh(node)
            self._line(1, f"m_{node.attr} = {node.attr}")
        for node in given:
            methods[node.name] = node.attr
            self._write_given(node)
            self._line(1, f"m_{node.attr} = {node.attr}")
        self._write_opened(class_name, given, stored)
        opening = tuple(self._opening_lines(class_name, given, stored))
        text = "\n".join(self.lines) + "\n"
        return ScopeSource(class_name, text, self.names, self.settled, methods, opening)

    # the scope as a whole

    def _write_forget(self, given: list[NodePlan], stored: list[NodePlan]) -> None:
        for name, lines in (
            ("_seal", self._sealing(stored)),
            ("_forget", self._forgetting(given, stored)),
        ):
            self._line(0, "")
            self._line(1, f"def {name}(self):")
            for line in lines or ["pass"]:
                self._line(2, line)

    def _sealing(self, stored: list[NodePlan]) -> list[str]:
        """Lines that take all rights to build."""
        rights = [f"self.c_{node.attr}" for node in stored] if self.locked else []
        return [f"{' = '.join(chunk)} = False" for chunk in _chunks(rights, 4)]

    def _forgetting(self, given: list[NodePlan], stored: list[NodePlan]) -> list[str]:
        """Lines that drop all objects."""
        values = [f"self.v_{node.attr}" for node in (*given, *stored)]
        return [f"{' = '.join(chunk)} = MISSING" for chunk in _chunks(values, 4)]

    def _write_exits(self, given: list[NodePlan], stored: list[NodePlan]) -> None:
        """Leaving where nobody waits and no lease is held; else ``_close`` and ``_aclose``."""
        has_exits = self._has_exits(stored)
        for is_async in (False, True):
            wait, a, define = ("await ", "a", "async def __a") if is_async else ("", "", "def __")
            self._line(0, "")
            self._line(1, f"{define}exit__(self, kind, error, traceback):")
            self._line(2, "if self._token:")
            self._line(3, "try:")
            self._line(4, "reset_ambient(self._token)")
            self._line(3, "except ValueError:")
            self._line(4, "self._leave_elsewhere()")
            self._line(2, "if self._attention is not None:")
            self._line(3, f"return {wait}self._{a}close(error)")
            self._line(2, "self._token = None")
            for line in self._sealing(stored):
                self._line(2, line)
            self._line(2, "if self._attention is not None:  # someone came at this very moment")
            self._line(3, f"return {wait}self._{a}close_late(error)")
            self._line(2, "self._attention = LEFT")
            if has_exits:
                run = "await run_exits_async" if is_async else "run_exits"
                self._line(2, f"failures = {run}(self._exits, error) if self._exits else None")
            for line in self._forgetting(given, stored):
                self._line(2, line)
            if has_exits:
                self._line(2, "if failures:")
                self._line(3, f"raise_failures({self.scope!r}, failures, error)")

    def _has_exits(self, stored: list[NodePlan]) -> bool:
        """Whether the scope may have something to tear down; the outermost always may."""
        return self.is_root or any(node.recipe.torn_down for node in stored)

    def _write_get(self, nodes: list[NodePlan]) -> None:
        """``get``, comparing the likeliest providers before it looks in its table."""
        used = {edge.target for node in self.plan.blueprint.graph for edge in node.dependencies}
        nodes = sorted(nodes, key=lambda node: (node.name in used, not node.node.declared))
        keys: dict[str, list[Any]] = {}
        for provider, name in self.plan.blueprint.keys.items():
            keys.setdefault(name, []).append(provider)
        self._line(0, "")
        self._line(1, "def get(self, provider):")
        for node in nodes[:LIKELY]:
            for provider in keys.get(node.name, ())[:1]:
                self._line(2, f"if provider is {self._name(f'P_{node.attr}', provider)}:")
                self._line(3, f"value = self.v_{node.attr}")
                self._line(3, f"return self.m_{node.attr}() if value is MISSING else value")
        self._write_lookup("get")
        self._line(0, "")
        self._line(1, "def aget(self, provider):")
        self._write_lookup("aget")

    def _write_lookup(self, way: str) -> None:
        self._line(2, "try:")
        self._line(3, f"method = {way.upper()}[provider]")
        self._line(2, "except (KeyError, TypeError):  # unknown, or unhashable and no provider")
        self._line(3, "method = None")
        self._line(2, "if method is None:")
        self._line(3, f"method = self._method_for_{way}(provider)")
        self._line(2, "return method(self)")
        self._line(1, f"m_{way} = {way}")

    def _write_opened(self, class_name: str, given: list[NodePlan], stored: list[NodePlan]) -> None:
        """A function that makes the scope, its values checked already."""
        values = "".join(f", v_{node.attr}" for node in given)
        self._line(0, "")
        self._line(0, "")
        self._line(0, f"def opened(parent, ambient{values}):")
        for line in self._opening_lines(class_name, given, stored):
            self._line(1, line)
        self._line(1, "return inner")

    def _opening_lines(
        self, class_name: str, given: list[NodePlan], stored: list[NodePlan]
    ) -> Iterator[str]:
        """Lines that leave a new scope in ``inner``."""
        yield f"inner = {class_name}()"
        yield "inner._token = ambient"
        yield "inner._attention = None"
        if len(self.path) > 2:
            yield "inner._parent = parent"
        if self._has_exits(stored):
            yield "inner._exits = []"
        for node in given:
            yield f"inner.v_{node.attr} = v_{node.attr}"
        for chunk in _chunks([f"inner.v_{node.attr}" for node in stored], 4):
            yield f"{' = '.join(chunk)} = MISSING"
        if self.locked:
            for chunk in _chunks([f"inner.c_{node.attr}" for node in stored], 4):
                yield f"{' = '.join(chunk)} = True"

    # one provider

    def _write_given(self, node: NodePlan) -> None:
        self._line(0, "")
        self._line(1, f"def {node.attr}(self):")
        self._line(2, f"value = self.v_{node.attr}")
        self._line(2, "if value is MISSING:")
        self._line(3, "self._check_open()")
        self._line(2, "return value")

    def _write_settled(self, node: NodePlan) -> None:
        """An async object that the start of the container builds: afterwards it is just there."""
        self._write_stored(node, method=f"start_{node.attr}")
        self._line(0, "")
        self._line(1, f"def {node.attr}(self):")
        self._line(2, f"value = self.v_{node.attr}")
        self._line(2, "if value is MISSING:")
        self._line(3, f"self._not_started({node.name!r})")
        self._line(2, "return value")

    def _write_stored(self, node: NodePlan, method: str = "") -> None:
        attr = node.attr
        self._line(0, "")
        self._line(1, f"{'async ' if node.awaited else ''}def {method or attr}(self):")
        self._line(2, f"value = self.v_{attr}")
        self._line(2, "if value is not MISSING:")
        self._line(3, "return value")
        attention = self._attention(own=not self.locked)
        if attention:
            self._line(2, f"if {attention}:")
            self._line(3, "self._check_open()")
        if self.locked:
            self._line(2, f"if self.c_{attr}: self.c_{attr} = False")
            self._line(2, "else:")
            wait = "await self._await_built" if node.awaited else "self._wait"
            self._line(3, "while True:")
            self._line(4, f"value = {wait}({attr!r})")
            self._line(4, "if value is not MISSING:")
            self._line(5, "return value")
            self._line(4, f"if self.c_{attr}: self.c_{attr} = False; break")
        self._line(2, "try:")
        self._write_making(3, node)
        self._line(2, "except BaseException as error:")
        self._line(3, f"self._failed({attr!r}, {node.name!r}, error)")
        self._line(3, "raise")
        self._line(2, f"self.v_{attr} = value")
        self._line(2, "if self._attention is not None:")
        if node.recipe.torn_down and node.awaited:
            self._line(3, f"await self._abuilt({attr!r})")
        else:
            self._line(3, f"self._built({attr!r})")
        self._line(2, "return value")

    def _write_fresh(self, node: NodePlan) -> None:
        self._line(0, "")
        self._line(1, f"{'async ' if node.is_async else ''}def {node.attr}(self):")
        if node.recipe.opening is not Opening.DELEGATED:  # the scope that makes it looks
            self._line(2, f"if {self._attention(own=True)}:")
            self._line(3, "self._check_open()")
        self._write_making(2, node)
        self._line(2, "return value")

    def _write_making(self, depth: int, node: NodePlan) -> None:
        """Lines that leave the node's object in ``value``."""
        recipe = node.recipe
        self._locals.clear()
        args = [self._argument(depth, argument) for argument in recipe.args]
        kwargs = [(key, self._argument(depth, argument)) for key, argument in recipe.kwargs]
        attributes = [(key, self._argument(depth, argument)) for key, argument in recipe.attributes]
        match recipe.opening:
            case Opening.ATTRIBUTE | Opening.ITEM:
                self._line(depth, f"value = {self._viewed(recipe, args)}")
            case Opening.LIVE:
                self._line(depth, f"value = {self._called_live(node)}")
            case Opening.METHOD:
                self._line(depth, f"value = {args[0]}({_passed(args[1:], kwargs)})")
            case Opening.DELEGATED:
                wait = "await " if node.is_async else ""
                self._line(depth, f"value = {wait}self._origin.{recipe.call}()")
            case Opening.CALL | Opening.COROUTINE:
                wait = "await " if recipe.opening is Opening.COROUTINE else ""
                call = f"{self._callable(recipe.call)}({_passed(args, kwargs)})"
                self._line(depth, f"value = {wait}{call}")
            case _:
                call = f"{self._callable(recipe.call)}({_passed(args, kwargs)})"
                self._write_opening(depth, node, call)
        for key, value in attributes:
            if _is_name(key):
                self._line(depth, f"value.{key} = {value}")
            else:
                self._line(depth, f"setattr(value, {key!r}, {value})")
        if recipe.close:
            kind = "ACLOSE" if recipe.close_awaits else "CLOSE"
            entry = f"{kind}, value.{recipe.close}, {node.name!r}, {recipe.close_seconds!r}"
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
        if isinstance(key, Constant) and isinstance(key.value, str) and _is_name(key.value):
            return f"{base}.{key.value}"
        return f"getattr({base}, {args[1]})"

    def _called_live(self, node: NodePlan) -> str:
        """The expression that calls a stock provider."""
        provider = self._name(node.attr.upper(), node.recipe.call)
        if node.awaited:
            return f"await self._live_async({provider})"
        return f"self._live({provider})" if node.recipe.reaches_scope else f"{provider}()"

    def _write_opening(self, depth: int, node: NodePlan, call: str) -> None:
        """Open a resource and note its teardown."""
        entry = (
            f"{node.recipe.opening.name}, resource, {node.name!r}, {node.recipe.close_seconds!r}"
        )
        self._line(depth, f"resource = {call}")
        match node.recipe.opening:
            case Opening.ASYNC_GENERATOR:
                self._line(depth, "try:")
                self._line(depth + 1, "value = await resource.__anext__()")
                self._line(depth, "except StopAsyncIteration:")
                self._line(depth + 1, f"raise self._yields_never({node.name!r}) from None")
            case Opening.GENERATOR:
                self._line(depth, "try:")
                self._line(depth + 1, "value = resource.__next__()")
                self._line(depth, "except StopIteration:")
                self._line(depth + 1, f"raise self._yields_never({node.name!r}) from None")
            case Opening.ASYNC_CONTEXT_MANAGER:
                self._line(depth, "value = await resource.__aenter__()")
            case _:
                self._line(depth, "value = resource.__enter__()")
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
            return self._constant(node.recipe.call, node.attr)
        wait = "await " if node.is_async else ""
        owner = self._owner(node.home)
        if node.settled and not self.is_root:
            self.settled[f"A_{node.attr}"] = node.attr
            return f"A_{node.attr}"
        if node.recipe.opening is Opening.ATTRIBUTE and len(node.recipe.args) == 1:
            return self._argument(depth, node.recipe.args[0])
        if node.attr in self._locals and (node.stored or node.given):
            return node.attr
        local = self._local(node)
        if owner is None:
            self._line(depth, f"self._not_open({node.name!r}, {node.home!r})")
            self._line(depth, f"{local} = MISSING")
        elif node.given:
            self._line(depth, f"{local} = {owner}.v_{node.attr}")
        elif node.stored:
            self._line(depth, f"{local} = {owner}.v_{node.attr}")
            self._line(depth, f"if {local} is MISSING:")
            self._line(depth + 1, f"{local} = {wait}{owner}.m_{node.attr}()")
        else:
            self._line(depth, f"{local} = {wait}{owner}.m_{node.attr}()")
        return local

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

    # names

    def _constant(self, value: object, hint: str = "") -> str:
        if value is None or value is True or value is False or type(value) in (int, str):
            return repr(value)
        return self._name(f"K_{hint}" if hint else "K", value)

    def _callable(self, call: Any) -> str:
        name = getattr(call, "__name__", None)
        return self._name(name if isinstance(name, str) else type(call).__name__, call)

    def _name(self, hint: str, value: object) -> str:
        """A name for an object in the namespace of the source."""
        known = self._bound.get(id(value))
        if known is not None:
            return known
        name = hint = hint if _is_name(hint) else "thing"
        count = 1
        while name in self.names or name in self._taken:
            count += 1
            name = f"{hint}_{count}"
        self.names[name] = value
        self._bound[id(value)] = name
        return name

    def _line(self, depth: int, text: str) -> None:
        self.lines.append(STEP * depth + text if text else "")


def _passed(args: list[str], kwargs: list[tuple[str, str]]) -> str:
    """Arguments as a call writes them; keywords that are no identifiers go in a mapping."""
    plain = [f"{key}={value}" for key, value in kwargs if _is_name(key)]
    odd = [f"{key!r}: {value}" for key, value in kwargs if not _is_name(key)]
    return ", ".join([*args, *plain, *([f"**{{{', '.join(odd)}}}"] if odd else [])])


def _is_name(text: str) -> bool:
    """Whether source can write it as it is: in a class, ``__private`` would mean another name."""
    is_private = text.startswith("__") and not text.endswith("__")
    return text.isidentifier() and not keyword.iskeyword(text) and not is_private


def _chunks(items: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
