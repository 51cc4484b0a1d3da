"""Modules and a package that have moved, as files of a tree."""

from __future__ import annotations

import importlib
from typing import Any

FILES = {
    "newmod.py": """
        '''The new module.'''
        LIMIT = 3
        class Engine:
            pass
        def limit():
            return LIMIT
        _private = 1
        """,
    "oldmod.py": """
        from trunkline.legacy import redirect_module
        OWN = "stays"
        __getattr__, __dir__ = redirect_module(
            __name__, to="newmod", names={"OldEngine": "Engine", "Place": "newpkg.sub:Place"},
            removed_in="2.0",
        )
        """,
    "newpkg/__init__.py": "TOP = 1\n",
    "newpkg/sub.py": """
        '''The new submodule.'''
        VALUE = 2
        class Place:
            pass
        def value():
            return VALUE
        """,
    "star.py": "from oldmod import *\n",
    "cycle_new.py": """
        import cycle_old
        class Thing:
            pass
        """,
    "cycle_old.py": """
        from trunkline.legacy import redirect_module
        __getattr__, __dir__ = redirect_module(__name__, to="cycle_new")
        """,
}


def module(name: str) -> Any:
    return importlib.import_module(name)
