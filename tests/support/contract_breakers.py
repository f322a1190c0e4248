"""Types that break the contract; they stand at module level, as payload types must."""

from typing import Annotated

from actionsd.sdk import Field, Payload


class WithDefault(Payload):
    plan: Annotated[str, Field("Plan")] = "free"


class WithoutField(Payload):
    plan: str | None = None
