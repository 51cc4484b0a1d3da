"""A container's compiled program: a class for each scope that is opened, and what they share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from types import MethodType
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakMethod

from trunkline.ambient import ambient_scope
from trunkline.compiler.entry import write_enter
from trunkline.compiler.loader import load, load_scope
from trunkline.compiler.planner import NodePlan, Plan
from trunkline.compiler.source import write_scope
from trunkline.errors import ScopeOrderError
from trunkline.graph.blueprint import TORN_DOWN
from trunkline.graph.model import Kind
from trunkline.resolution.chain import Chain
from trunkline.resolution.exits import Callback, raise_failures, run_exits, run_exits_async
from trunkline.resolution.kept import KeptScopes
from trunkline.resolution.plain_methods import awaited_method, kept_method, outer_method, refuse
from trunkline.resolution.scope import OpenScope
from trunkline.resolution.state import LEAVING, LEFT, MISSING, TAKEN, UNBEGUN, Paged, seal_page
from trunkline.resolution.waiting import WaitingRoom
from trunkline.scopes import BaseScope

if TYPE_CHECKING:
    from trunkline.resolution.gate import Gate

__all__ = ["Program"]

Opener = Callable[..., OpenScope]
_ENTRIES = ("get", "aget", "enter")
"""Methods of a scope, beside those of its providers, that are compiled for it."""
_GLOBALS: Final[dict[str, Any]] = {
    "LEAVING": LEAVING,
    "LEFT": LEFT,
    "MISSING": MISSING,
    "TAKEN": TAKEN,
    "UNBEGUN": UNBEGUN,
    "seal_page": seal_page,
    "raise_failures": raise_failures,
    "get_ambient": ambient_scope.get,
    "reset_ambient": ambient_scope.reset,
    "set_ambient": ambient_scope.set,
    "run_exits": run_exits,
    "run_exits_async": run_exits_async,
    **{opening.name: opening for opening in TORN_DOWN},
    "CLOSE": Callback.SYNC,
    "ACLOSE": Callback.ASYNC,
}
"""What the code of every scope names."""


class Program:
    """The plan of one container, made into classes as its scopes are first opened.

    Args:
        plan: What to run.
        scope_type: The scope chain.
        locked: Whether many threads and tasks may use one scope at once.
        wait_seconds: How long one of them waits for another's build at the most; None for ever.
        ambient: Whether scopes become the ambient ones where ``enter`` doesn't say.
        debug: Whether scopes note where they are opened, and tell when they are lost.

    Attributes:
        layer: What the overrides of the container made this program for; see ``derivation``.
        ways: The layer that each shadowed scope but the outermost leaves things to.
        shadowed: The scopes whose classes are those of shadows.
        opened: Told of each scope in which a resource is opened that the plan notes.
        loaded: Told of each class when it is made.
    """

    def __init__(
        self,
        plan: Plan,
        scope_type: type[BaseScope],
        *,
        locked: bool = True,
        wait_seconds: float | None = None,
        ambient: bool = True,
        debug: bool = False,
    ) -> None:
        self.plan = plan
        graph = plan.blueprint.graph
        default = plan.blueprint.default_scope
        self.chain = Chain(graph.name, scope_type, graph.scopes, default)
        self.locked = locked
        self.ambient = ambient
        self.debug = debug
        self.name = graph.name
        self.keys = plan.blueprint.keys
        self.waiting = WaitingRoom(wait_seconds)
        self.kept = KeptScopes()
        self.root: OpenScope | None = None
        self.layer: Any = None
        self.ways: frozenset[tuple[str, Any]] = frozenset()
        self.shadowed: frozenset[str] = frozenset()
        self.opened: Callable[[OpenScope], None] | None = None
        self.loaded: Callable[[type[OpenScope]], None] | None = None
        self._gate: Gate | None = None
        self._direct_readers: set[WeakMethod[Any]] = set()
        self._by_attr = {node.attr: node for node in plan.nodes.values()}
        for node in plan.nodes.values():
            if node.node.kind is Kind.KEYED:
                pin: Any = node.recipe.call
                pin.__self__.wait_seconds = wait_seconds
        self._openers: dict[tuple[str, ...], Opener] = {}
        self._openings: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._namespaces: dict[type[OpenScope], dict[str, Any]] = {}
        self._classes: dict[tuple[str, ...], type[OpenScope]] = {}
        self._lock = threading.RLock()

    # scopes

    def open_root(self) -> OpenScope:
        """Make the outermost scope, nothing in it built yet."""
        path = self.chain.names[:1]
        self.root = self.opener(path)(None, True)
        self._namespaces[type(self.root)]["APP"] = self.root
        return self.root

    def retire(self) -> None:
        """After the outermost scope has closed: let every scope of the program refuse its use."""
        self.use_gate(None)
        for cls in self._classes.values():
            for name in (*_ENTRIES, *self._by_attr):
                setattr(cls, name, refuse)
                setattr(cls, f"m_{name}", refuse)
            cls.__enter__ = refuse  # type: ignore[method-assign]  # of a class of this program
            cls.__aenter__ = refuse  # type: ignore[method-assign]  # as above
            if len(cls._path) > 1:
                cls.__exit__ = cls._exit_retired  # type: ignore[method-assign]  # as above
                cls.__aexit__ = cls._aexit_retired  # type: ignore[method-assign]  # as above

    def opener(self, path: tuple[str, ...]) -> Opener:
        """The function that makes the scope at the end of ``path``: of parent, ambient, values."""
        opener = self._openers.get(path)
        if opener is None:
            with self._lock:
                opener = self._openers.get(path) or self._load(path)
        return opener

    def _load(self, path: tuple[str, ...]) -> Opener:
        # whoever is told of the classes may replace methods, which have to be called then
        inline = self.loaded is None
        source = write_scope(
            self.plan, path, settled=self._settled, locked=self.locked, inline=inline
        )
        own: dict[str, Any] = {"AGET": {}, "GET": {}, "APP": self.root, "NOTE": self.opened}
        source.names.update(_GLOBALS, **own, OpenScope=self._base_of(path))
        cls: type[OpenScope] = load_scope(source, f"{' > '.join(path)} of {self.name}")
        cls._program = self
        cls._path = path
        if len(path) == 2 and self.root is not None:
            cls._parent = self.root
        self._openings[path] = source.opening
        self._namespaces[cls] = source.names
        self._classes[path] = cls
        for node in self.plan.at_home(path[-1]):
            if node.page:
                setattr(cls, f"v_{node.attr}", Paged(node.page, node.line))
        self._add_outer_methods(path, cls)
        opener: Opener = source.names["opened"]
        self._write_default_enter(path, cls)
        if self.loaded is not None:
            self.loaded(cls)
        if self._gate is not None:
            self._put_gate(cls, self._gate)
        self._openers[path] = opener  # last: whoever finds it asks for no lock
        return opener

    def _base_of(self, path: tuple[str, ...]) -> type[OpenScope]:
        if path[-1] in self.shadowed:
            from trunkline.resolution.shadow import Shadow  # of overrides, which most never use

            return Shadow
        if self.debug and len(path) > 1:
            from trunkline.resolution.opened import NotedScope

            return NotedScope
        return OpenScope

    def _settled(self, node: NodePlan) -> object:
        """The object of the outermost scope that the container's start has built."""
        value: object = getattr(self.root, f"v_{node.attr}")
        if (value is MISSING or value is TAKEN) and self.root is not None:
            self.root._not_started(node.name)
        return value

    def _add_outer_methods(self, path: tuple[str, ...], cls: type[OpenScope]) -> None:
        """Let objects of outer scopes be asked for by name too."""
        for node in self.plan.nodes.values():
            if node.constant:
                kept = kept_method(node.recipe.call, len(path) - 1)
                self._add(cls, node.attr, awaited_method(kept) if node.is_async else kept)
            elif node.home in path[:-1]:
                hops = len(path) - 1 - path.index(node.home)
                method = outer_method(f"m_{node.attr}", hops)
                if node.settled:
                    method = self._until_kept(cls, node.attr, method)
                self._add(cls, node.attr, method)

    def _until_kept(
        self, cls: type[OpenScope], attr: str, method: Callable[[OpenScope], Any]
    ) -> Callable[[OpenScope], Any]:
        """A method that finds an object which stays, and from then on gives it at once."""

        def resolve_first(self: OpenScope) -> Any:
            value = method(self)
            self._program._keep(cls, attr, resolve_first, kept_method(value, len(cls._path) - 1))
            return value

        return resolve_first

    def _keep(
        self,
        cls: type[OpenScope],
        attr: str,
        former: Callable[[OpenScope], Any],
        method: Callable[[OpenScope], Any],
    ) -> None:
        with self._lock:
            if getattr(cls, f"m_{attr}") is former:  # it is another one where the program retired
                self.replace_method(cls, attr, method)

    def _add(self, cls: type[OpenScope], name: str, function: Callable[..., Any]) -> None:
        """Give a class a method, by the name that users call and the one that code calls."""
        with self._lock:  # a gate that is put up meanwhile is not to be replaced
            setattr(cls, f"m_{name}", function)
            if self._gate is None:
                setattr(cls, name, function)

    def replace_method(
        self, cls: type[OpenScope], name: str, function: Callable[[OpenScope], Any]
    ) -> None:
        """Put another function in the place of a provider's method, for compiled code too."""
        former = getattr(cls, f"m_{name}")
        self._add(cls, name, function)
        for table in ("GET", "AGET"):
            methods = self._namespaces[cls][table]
            for provider in [key for key, method in methods.items() if method is former]:
                methods[provider] = function

    # overrides

    def read_directly(self, node: NodePlan, path: tuple[str, ...], forget: MethodType) -> str:
        """The slot in which scopes of a path keep a node's object, to be read without asking.

        Args:
            node: The node.
            path: The scopes from the outermost to the one that is asked.
            forget: A method, called when scopes have to be asked again; it is held weakly.

        Returns:
            The slot's name; empty where there is none, or where scopes have to be asked: for
            overrides, or because a scope between the outermost and this one may have closed.
        """
        asked = node.home != path[-1] or not (node.stored or node.given) or len(path) > 2
        with self._lock:
            if asked or self._gate is not None:
                return ""
            self._direct_readers.add(WeakMethod(forget, self._direct_readers.discard))
            return node.place

    def use_gate(self, gate: Gate | None) -> None:
        """Let users of the scopes pass by a gate from now on, or no longer."""
        with self._lock:
            if gate is self._gate:
                return
            self._gate = gate
            if gate is not None:
                readers, self._direct_readers = self._direct_readers, set()
                for reader in readers.copy():  # one that is collected meanwhile leaves the set
                    if (forget := reader()) is not None:
                        forget()
            for cls in self._classes.values():
                if gate is None:
                    self._take_gate(cls)
                else:
                    self._put_gate(cls, gate)

    def _put_gate(self, cls: type[OpenScope], gate: Gate) -> None:
        for name in (*_ENTRIES, "resolve"):
            setattr(cls, name, getattr(gate, name))
        for name in self._by_attr:
            if hasattr(cls, f"m_{name}"):
                setattr(cls, name, gate.method(name))

    def _take_gate(self, cls: type[OpenScope]) -> None:
        for name in (*_ENTRIES, *self._by_attr):
            method = getattr(cls, f"m_{name}", None)
            if method is not None:
                setattr(cls, name, method)
        del cls.resolve

    def _write_default_enter(self, path: tuple[str, ...], cls: type[OpenScope]) -> None:
        """Give the class its ``enter``; the inner class is compiled at its first call."""
        try:
            inner = (*path, self.chain.inner(path, None))
        except ScopeOrderError:
            inner = None

        def enter_first(self: OpenScope, *values: Any, **options: Any) -> OpenScope:
            if options.get("scope") is not None:
                return enter_any(self, *values, **options)
            self._program.compile_enter(path)
            return self.m_enter(*values, **options)  # type: ignore[attr-defined,no-any-return]  # as above

        def enter_any(
            self: OpenScope,
            *values: object,
            scope: BaseScope | None = None,
            given: Mapping[Any, object] | None = None,
            ambient: bool = self.ambient,
        ) -> OpenScope:
            return self._enter(values, scope, given, ambient)

        self._add(cls, "enter", enter_any if inner is None else enter_first)

    def compile_enter(self, path: tuple[str, ...]) -> None:
        """Compile the scope that ``enter`` usually opens from ``path``, and that ``enter``.

        Raises:
            ScopeOrderError: Nothing lies inside ``path``.
        """
        inner = (*path, self.chain.inner(path, None))
        self.opener(inner)
        most = max(len(self.plan.values_of([scope])) for scope in self.chain.names)
        text, names = write_enter(
            self.plan.values_of(inner[-1:]),
            self._openings[inner],
            most,
            depth=len(path),
            ambient=self.ambient,
        )
        namespace = self._namespaces[self._classes[inner]]
        namespace.update(names)
        load(text, f"enter {inner[-1]} from {path[-1]} of {self.name}", namespace)
        self._add(self._classes[path], "enter", namespace["enter"])

    @property
    def short_name(self) -> str:
        """The container's name as code names it, without its module."""
        return self.name.rpartition(":")[2]

    # nodes

    def node_of(self, provider: Any) -> NodePlan | None:
        """The node that a provider stands for."""
        try:
            name = self.keys.get(provider)
        except TypeError:  # unhashable, so no provider
            return None
        return None if name is None else self.plan.nodes.get(name)

    def node_by_attr(self, attr: str) -> NodePlan | None:
        """The node whose method has that name."""
        return self._by_attr.get(attr)

    def remember(self, cls: type[OpenScope], table: str, provider: Any, method: Any) -> None:
        """Let ``get`` or ``aget`` of a class find the method at once next time."""
        self._namespaces[cls][table][provider] = method
