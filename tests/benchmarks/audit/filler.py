"""Plausible Python that has nothing to do with anything canonical, in any amount."""

import random
from typing import Final

_NOUNS_TEXT: Final = """\
account address balance batch booking bucket calendar cart catalog channel charge client cohort
column comment country coupon currency customer delivery device discount document event export
feature filter folder forecast gateway header image import_job index invoice item journal label
ledger limit location margin message metric module notice offer order package page partner
payment period picture plan policy price product profile quota rate receipt record refund region
report request_row role route rule sample_row schedule segment shipment signal slot source stock
store supplier table target tariff tax team ticket token_row trace transfer unit upload vendor
visit window
"""
_NOUNS: Final = tuple(_NOUNS_TEXT.split())
_VERBS_TEXT: Final = """\
apply archive assign balance check clear close collect compare copy count create drop expand
export fetch find group index insert join link list load mark match merge move open parse prune
publish read record release remove render replace reset restore round save scan select send
share sort split store sum swap trim update
"""
_VERBS: Final = tuple(_VERBS_TEXT.split())


def filler(random_source: random.Random, lines: int, serial: int) -> list[str]:
    """Return about `lines` lines of classes and functions whose names no other serial has.

    Args:
        random_source: Where choices come from.
        lines: How many lines to write; a few more may come.
        serial: Number of the file.
    """
    out: list[str] = []
    part = 0
    while len(out) < lines:
        part += 1
        noun = random_source.choice(_NOUNS)
        if random_source.random() < 0.45:
            out.extend(_class(random_source, noun, f"{serial}x{part}"))
        else:
            out.extend(_function(random_source, noun, f"{serial}_{part}", "", ""))
        out.append("")
        out.append("")
    return out


def _class(random_source: random.Random, noun: str, mark: str) -> list[str]:
    title = noun.title().replace("_", "")
    out = [
        f"class {title}{mark}:",
        f'    """Keeps the rows of one {noun} and answers questions about them."""',
        "",
        f"    {noun}_limit: int = {random_source.randint(2, 900)}",
        f'    label: str = "{noun} {mark}"',
        "",
        f'    def __init__(self, rows: list[dict[str, int]], name: str = "{noun}") -> None:',
        "        self.rows = list(rows)",
        "        self.name = name",
        "        self.seen: dict[str, int] = {}",
    ]
    for number in range(random_source.randint(2, 5)):
        out.append("")
        out.extend(_function(random_source, noun, str(number), "    ", "self, "))
    return out


def _function(
    random_source: random.Random, noun: str, mark: str, indent: str, first: str
) -> list[str]:
    verb = random_source.choice(_VERBS)
    other = random_source.choice(_NOUNS)
    limit = random_source.randint(3, 5000)
    body = [
        f"def {verb}_{noun}_{mark}({first}rows: list[dict[str, int]], limit: int = {limit}):",
        f'    """Return how much the {other} of every {noun} comes to, at most `limit`."""',
        "    total = 0",
        "    for position, row in enumerate(rows):",
        f'        value = row.get("{other}", 0) + row.get("{noun}", position)',
        f"        if value > limit:  # a {noun} never exceeds what was agreed",
        "            continue",
        "        total += value",
    ]
    for step in range(random_source.randint(0, 5)):
        key = random_source.choice(_NOUNS)
        body.append(f'    if "{key}" in rows[0] and total % {step + 2} == 0:')
        body.append(f"        total = max(total - {step}, min(limit, len(rows) * {step + 3}))")
        if random_source.random() < 0.3:
            body.append(f'        label = f"{{total}} of {key}, {{limit}} at most: {verb} {other}"')
            body.append("        rows = sorted(rows, key=lambda row: (len(row), label))")
    body.append("    return total")
    return [indent + line if line else line for line in body]
