"""The reader takes any bytes; what it reads of parts of a file agrees with the whole."""

import ast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import source
from trunkline.audit.source.facts import Facts
from trunkline.audit.source.parsing import Unreadable, check_syntax
from trunkline.audit.source.reader import Reader, Request
from trunkline.audit.source.reduction import reduce

NAMES = Request((b"Engine", b"providers"))
PROGRAM = NAMES._replace(program=True)

_pieces = st.sampled_from(
    [
        b"def ",
        b"class ",
        b"async ",
        b"import ",
        b"from ",
        b"Engine",
        b"x",
        b"(",
        b")",
        b":",
        b"\n",
        b"    ",
        b"\t",
        b'"""',
        b"'",
        b"#",
        b"\\",
        b"=",
        b".",
        b",",
        b"*",
        b"@",
        b"global ",
        b"lambda ",
        b"yield ",
        b"await ",
        b"try",
        b"except",
        b"match ",
        b"case ",
        b"with ",
        b"\xff",
        b"\0",
        b"\r\n",
        b"{",
        b"}",
        b"[",
        b"]",
        b"for ",
        b" in ",
        b":=",
        b"...",
        b"if ",
        b"else",
        b"return ",
        b"1",
        b"# coding: latin-1\n",
        b"<<<<<<< a\n",
        b">>>>>>> b\n",
        b"# trunkline: ignore[TL201] why\n",
    ]
)


@given(st.lists(_pieces, max_size=60).map(b"".join) | st.binary(max_size=300))
@settings(max_examples=300)
def test_any_bytes_are_read_or_named(data: bytes) -> None:
    source(data)


_statements = st.sampled_from(
    [
        "import app.engine",
        "from app.engine import Engine as E",
        "LIMIT = 3",
        'TEXT = """\ndef hidden(): Engine\nclass Other: pass\n"""',
        "def plain(a, b=1):\n    return a + b\n\n    # Not Engin",
        "async def go(engine: Engine):\n    return await engine.run()",
        "class Kept(Engine):\n    x: int = 1\n\n    def f(self):\n        self.e = Engine(1)",
        "class Cut:\n    def g(self):\n        return 'text'\n",
        "@decorated\ndef shown():\n    '''Doc\n\ndef not_code(): pass\n'''\n    return E()",
        "def signature(\n    a,\n    b,\n):\n    return [\n        a,\n    ]",
        "if LIMIT:\n    def inner(): ...\nelse:\n    inner = E",
        "value = E(1)",
    ]
)


@given(st.lists(_statements, min_size=1, max_size=12))
@settings(max_examples=150)
def test_parts_agree_with_the_whole(statements: list[str]) -> None:
    """Cutting what does not matter changes neither names, nor calls, nor references."""
    padding = "def padding():\n" + "    x = 1\n" * 600
    data = ("\n".join([*statements, padding]) + "\n").encode()
    # A file with a character beyond ASCII is never cut.
    whole = Reader(PROGRAM).read(data + "# é\n".encode(), "app.x", is_package=False, is_test=False)
    assert isinstance(whole, Facts)
    for request in (NAMES, PROGRAM):
        cut = Reader(request).read(data, "app.x", is_package=False, is_test=False)
        if cut is None:
            assert request is NAMES
            assert whole.level == 1
            continue
        assert isinstance(cut, Facts)
        assert cut.partial or cut.level == 1
        names = [(d.name, d.kind, d.line) for d in cut.definitions]
        assert names == [(d.name, d.kind, d.line) for d in whole.definitions]
        for field in ("imports", "calls", "references", "stores", "fallbacks", "texts"):
            assert getattr(cut, field) == getattr(whole, field)
        if request is PROGRAM:
            assert cut.definitions == whole.definitions


@pytest.mark.parametrize("request_", [NAMES, PROGRAM], ids=["names", "program"])
@pytest.mark.parametrize("deep", ["+ 1" * 2000, ".a" * 2000, "[0]" * 2000, "()" * 2000])
def test_what_is_nested_too_deeply_is_named(request_: Request, deep: str) -> None:
    padding = "def padding():\n" + "    x = 1\n" * 600
    data = f"from app.engine import Engine\nx = Engine{deep}\n{padding}".encode()
    read = Reader(request_).read(data, "app.x", is_package=False, is_test=False)
    assert isinstance(read, Unreadable)
    assert read.problem.startswith("nested too deeply")


def test_cut_keeps_every_line_in_place() -> None:
    body = "\n".join(f"    x{n} = {n}" for n in range(300))
    data = f"def one():\n{body}\n\n\ndef two():\n    Engine()\n{body}\n".encode()
    reduced = reduce(data, [305])
    assert reduced is not None
    assert reduced.stubs == {1}
    assert reduced.data.split(b"\n")[304] == data.split(b"\n")[304] == b"    Engine()"
    assert reduced.data.count(b"\n") == data.count(b"\n")


_outlined = st.sampled_from(
    [
        "import app.engine",
        "from .other import *",
        "LIMIT = 3",
        "__all__ = ['LIMIT', 'one']",
        "__all__ += ['two']",
        "if LIMIT:\n    def inner(): ...\nelse:\n    inner = one",
        "try:\n    import fast\nexcept ImportError:\n    fast = None",
        "async def one(a=lambda: 1):\n    b = a\n    return b\n",
        "def two(\n    a,\n):\n    x = 1\n",
        "def two():\n    global LIMIT\n    LIMIT = 1\n    return '''\ndef no(): ...\n'''",
        "def lazy():\n    a = 1\n    from app import late\n    return late",
        "@register(\n    LIMIT,\n)\ndef two():\n    a = 1\n    return a\n",
        "@property\nclass Of(one, metaclass=two):\n    x = 1\n    y = 2\n",
        "class Of[T](Base):\n    x = 1\n    y = 2\n    z = 3\n",
        "class Of(make(1)):\n    import json\n    y = 2\n",
        "class Of:\n    x = 1\n    y = 2\n",
        "def one():\n    a = 1\n\n\n# import\n",
        "values = [one for one in two]",
        'text = f"{LIMIT!r:>{LIMIT}}"',
        "def broken(:\n    a = 1\n    b = 2\n",
        "def broken():\n    a = (1\n    b = 2\n",
        "def broken():\n  a = 1\n b = 2\n    c = 1",
        'text = f"""{LIMIT + """\ndef one():\n    a = 1\n    b = 2\n"""}"""',
        "text = F'{LIMIT[\"a\"]}'\ndef one():\n    a = 1\n    b = 2\n",
        '# no """ string\ndef one():\n    a = 1\n    b = 2\n',
        "text = '\"\"\"' \"'''\"  # ''' \"\ndef one():\n    a = 1\n    b = 2\n",
        "text = '''\\'''\ndef no(): ...\n\\\\'''",
        'text = r"""\\"""\ndef no(): ...\n"""',
        'text = (\n"a" """\ndef no():\n    a = 1\n    b = 2\n"""\n)',
        "def page():\n    a = 1\n    b = 2\n\x0cdef other():\n    a = 1\n    b = 2\n",
    ]
)


@given(st.lists(_outlined, min_size=1, max_size=10))
@settings(max_examples=300)
def test_an_outline_agrees_with_the_whole(statements: list[str]) -> None:
    """What the rules about the whole program read of a cut file is what the whole one holds.

    Broken syntax too, wherever it stands.
    """
    text = "\n".join([*statements, "PADDING = '" + "z" * 4000 + "'"]) + "\n"
    request = Request((b"Engine",), program=True)
    cut = Reader(request).read(text.encode(), "app.x", is_package=False, is_test=False)
    # A file with a character beyond ASCII is never cut.
    whole = Reader(request).read(
        text.encode() + "# é\n".encode(), "app.x", is_package=False, is_test=False
    )
    assert cut == whole


@given(st.lists(_outlined, max_size=5))
@example(["    x = 1"])
@example(["from __future__ import annotations", "# -*- coding: latin-1 -*-"])
@example(["from __future__ import braces"])
@example(["return 1", "nonlocal x"])
def test_the_syntax_is_checked_as_the_whole_parser_checks_it(statements: list[str]) -> None:
    data = "\n".join([*statements, ""]).encode()
    try:
        ast.parse(data)
    except SyntaxError:
        with pytest.raises(SyntaxError):
            check_syntax(data)
    else:
        check_syntax(data)


def test_an_outline_leaves_bodies_out() -> None:
    body = "\n".join(f"    x{n} = {n}" for n in range(300))
    data = f"@one\nasync def two(a):\n{body}\n\nclass Three(two):\n{body}\n".encode()
    reduced = reduce(data, [], headers=True)
    assert reduced is not None
    assert reduced.data.split() == b"@one async def two(): pass class Three(two): pass".split()
    assert reduced.stubs == {2, 304}
