"""Contracts judge chains of imports, by the shortest one, through modules they do not name."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.audit.chains import ImportGraph, chain_from
from trunkline.audit.config import AuditConfig
from trunkline.audit.engine import Result, open_project
from trunkline.audit.registry import select_rules

Write = Callable[[dict[str, str | bytes]], Path]
Run = Callable[..., Result]

FORBIDDEN = (
    '[[tool.trunkline.contract]]\nname = "c"\nsource = ["app.core"]\nforbidden = ["app.web"]\n'
)
CHAIN: dict[str, str | bytes] = {
    "app/__init__.py": "",
    "app/core/__init__.py": "",
    "app/core/run.py": "from app.core import names\nfrom app.tools import helper\n",
    "app/core/names.py": "import app.tools.long\n",
    "app/tools/__init__.py": "",
    "app/tools/helper.py": "def late():\n    from app.tools import last\n",
    "app/tools/long.py": "import app.tools.helper\n",
    "app/tools/last.py": "from app.web import view\n",
    "app/web.py": "view = 1\n",
}


def _found(write: Write, run: Run, contract: str, **files: str) -> list[str]:
    write({**CHAIN, "pyproject.toml": contract})
    write({name.replace("__", "/") + ".py": text for name, text in files.items()})
    return [f"{f.place} {f.message} | {f.cause}" for f in run("TL801").findings]


def test_a_chain_is_reported_where_it_begins_with_every_line_of_it(write: Write, run: Run) -> None:
    names, direct = _found(write, run, FORBIDDEN)
    assert names == (
        "app/core/names.py:1 app.core.names may not import app.web by way of app.tools.long | "
        "contract 'c': app.core may not import app.web: app.core.names (app/core/names.py:1) -> "
        "app.tools.long (app/tools/long.py:1) -> app.tools.helper (app/tools/helper.py:2) -> "
        "app.tools.last (app/tools/last.py:1) -> app.web"
    )
    assert direct == (
        "app/core/run.py:2 app.core.run may not import app.web by way of app.tools.helper | "
        "contract 'c': app.core may not import app.web: app.core.run (app/core/run.py:2) -> "
        "app.tools.helper (app/tools/helper.py:2) -> app.tools.last (app/tools/last.py:1) -> "
        "app.web"
    )


def test_chains_can_be_allowed(write: Write, run: Run) -> None:
    assert _found(write, run, f"{FORBIDDEN}allow-indirect-imports = true\n") == []


def test_a_chain_through_a_layer_is_that_layers_own(write: Write, run: Run) -> None:
    contract = '[[tool.trunkline.contract]]\nlayers = ["app.web", "app.core", "app.tools"]\n'
    (found,) = _found(write, run, contract)
    assert found.startswith("app/tools/last.py:1 app.tools.last may not import app.web | ")


@pytest.mark.parametrize(("extra", "count"), [("", 0), ("type-checking = true\n", 2)])
def test_an_import_for_type_checkers_breaks_a_chain_unless_it_counts(
    write: Write, run: Run, extra: str, count: int
) -> None:
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import app.web\n"
    assert len(_found(write, run, FORBIDDEN + extra, app__tools__last=text)) == count


def test_a_chain_may_end_outside_the_tree(write: Write, run: Run) -> None:
    contract = FORBIDDEN.replace("app.web", "django")
    found = _found(write, run, contract, app__tools__last="from django import db\n")
    assert [text.rpartition(" -> ")[2] for text in found] == ["django", "django"]
    (direct,) = _found(write, run, contract, app__core__run="from django import db\n",
                       app__core__names="", app__tools__last="")  # fmt: skip
    assert direct.startswith("app/core/run.py:1 app.core.run may not import django | ")


def test_what_lies_in_a_forbidden_package_may_import_it(write: Write, run: Run) -> None:
    contract = '[[tool.trunkline.contract]]\nsource = ["app"]\nforbidden = ["app.tools"]\n'
    found = _found(write, run, contract)
    assert [text.split()[0] for text in found] == ["app/core/names.py:1", "app/core/run.py:2"]


@given(
    links=st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=16),
    targets=st.sets(st.integers(0, 6), max_size=2),
)
def test_ways_are_the_shortest_that_there_are(
    tmp_path_factory: pytest.TempPathFactory, links: set[tuple[int, int]], targets: set[int]
) -> None:
    root = tmp_path_factory.mktemp("tree")
    for module in range(7):
        rows = [f"import m{other}\n" for importer, other in sorted(links) if importer == module]
        (root / f"m{module}.py").write_text("".join(rows))
    project, _ = open_project(AuditConfig(str(root)), select_rules(["TL801"], ()), cached=False)
    graph = ImportGraph(project, type_checking=False)
    ways = graph.ways_to(
        [f"m{target}" for target in sorted(targets)], lambda name: int(name[1:]) not in targets
    )
    away = dict.fromkeys(targets, 0)  # each module's distance, by relaxing until nothing changes
    for _ in range(7):
        for importer, other in links:
            if importer not in targets and other in away:
                away[importer] = min(away.get(importer, 99), away[other] + 1)
    assert {name: len(chain_from(link, ways)) for name, link in ways.items()} == {
        f"m{module}": distance for module, distance in away.items() if distance
    }
    for link in ways.values():
        chain = chain_from(link, ways)
        assert all(one.imported == two.importer for one, two in pairwise(chain))
        assert int(chain[-1].imported[1:]) in targets
