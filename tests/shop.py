"""Functions that tests record: a shop with finitely many questions."""

import dataclasses
import datetime as dt
import enum
import os
import time
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

ASKED: list[str] = []
"""Every call of `price`, in order."""


class Size(enum.Enum):
    SMALL = "small"
    LARGE = "large"


class Box(BaseModel):
    width: int
    height: int = 2


@dataclasses.dataclass
class Price:
    amount: float
    tags: set[str]
    day: dt.date


def price(item: Literal["tea", "milk", "salt"], size: Size = Size.SMALL) -> Price:
    """What an item costs.

    In euros.
    """
    ASKED.append(item)
    if item == "salt":
        raise KeyError("no salt today")
    return Price(2.5 if size is Size.SMALL else 4.0, {"warm", "dry", "sold", "new"}, dt.date(2026, 11, 22))


def items() -> list[dict[str, Any]]:
    """All items."""
    return [{"name": name, "stock": {3, 1, 2}} for name in ("tea", "milk")]


def area(box: Box, day: dt.date | None = None) -> dict[str, Any]:
    """The area of a box."""
    return {"area": box.width * box.height, "day": day}


async def shelf(number: Annotated[int, Field(ge=1, le=3, description="Which one.")]) -> dict[str, int]:
    """A shelf."""
    return {"number": number}


FUNCTIONS: list[Callable[..., Any]] = [price, items, area, shelf]


class Store:
    """Its public methods are tools."""

    def __init__(self) -> None:
        self.failures = 2

    def flaky(self) -> str:
        """Fails twice, as a network does."""
        self.failures -= 1
        if self.failures >= 0:
            raise ConnectionError("the line is down")
        return "up"

    def never(self) -> str:
        raise TimeoutError

    def secret(self) -> dict[str, str]:
        return {"key": os.environ["SHOP_KEY"]}

    def wrong(self, kind: Literal["nan", "object", "deep", "big"]) -> Any:
        """What is not JSON, or too much of it."""
        deep: Any = 1
        for _ in range(100):
            deep = [deep]
        return {"nan": float("nan"), "object": object(), "deep": deep, "big": "x" * 5_000_000}[kind]

    def _hidden(self) -> None:
        """Not a tool."""


STORE = Store()


def square(number: Annotated[int, Field(ge=0, lt=300)]) -> dict[str, int]:
    """The square of a number, after two milliseconds."""
    time.sleep(0.002)
    return {"square": number * number}


def starred(*numbers: int) -> None:
    """Cannot be called by name."""


def strange(thing: "Unknown") -> None:  # type: ignore[name-defined]  # noqa: F821
    """Has an annotation that leads nowhere."""


def no_schema(thing: Store) -> None:
    """Has a parameter that JSON cannot say."""
