"""Old functions that lead to the shop's providers, as a module that has moved would keep them."""

from __future__ import annotations

from typing import Any

from tests.unit.legacy.shop import ENGINE, FORMS, HERE
from trunkline.legacy import redirect_function

create: Any = redirect_function(
    "create", to=ENGINE, adapt=FORMS, closes_with="cleanup", over=lambda engine: engine.closed
)
simple: Any = redirect_function("simple", to=ENGINE)
till: Any = redirect_function("till", to=f"{HERE}:PlainShop.till")
