"""The admin API as the commands of ``actionsctl`` call it."""

import http.client
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from actionsd import settings, wire
from actionsd.cli.http import Failed, connect, reason_of, url_of
from actionsd.errors import ConfigError

T = TypeVar("T")

_token_hint = "set ACTIONSD_TOKEN; the daemon keeps one in <data_dir>/admin.token, `tokens create` makes others"
_patience = 60.0  # seconds to wait for one answer; a backup or a dry run takes a while


class Client:
    """One daemon, found by ``url``, else by the admin socket of the file ``config``; the token is for TCP."""

    def __init__(self, url: str | None, config: Path, token: str | None) -> None:
        self._url = url
        self._token = token
        self.config = config

    @property
    def url(self) -> str:
        """Where the admin API is."""
        if self._url is None:
            self._url = url_of(self._listener())
        return self._url

    def get(self, path: str, answer: type[T], **query: object) -> T:
        return self._call("GET", path, answer, None, query)

    def post(self, path: str, answer: type[T], body: wire.Wire | None = None) -> T:
        return self._call("POST", path, answer, body, {})

    def patch(self, path: str, answer: type[T], body: wire.Wire) -> T:
        return self._call("PATCH", path, answer, body, {})

    def delete(self, path: str, answer: type[T]) -> T:
        return self._call("DELETE", path, answer, None, {})

    def lines(self, path: str, **query: object) -> Iterator[bytes]:
        """The data of a stream of server-sent events, one after the other, until the daemon ends it. What happens after
        this has returned is in it."""
        connection = connect(self.url, None)
        try:
            response = self._request(connection, "GET", _with_query(path, query), None)
        except Failed:
            connection.close()
            raise
        return self._data(connection, response)

    def _data(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> Iterator[bytes]:
        with closing(connection):
            try:
                for line in response:
                    if line.startswith(b"data: "):
                        yield line[6:].rstrip(b"\n")
            except (OSError, http.client.HTTPException) as error:
                raise Failed(f"lost the connection to {self.url}: {error}") from None

    def _listener(self) -> settings.Address:
        try:
            listeners = settings.load_listeners(self.config).admin.listen
        except ConfigError as error:
            raise Usage(f"{error}\nname the daemon's file with --config, or its address with --url") from None
        unix = [address for address in listeners if address.kind == "unix"]
        if not listeners:
            raise Usage(f"{self.config}: admin.listen names no address; say where the daemon is with --url")
        return (unix or list(listeners))[0]

    def _call(self, method: str, path: str, answer: type[T], body: wire.Wire | None, query: dict[str, object]) -> T:
        with closing(connect(self.url, _patience)) as connection:
            response = self._request(connection, method, _with_query(path, query), body)
            try:
                return msgspec.json.decode(response.read(), type=answer)
            except (OSError, http.client.HTTPException, msgspec.DecodeError) as error:
                raise Failed(f"{self.url} gave an answer that cannot be read: {error}") from None

    def _request(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: wire.Wire | None
    ) -> http.client.HTTPResponse:
        headers = {"content-type": "application/json"} if body else {}
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        prefix = "" if self.url.startswith("unix:") else urlsplit(self.url).path.rstrip("/")
        try:
            connection.request(method, prefix + path, msgspec.json.encode(body) if body else None, headers)
            response = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise Failed(f"cannot reach the daemon at {self.url}: {reason_of(error)}") from None
        if response.status >= 400:
            raise Failed(_refusal(response))
        return response


class Usage(Failed):
    """The command was called wrongly; exit code 2."""

    exit_code = 2


def _with_query(path: str, query: dict[str, Any]) -> str:
    given = {key: value for key, value in query.items() if value not in (None, "", ())}
    return f"{path}?{urlencode(given, doseq=True)}" if given else path


def _refusal(response: http.client.HTTPResponse) -> str:
    body = response.read()
    try:
        text = "\n".join(problem.message for problem in msgspec.json.decode(body, type=wire.Errors).errors)
    except msgspec.DecodeError:
        text = f"the daemon answered {response.status} {response.reason}"
    return f"{text}\n{_token_hint}" if response.status == 401 else text


def segment(text: str) -> str:
    """A slug or name as one segment of a path."""
    return quote(text, safe="")
