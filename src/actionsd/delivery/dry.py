"""A transport for dry runs: nothing leaves the process."""

from actionsd.sdk import Request, Response


class DryTransport:
    """The :class:`actionsd.sdk.Transport` that takes every request and answers :func:`accepted`."""

    timeout = 0.0

    async def send(self, request: Request) -> Response:
        """See :class:`actionsd.sdk.Transport`."""
        return accepted()

    async def close(self) -> None:
        """Nothing is held."""


def accepted() -> Response:
    """200 with an empty JSON object, which most APIs would understand as success."""
    return Response(200, {"content-type": "application/json"}, b"{}")
