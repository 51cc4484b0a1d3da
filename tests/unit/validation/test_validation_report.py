"""One call runs every check and reports everything at once, in the order of declaration."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.validation.blueprints import Provider, blueprint, given, is_provider, recipe
from trunkline.graph.blueprint import Constant, Opening, Recipe, Ref
from trunkline.graph.model import Kind, SourceLocation
from trunkline.validation.arguments import check_literals
from trunkline.validation.report import check_blueprint, report_json, report_text


class User:
    pass


class Service:
    def __init__(self, user: User, limit: int) -> None:
        pass


async def open_pool() -> object:
    return object()


BROKEN = blueprint(
    {
        "unused": given(User),
        "user": given(User),
        "cache": recipe(Service, Ref("user"), 1),
        "ring": recipe(Service, Ref("ring"), 1),
        "short": recipe(Service, Ref("user"), "1", 2),
        "listed": recipe(Service, [Provider()], 3),
        "pool": recipe(open_pool, opening=Opening.COROUTINE),
    },
    {"cache": Kind.SINGLETON},
)


def test_everything_is_found_at_once_in_the_order_of_declaration() -> None:
    findings = check_blueprint(BROKEN, is_provider, sync_entries=["pool"])
    assert [(f.subject, f.check) for f in findings] == [
        ("unused", "unused-scope-value"),
        ("cache", "captive-dependency"),
        ("ring", "cycle"),
        ("ring", "argument-type"),
        ("short", "surplus-argument"),
        ("short", "argument-type"),
        ("listed", "argument-type"),
        ("listed", "provider-in-literal"),
        ("pool", "async-from-sync"),
    ]
    assert all(finding.location is not None for finding in findings)
    assert all(finding.remedy for finding in findings)


def test_a_node_run_in_another_way_is_checked_as_it_was_written() -> None:
    stock = blueprint({"it": Recipe(Opening.LIVE, Provider())})
    assert check_blueprint(stock, is_provider) == []
    findings = check_blueprint(stock, is_provider, declared={"it": recipe(Service)})
    assert [finding.check for finding in findings] == ["missing-argument"]


def test_values_used_from_outside_the_graph_are_used() -> None:
    assert check_blueprint(blueprint({"user": given(User)}), is_provider, used={"user"}) == []


@pytest.mark.parametrize(
    ("value", "remedy"),
    [
        ([Provider()], "providers.List"),
        ((1, Provider()), "providers.List"),
        ({Provider()}, "providers.List"),
        ({"a": Provider()}, "providers.Dict"),
        ({"a": [1, (2, {"b": Provider()})]}, "providers.Dict"),
    ],
)
def test_a_provider_inside_a_literal_is_found(value: object, remedy: str) -> None:
    for made, where in (
        (recipe(print, value), "positional argument 1"),
        (recipe(print, sep=value), "argument 'sep'"),
        (recipe(print, attributes={"x": value}), "attribute 'x'"),
    ):
        blue = blueprint({"it": made})
        (finding,) = check_literals(blue.graph, blue.recipes, is_provider)
        assert finding.message.startswith(f"{where} of it is a {type(value).__name__} with")
        assert remedy in finding.remedy


@pytest.mark.parametrize("value", [Provider(), [1, 2], {"a": "b"}, "text", User()])
def test_other_constants_are_no_trap(value: object) -> None:
    blue = blueprint({"it": recipe(print, value)})
    assert list(check_literals(blue.graph, blue.recipes, is_provider)) == []


def test_a_literal_that_holds_itself_is_searched_to_an_end() -> None:
    endless: list[object] = []
    endless.append(endless)
    blue = blueprint({"it": recipe(print, Constant(endless))})
    assert list(check_literals(blue.graph, blue.recipes, is_provider)) == []


def test_text_counts_the_findings_of_each_kind() -> None:
    findings = check_blueprint(BROKEN, is_provider)
    text = report_text(findings)
    assert text.startswith("app.py:1: every REQUEST scope must be given unused")
    assert text.endswith(
        "8 findings: 1 unused-scope-value, 1 captive-dependency, 1 cycle, 3 argument-type, "
        "1 surplus-argument, 1 provider-in-literal\n"
    )
    assert report_text(findings[:1]).endswith("\n1 finding: 1 unused-scope-value\n")
    assert report_text([]) == "No findings.\n"


def test_json_holds_every_finding_with_relative_paths() -> None:
    finding = replace(
        check_blueprint(BROKEN, is_provider)[0], location=SourceLocation("/srv/shop/app.py", 7)
    )
    document = json.loads(report_json([finding, replace(finding, location=None)], Path("/srv")))
    assert document["format"] == "trunkline-findings"
    assert document["version"] == 1
    first, second = document["findings"]
    assert first["location"] == {"file": "shop/app.py", "line": 7}
    assert second["location"] is None
    assert first["check"] == "unused-scope-value"
