"""A class that is loaded by shapes is the class that Python would have compiled."""

from __future__ import annotations

import linecache
import traceback
from types import CodeType, FunctionType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.compiler.classes import load_class

METHODS = {
    "plain": """\
    def {a}(self):
        value = self.v_{a}
        if value is not MISSING:
            return value
        try:
            {b} = self.v_{b}
            if {b} is MISSING:
                {b} = self.{b}()
            value = Made({b}, {key}={b}, n=5.25, text={text!r})
        except BaseException as error:
            self.seen.append(({a!r}, error))
            raise
        self.v_{a} = value
        return value
""",
    "waiting": """\
    async def {a}(self):
        value = await self.{b}()
        return (value, {text!r}, None, True, -1)
""",
    "failing": """\
    def {a}(self):
        {b} = 1
        raise ValueError({text!r})
""",
}
names = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True).filter(
    lambda name: (
        name not in {"self", "value", "error", "n", "text", "raise", "def", "try"}
        and name.isidentifier()
        and not __import__("keyword").iskeyword(name)
    )
)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)


@st.composite
def classes(draw: st.DrawFn) -> str:
    blocks = ["def opened():", "    return Drawn()", "", ""]
    blocks += ["class Drawn(Base):", '    """A drawn class."""', "    __slots__ = ()"]
    for name in draw(st.lists(names, min_size=1, max_size=6, unique=True)):
        template = METHODS[draw(st.sampled_from(sorted(METHODS)))]
        other, key = draw(names), draw(names)
        method = template.format(a=name, b=other, key=key, text=draw(texts))
        blocks += ["", *method.rstrip("\n").split("\n"), f"    m_{name} = {name}"]
    return "\n".join([*blocks, ""])


def loaded(text: str, filename: str, base: type = object) -> dict[str, Any]:
    """The namespace of a source, all of its functions compiled."""
    namespace: dict[str, Any] = {"Base": base}
    load_class(text.splitlines(keepends=True), filename, namespace)
    for name in [*namespace["LOAD"].pending]:
        namespace["LOAD"](name)
    return namespace


def functions(cls: type) -> dict[str, FunctionType]:
    return {name: one for name, one in vars(cls).items() if isinstance(one, FunctionType)}


def comparable(code: CodeType) -> tuple[Any, ...]:
    return (
        code.co_code,
        code.co_names,
        code.co_varnames,
        code.co_consts,
        code.co_name,
        code.co_qualname,
        code.co_flags,
        code.co_firstlineno,
        code.co_exceptiontable,
        list(code.co_lines()),
    )


@given(classes())
def test_code_by_shapes_equals_compiled_code_but_for_columns(text: str) -> None:
    by_shape = loaded(text, "<drawn>")
    compiled: dict[str, Any] = {"Base": object}
    exec(compile(text, "<drawn>", "exec"), compiled)
    ours, theirs = functions(by_shape["Drawn"]), functions(compiled["Drawn"])
    assert list(ours) == list(theirs)
    for name, function in theirs.items():
        assert comparable(ours[name].__code__) == comparable(function.__code__)
        assert ours[name].__code__.co_filename == "<drawn>"
    assert comparable(by_shape["opened"].__code__) == comparable(compiled["opened"].__code__)


def test_methods_of_one_shape_share_nothing_but_the_shape() -> None:
    text = "class Two(Base):\n    __slots__ = ()\n" + "".join(
        f"\n    def {name}(self):\n        return {name!r}\n    m_{name} = {name}\n"
        for name in ("one", "other")
    )
    two = loaded(text, "<two>")["Two"]()
    assert (two.one(), two.other(), two.m_other()) == ("one", "other", "other")


def test_a_traceback_shows_the_line_that_failed() -> None:
    text = (
        "class Failing(Base):\n"
        "    __slots__ = ()\n"
        "\n"
        "    def first(self):\n"
        "        return 1\n"
        "\n"
        "    def second_with_a_long_name(self):\n"
        "        value = 1\n"
        "        return value / 0\n"
    )
    linecache.cache["<failing>"] = (len(text), None, text.splitlines(keepends=True), "<failing>")
    failing = loaded(text, "<failing>")["Failing"]()
    with pytest.raises(ZeroDivisionError) as caught:
        failing.second_with_a_long_name()
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (last.filename, last.lineno, last.line) == ("<failing>", 9, "return value / 0")
    assert last.name == "second_with_a_long_name"
