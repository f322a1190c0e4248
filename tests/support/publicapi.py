"""The Public API of a real daemon, called as a client would: over TCP, with a token.

Every answer is held against the shapes that were read out of Segment's own SDK (../shared/interop/public-api.json).
"""

import functools
import http.client
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from support.daemon import Daemon, free_port

TOKEN = "t0ken-of-the-config"
INTEROP = Path(__file__).parents[3] / "shared" / "interop"


class Answer:
    """An answer of the API."""

    def __init__(self, method: str, path: str, status: int, headers: http.client.HTTPMessage, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.text = body.decode()
        self.json: Any = json.loads(body)
        operation = operation_of(method, path)
        if status < 300 and operation is not None:
            assert status == operation["responseStatus"], f"{method} {path}: {status}"
            wrong = list(differences("data", self.json["data"], operation["response"]["data"]))
            assert not wrong, f"{method} {path}: {wrong} in {self.text}"

    @property
    def data(self) -> Any:
        """What a call that went well answers."""
        assert self.status < 300, self.text
        return self.json["data"]

    @property
    def problem(self) -> Any:
        """The first error of one that did not."""
        assert self.status >= 400, self.text
        for problem in self.json["errors"]:
            assert problem["type"]
            assert problem["status"] == self.status
        return self.json["errors"][0]


class PublicApi:
    """A daemon whose admin API listens on TCP; ``daemon`` is not started yet."""

    def __init__(self, home: Path, destinations: str = "", more: str = "") -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.daemon = Daemon(home, destinations, more=more)
        text = self.daemon.config.read_text()
        admin = f'[admin]\ntoken = "{TOKEN}"\nlisten = ["127.0.0.1:{self.port}", "'
        self.daemon.config.write_text(text.replace('[admin]\nlisten = ["', admin))

    def __call__(
        self, method: str, path: str, body: object = None, *, token: str = TOKEN, headers: Mapping[str, str] = {}
    ) -> Answer:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        return Answer(method, path, *self._send(method, path, data, token, headers))

    def raw(self, method: str, path: str) -> str:
        """The text of an answer that is no JSON."""
        return self._send(method, path, None, TOKEN, {})[2].decode()

    def _send(
        self, method: str, path: str, data: bytes | None, token: str, headers: Mapping[str, str]
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(method, path, data, {"Authorization": f"Bearer {token}", **headers})
            response = connection.getresponse()
            return response.status, response.headers, response.read()

    def token(self, name: str, role: str) -> str:
        """A new token with this role."""
        return str(self("POST", "/actionsd/tokens", {"name": name, "role": role}).json["token"])

    def source(self, slug: str, **more: object) -> Any:
        """A new source."""
        body = {"slug": slug, "enabled": True, "metadataId": "IqDTy1TpoU", **more}
        return self("POST", "/sources", body).data["source"]

    def destination(self, source: str, definition: str, settings: Mapping[str, object] = {}, **more: object) -> Any:
        """A new destination of a source."""
        body = {"sourceId": source, "metadataId": definition, "settings": settings, **more}
        return self("POST", "/destinations", body).data["destination"]


@functools.cache
def operations() -> list[dict[str, Any]]:
    """The operations of the SDK; none where ../shared is missing."""
    path = INTEROP / "public-api.json"
    return json.loads(path.read_text())["operations"] if path.exists() else []  # type: ignore[no-any-return]


def operation_of(method: str, path: str) -> dict[str, Any] | None:
    """The operation that a request is of; one whose path has fewer parameters first."""
    found = [
        each
        for each in operations()
        if each["method"] == method
        and re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(each["path"])), path.partition("?")[0])
    ]
    return min(found, key=lambda each: each["path"].count("{")) if found else None


def differences(where: str, value: Any, spec: Mapping[str, Any]) -> Iterator[str]:
    """Where a JSON value is not of a shape of public-api.json."""
    if value is None:
        if not spec.get("nullable") and spec["type"] != "any":
            yield f"{where} is null"
        return
    kinds = {"string": str, "number": (int, float), "boolean": bool, "array": list, "object": dict, "any": object}
    if not isinstance(value, kinds[spec["type"]]):
        yield f"{where} is {value!r} and no {spec['type']}"
    elif "enum" in spec and value not in spec["enum"]:
        yield f"{where} is {value!r} and none of {spec['enum']}"
    elif spec["type"] == "array":
        for index, item in enumerate(value):
            yield from differences(f"{where}[{index}]", item, spec["items"])
    elif "fields" in spec:
        for name, field in spec["fields"].items():
            if name in value:
                yield from differences(f"{where}.{name}", value[name], field)
            elif field["required"]:
                yield f"{where}.{name} is missing"
        yield from (f"{where}.{name} is not in the shape" for name in value.keys() - spec["fields"].keys())
