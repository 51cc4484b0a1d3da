"""Graphs that the tests of this folder draw, compare and walk."""

from pathlib import Path

from trunkline.graph.model import Dependency, Graph, Kind, Local, Node, SourceLocation

ROOT = Path("/srv/shop")
SCOPES = ("APP", "SESSION", "REQUEST")


def graph(*nodes: Node, scopes: tuple[str, ...] = SCOPES, name: str = "shop:Application") -> Graph:
    return Graph(name, scopes, {node.name: node for node in nodes})


def node(
    name: str,
    *targets: str | Dependency,
    kind: Kind = Kind.SCOPED,
    scope: str | None = "REQUEST",
    provides: str | None = None,
    line: int | None = None,
    is_async: bool = False,
    teardown: bool = False,
    declared: bool = True,
    local: Local | None = None,
) -> Node:
    edges = (t if isinstance(t, Dependency) else Dependency(t, t) for t in targets)
    return Node(
        name=name,
        kind=kind,
        scope=scope,
        provides=f"shop.{name.title()}" if provides is None else provides,
        dependencies=tuple(edges),
        location=SourceLocation(f"{ROOT}/containers.py", line) if line else None,
        is_async=is_async,
        has_teardown=teardown,
        declared=declared,
        local=local,
    )


def singleton(
    name: str, *targets: str | Dependency, line: int | None = None, local: Local | None = None
) -> Node:
    return node(name, *targets, kind=Kind.SINGLETON, scope="APP", line=line, local=local)


def factory(name: str, *targets: str | Dependency, line: int | None = None) -> Node:
    return node(name, *targets, kind=Kind.FACTORY, scope=None, line=line)


def shop() -> Graph:
    """A whole application: every scope, resources, a captive dependency, a deferred edge."""
    return graph(
        singleton("settings", line=10),
        node(
            "settings.dsn",
            "settings",
            kind=Kind.VIEW,
            scope=None,
            provides="",
            line=11,
            declared=False,
        ),
        node(
            "pool",
            Dependency("settings.dsn", "0"),
            kind=Kind.RESOURCE,
            scope="APP",
            provides="shop.db.open_pool",
            line=11,
            is_async=True,
            teardown=True,
        ),
        node(
            "cache",
            "settings",
            kind=Kind.RESOURCE,
            scope="APP",
            provides="shop.open_cache",
            line=12,
            teardown=True,
        ),
        singleton("prices", "pool", "cart", line=13),
        node("user", kind=Kind.VALUE, scope="SESSION", line=14),
        node("cart", "user", "pool", line=15, kind=Kind.RESOURCE, teardown=True),
        factory("mailer", "cart", "cache", line=16),
        node("orders", "mailer", Dependency("cart", "carts", deferred=True), line=17),
        node('odd <lambda> & "quoted" #1', "orders", line=18),
    )
