"""The rules there are, listed from their files: ``rules/tl201_direct_construction.py``."""

# Paths stay texts: pathlib is slow over thousands of files, and slow to import.
# ruff: noqa: PTH118, PTH120, PTH208

import importlib
import os
import re
from functools import cache
from typing import Final

from trunkline.audit.rule import PROGRAM, Rule

_FILE: Final = re.compile(r"(tl\d{3})_(\w+)\.py\Z")
ALIASES: Final = {"ALL": "", "canonical": "names", "program": "program"}
"""Selectors that are no prefix of a code: every rule, those of one cost."""


@cache
def rule_files() -> dict[str, str]:
    """Return the name of the module of every rule, by code, in order."""
    folder = os.path.join(os.path.dirname(__file__), "rules")
    found = (_FILE.match(name) for name in sorted(os.listdir(folder)))
    return {match[1].upper(): match[0][:-3] for match in found if match}


def rule_names() -> dict[str, str]:
    """Return the code of every rule, by its name in kebab case."""
    return {module[6:].replace("_", "-"): code for code, module in rule_files().items()}


@cache
def load_rule(code: str) -> Rule:
    """Return a rule by its code; its file is imported now."""
    module = importlib.import_module(f"trunkline.audit.rules.{rule_files()[code]}")
    rule = module.Check()
    assert isinstance(rule, Rule)  # noqa: S101 # narrows for the type checker; a test holds it
    return rule


def all_rules() -> tuple[Rule, ...]:
    """Return every rule, in the order of their codes."""
    return tuple(load_rule(code) for code in rule_files())


def known_selector(selector: str) -> bool:
    """Tell whether a selector names at least one rule."""
    return selector in ALIASES or selector in rule_names() or is_prefix(selector)


def is_prefix(text: str) -> bool:
    """Tell whether a text is the code of a rule, or the beginning of one."""
    return bool(re.fullmatch(r"TL[0-9]{0,3}", text)) and any(
        code.startswith(text) for code in rule_files()
    )


def close_name(name: str) -> str | None:
    """Return the code or name of a rule that was probably meant; None where none is close."""
    import difflib

    known = {known.lower(): known for known in (*ALIASES, *rule_files(), *rule_names())}
    close = difflib.get_close_matches(name.strip().lower(), known, 1)
    return known[close[0]] if close else None


def select_rules(select: tuple[str, ...], ignore: tuple[str, ...]) -> tuple[Rule, ...]:
    """Return the rules to run.

    Args:
        select: Codes, prefixes, names, ``ALL``, ``canonical`` (the rules about canonical names) or
            ``program`` (those about every file); empty for the default ones.
        ignore: Codes, prefixes or names not to run.
    """
    chosen: dict[str, Rule] = {}
    for selector in select or ("default",):
        for code in rule_files():
            if _matches(selector, code):
                chosen[code] = load_rule(code)
    for selector in ignore:
        for code in list(chosen):
            if _matches(selector, code):
                del chosen[code]
    return tuple(chosen[code] for code in sorted(chosen))


def _matches(selector: str, code: str) -> bool:
    if selector == "ALL":
        return True
    if selector == "default":
        return load_rule(code).default
    if selector in {"canonical", "program"}:
        rule = load_rule(code)
        return rule.default and (rule.needs == PROGRAM) == (selector == "program")
    return code.startswith(selector) or rule_names().get(selector) == code
