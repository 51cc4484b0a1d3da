"""The explanation of a rule: for the terminal, and as a page of the documentation."""

from collections.abc import Iterable
from textwrap import dedent

from trunkline.audit.findings import GROUPS
from trunkline.audit.problems import UsageError
from trunkline.audit.registry import (
    ALIASES,
    all_rules,
    close_name,
    is_prefix,
    load_rule,
    rule_files,
    rule_names,
    select_rules,
)
from trunkline.audit.rule import PROGRAM, Rule


def explained(name: str) -> str:
    """Return the page of a rule, or the list of those that a selector of ``--select`` stands for.

    Args:
        name: Code or name of a rule, or the beginning of a code (``TL2``), in any case; or one of
            `ALIASES`.

    Raises:
        UsageError: There is none.
    """
    code = rule_names().get(name.lower(), name.upper())
    if code in rule_files():
        return explain(load_rule(code))
    if code != "TL" and is_prefix(code):
        return rule_list(code)
    if name in ALIASES:
        return rule_list(rules=select_rules((name,), ()))
    close = close_name(name)
    remedy = f"did you mean {close}?" if close else "`trunkline explain` lists the rules"
    raise UsageError(f"no rule is called {name!r}", remedy)


def rule_list(prefix: str = "", rules: Iterable[Rule] | None = None) -> str:
    """Return every rule, or those of a prefix, with its summary, by group.

    Args:
        prefix: What their codes begin with.
        rules: Those to choose from; all of them unless given.
    """
    lines: list[str] = []
    group = -1
    for rule in all_rules() if rules is None else rules:
        code = rule.code
        if not code.startswith(prefix):
            continue
        if int(code[2]) != group:
            group = int(code[2])
            lines.append(f"{'' if not lines else chr(10)}{GROUPS[group]}")
        lines.append(f"  {code}  {rule.name:24} {rule.summary}")
    return "\n".join(lines) + "\n"


def rules_page() -> str:
    """Return the page of the documentation that explains every rule.

    ``python -m trunkline.audit.explain`` prints it.
    """
    parts = [
        "# The rules",
        "",
        "Made from the rules by `python -m trunkline.audit.explain > docs/audit/rules.md`.",
        "Every example is a test. Around it stands the standard example, in which",
        "`app.engine:Engine` is canonical, lives for one request and comes from",
        "`containers:Application.engine`; `app.old:OldEngine` is its old name.",
        "",
    ]
    for code in rule_files():
        for row in explain(load_rule(code)).splitlines():
            is_title = row.startswith((f"# {code} ", "## Found", "## Left alone"))
            parts.append(f"#{row}" if is_title else row)
        parts.append("")
    return "\n".join(parts).rstrip("\n") + "\n"


def explain(rule: Rule) -> str:
    """Return the page of a rule, in Markdown that reads well as text."""
    cost = "reads the imports and names of every file" if rule.needs == PROGRAM else (
        "reads only files in which a canonical name stands"
    )  # fmt: skip
    parts = [
        f"# {rule.code} {rule.name}",
        "",
        f"Finds {rule.summary}.",
        "",
        explanation(rule),
        "",
        f"Remedy: {rule.remedy}.",
        "",
        f"Group {rule.code[2]}, {GROUPS[int(rule.code[2])]}; {cost}"
        + ("." if rule.default else "; runs only when selected."),
    ]
    if rule.configuration:
        parts += [
            "",
            "The examples need, besides the standard example:",
            "",
            "```toml",
            rule.configuration.strip(),
            "```",
        ]
    parts += ["", "## Found", "", "Lines marked `# <-` are reported."]
    for text in rule.invalid:
        parts += ["", "```py", text.strip("\n"), "```"]
    parts += ["", "## Left alone"]
    for text in rule.valid:
        parts += ["", "```py", text.strip("\n"), "```"]
    return "\n".join(parts) + "\n"


def explanation(rule: Rule) -> str:
    """Return the docstring of a rule, without its indentation."""
    first, _, rest = (rule.__doc__ or "").strip().partition("\n")
    return f"{first}\n{dedent(rest)}".strip()


if __name__ == "__main__":
    print(rules_page(), end="")  # noqa: T201 # the page is what the command is for
