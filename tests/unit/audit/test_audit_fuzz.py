"""Every reader of the auditor takes anything, and every rule any code; none ever fails."""

import ast
import json
from collections.abc import Iterator

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import audit_tree, baseline, configuration
from trunkline.audit.config import SCOPES
from trunkline.audit.example import FILES, read_example
from trunkline.audit.registry import all_rules

_values = st.recursive(
    st.sampled_from(["app.x:X", "app.x", "app | b", "", "[", "TL2", "request", "..", "é", "a\nb"])
    | st.booleans() | st.integers() | st.floats() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab-", min_size=1), inner),
    max_leaves=4,
)  # fmt: skip
_KEYS = (
    "type", "factory", "family", "legacy", "scope", "built-in", "name", "layers", "source",
    "forbidden", "target", "importers", "type-checking", "exclude", "extend-exclude", "tests",
    "generated", "identifiers", "select", "ignore", "baseline", "max-bytes", "container", "famly",
)  # fmt: skip
_pairs = st.dictionaries(st.sampled_from(_KEYS), _values | st.sampled_from(SCOPES), max_size=4)
_tables = st.tuples(
    st.sampled_from(
        ["[[tool.trunkline.canonical]]", "[[tool.trunkline.contract]]", "[tool.trunkline.audit]",
         "[tool.trunkline]", "[tool.trunkline.canonical]", "[tool]", "[project]"]
    ),
    _pairs,
)  # fmt: skip


def _toml(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {_toml(item)}' for key, item in value.items())}}}"
    return json.dumps(value, default=str).replace("NaN", "nan").replace("Infinity", "inf")


@given(st.lists(_tables, max_size=4), st.binary(max_size=3))
@settings(max_examples=300)
def test_a_configuration_is_read_or_its_mistakes_are_named(
    tables: list[tuple[str, dict[str, object]]], noise: bytes
) -> None:
    rows = [row for head, pairs in tables for row in (head, *_lines(pairs))]
    configuration("\n".join(rows).encode() + b"\n" + noise)


def _lines(pairs: dict[str, object]) -> Iterator[str]:
    return (f"{key} = {_toml(value)}" for key, value in pairs.items())


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["version", "findings", "fingerprint", "code", "path", "message", "count"]
            ),
            inner,
        )
    ),
    max_leaves=12,
)
_entries = st.fixed_dictionaries(
    dict.fromkeys(("fingerprint", "code", "path", "message", "count"), _json)
)
_baselines = st.fixed_dictionaries(
    {"version": st.just(1), "findings": st.lists(_entries | _json, max_size=3) | _json}
)


@given((_json | _baselines).map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40))
@settings(max_examples=300)
def test_a_baseline_is_read_or_named(data: bytes) -> None:
    baseline(data)


def _statements() -> list[str]:
    """Return the statements of the examples of every rule, as they stand at the top of a file."""
    found: dict[str, None] = {}
    for rule in all_rules():
        for text in (*rule.valid, *rule.invalid):
            for path, content in read_example(text, rule.configuration).files.items():
                if path.endswith(".py") and FILES.get(path) != content:
                    found.update(dict.fromkeys(_parts(content)))
    return list(found)


def _parts(content: str) -> list[str]:
    try:
        body = ast.parse(content).body
    except SyntaxError:
        return [content]
    return [ast.get_source_segment(content, node) or "" for node in body]


_statement = st.sampled_from(_statements())
_file = st.lists(_statement, max_size=8).map("\n".join) | st.lists(
    _statement, min_size=1, max_size=4
).map("\n".join).flatmap(
    # as it looks while a person edits it
    lambda text: st.integers(0, len(text)).map(lambda end: text[:end])
)
_PATHS = (
    "app/__init__.py", "app/engine.py", "app/old.py", "app/context.py", "app/views.py",
    "app/sub/__init__.py", "app/sub.py", "containers.py", "tests/test_a.py", "main.py",
)  # fmt: skip
_CONTRACTS = """
[[tool.trunkline.contract]]
layers = ["app.views", "app.engine | app.sub"]

[[tool.trunkline.contract]]
target = ["containers"]
importers = ["main"]
"""


@given(st.dictionaries(st.sampled_from(_PATHS), _file, min_size=1, max_size=5))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_every_rule_takes_any_code_and_every_report_what_it_finds(files: dict[str, str]) -> None:
    """Statements of all examples, in any order and place, some cut in the middle."""
    base = {path: text.encode() for path, text in FILES.items()}
    audit_tree({**base, **{path: text.encode() for path, text in files.items()}}, _CONTRACTS)
