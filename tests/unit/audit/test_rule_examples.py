"""Every rule finds exactly the marked lines of its examples, and nothing in its valid ones."""

from pathlib import Path

import pytest

from trunkline.audit.config import AuditConfig
from trunkline.audit.config_reader import load_config
from trunkline.audit.engine import run_audit
from trunkline.audit.example import read_example
from trunkline.audit.registry import all_rules
from trunkline.audit.rule import Rule

CASES = [
    pytest.param(rule, text, id=f"{rule.code}-{kind}-{number}")
    for rule in all_rules()
    for kind, texts in (("valid", rule.valid), ("invalid", rule.invalid))
    for number, text in enumerate(texts)
]


@pytest.mark.parametrize(("rule", "text"), CASES)
def test_finds_exactly_the_marked_lines(rule: Rule, text: str, tmp_path: Path) -> None:
    example = read_example(text, rule.configuration)
    for path, content in example.files.items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
    (tmp_path / "pyproject.toml").write_text(example.configuration)
    result = run_audit(load_config(str(tmp_path)), (rule,), cached=False)
    assert [(finding.path, finding.line) for finding in result.findings] == sorted(example.expected)
    if rule.code != "TL305":
        assert not result.errors


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_judges_by_exactly_the_settings_it_names(rule: Rule, tmp_path: Path) -> None:
    """Without one of them it finds less in its examples, and without any other just as much."""
    less = set()
    for number, text in enumerate(rule.invalid):
        root = tmp_path / str(number)
        example = read_example(text, rule.configuration)
        for path, content in {**example.files, "pyproject.toml": example.configuration}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(content)
        config = load_config(str(root))
        whole = _count(config, rule)
        for name in ("canonical", "contracts", "identifiers"):
            if _count(config._replace(**{name: ()}), rule) < whole:
                less.add(name)
    assert less == set(rule.judges_by)


def _count(config: AuditConfig, rule: Rule) -> int:
    return len(run_audit(config, (rule,), cached=False).findings)


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_says_what_it_is(rule: Rule) -> None:
    assert rule.valid
    assert rule.invalid
    assert rule.__doc__
    assert rule.__doc__.strip()
    assert rule.summary
    assert rule.remedy
    assert type(rule).__module__.endswith(f"{rule.code.lower()}_{rule.name.replace('-', '_')}")
