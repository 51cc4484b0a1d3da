"""The inventory counts everything, remembers a bounded part, and reports in bounded size."""

import json
from pathlib import Path

import pytest

from trunkline_runtime.inspection import InspectionLimits, ParserPool
from trunkline_runtime.inspection.files import FileListing
from trunkline_runtime.inspection.inventory import Inventory
from trunkline_runtime.inspection.source import unread

LIMIT = 128 * 1024


def facts(classes=(), functions=(), imports=(), repeated=(), lines=10):
    found = unread("", "")
    found.update(
        problem=None,
        lines=lines,
        class_total=len(classes),
        function_total=len(functions),
        classes=[{"name": name, "line": n} for n, name in enumerate(classes, 1)],
        functions=[{"name": name, "line": n} for n, name in enumerate(functions, 1)],
        imports=list(imports),
        repeated=list(repeated),
    )
    return found


def inventory(*paths, **listing):
    made = Inventory("/tree")
    made.list_files(FileListing(Path("/tree"), list(paths), **listing))
    return made


def test_names_in_several_modules_are_told_with_their_places():
    made = inventory("a.py", "b.py", "c.py")
    made.add("a.py", facts(classes=["Engine", "Own"], functions=["main", "__getattr__"]))
    made.add("b.py", facts(classes=["Engine"], functions=["main", "__getattr__"]))
    made.add("c.py", facts(functions=["main", "Engine"]))
    assert made.report(None, LIMIT)["defined_in_several_modules"] == {
        "total": 2,
        "shown": [
            {
                "name": "main",
                "kind": "function",
                "modules": 3,
                "places": ["a.py:1", "b.py:1", "c.py:1"],
            },
            {"name": "Engine", "kind": "class", "modules": 2, "places": ["a.py:1", "b.py:1"]},
        ],
    }


def test_a_name_twice_in_one_module_is_not_one_in_several():
    made = inventory("a.py")
    repeated = [{"name": "f", "lines": [1, 2]}]
    made.add("a.py", facts(functions=["f", "f"], repeated=repeated))
    report = made.report(None, LIMIT)
    assert report["defined_in_several_modules"]["total"] == 0
    assert report["defined_twice_in_a_module"] == {
        "total": 1,
        "shown": [{"name": "f", "path": "a.py", "lines": [1, 2]}],
    }


def test_totals_are_of_everything_and_add_up():
    made = inventory("a.py", "b.py", "c.py", "d.py", links=2, skipped=3)
    made.add("a.py", facts(["A"], ["f", "g"], ["os", "sys"], lines=7))
    made.add("b.py", facts(["B"], [], ["os"], lines=5))
    made.add("c.py", unread("syntax", "line 3: invalid syntax"))
    report = made.report("after 20 seconds", LIMIT)
    assert report["totals"] == {
        "files": 4,
        "read": 2,
        "unreadable": 1,
        "not_looked_at": 1,
        "lines": 12,
        "classes": 2,
        "functions": 2,
        "packages_imported": 2,
        "links_not_followed": 2,
        "directories_skipped": 3,
    }
    assert (report["complete"], report["stopped"]) == (False, "after 20 seconds")
    assert report["imports"]["shown"][0] == {"name": "os", "modules": 2}
    assert report["unreadable"]["shown"] == [
        {"path": "c.py", "reason": "syntax", "detail": "line 3: invalid syntax"}
    ]
    assert report["unreadable_reasons"] == {"syntax": 1}


def test_directories_that_could_not_be_listed_are_told():
    made = inventory(unreadable=[("secret", "Permission denied")], unreadable_total=7)
    report = made.report(None, LIMIT)
    assert report["unreadable_reasons"] == {"unreadable": 7}
    assert report["unreadable"]["total"] == 7
    assert report["unreadable"]["shown"][0]["path"] == "secret"


def test_an_empty_tree_has_a_report():
    report = inventory().report(None, LIMIT)
    assert report["complete"]
    assert report["modules"] == {"total": 0, "shown": []}


def test_a_report_of_hostile_names_is_cut_to_its_size():
    made = inventory()
    name = "\U0001f40d" * 100
    for n in range(1500):
        path = f"{name}{n}\udcff.py"
        made.add(path, facts([name, f"{name}{n}"], [name], [name, f"m{n}"]))
        made.add(path, unread("syntax", name))
    report = made.report(None, LIMIT)
    assert len(json.dumps(report)) <= LIMIT * 1.1  # json.dumps adds blanks between the items
    assert report["modules"]["total"] == 1500
    assert report["modules"]["shown"]
    assert report["defined_in_several_modules"]["shown"][0]["modules"] == 1500
    assert made.report(None, 10)["modules"] == {"total": 1500, "shown": []}


def test_what_is_remembered_is_bounded():
    made = inventory()
    for n in range(5000):
        made.add(f"m{n}.py", facts([f"C{n}"], lines=n))
    assert len(made._modules) <= 2000
    assert len(made._definitions["classes"]) == 1000
    report = made.report(None, LIMIT)
    assert report["modules"]["shown"][0] == {
        "path": "m4999.py",
        "lines": 4999,
        "classes": 1,
        "functions": 0,
    }


@pytest.mark.parametrize(
    ("limits", "wrong"), [(ParserPool, {"processes": 0}), (InspectionLimits, {"files": 0})]
)
def test_limits_that_allow_nothing_are_refused(limits, wrong):
    with pytest.raises(ValueError, match="must be positive"):
        limits(**wrong)
