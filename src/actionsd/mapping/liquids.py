from typing import Any


class LiquidFailure(Exception):
    pass


def render(t: Any, v: Any) -> str:
    raise LiquidFailure("todo")
