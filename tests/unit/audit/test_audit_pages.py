"""The documentation of the rules is made from the rules."""

from pathlib import Path

import trunkline.audit
from trunkline.audit.explain import rule_list, rules_page
from trunkline.audit.registry import rule_files, select_rules

DOCS = Path(__file__).parents[3] / "docs" / "audit"


def test_the_page_of_the_rules_is_up_to_date() -> None:
    assert (DOCS / "rules.md").read_text() == rules_page()


def test_every_rule_is_listed() -> None:
    assert all(code in rule_list() for code in rule_files())


def test_selectors_take_codes_prefixes_and_names() -> None:
    def codes(*select: str, ignore: tuple[str, ...] = ()) -> list[str]:
        return [rule.code for rule in select_rules(select, ignore)]

    assert codes("TL201") == codes("direct-construction") == ["TL201"]
    assert codes("TL2") == ["TL201", "TL202", "TL203", "TL204", "TL205"]
    assert codes("TL2", ignore=("TL202", "TL204")) == ["TL201", "TL203", "TL205"]
    assert set(codes("canonical")) | set(codes("program")) == set(codes())
    assert set(codes("ALL")) - set(codes()) == {"TL106"}


def test_the_public_names_are_there() -> None:
    for name in trunkline.audit.__all__:
        assert getattr(trunkline.audit, name) is not None
