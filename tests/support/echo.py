"""An HTTP server that a destination would better not talk to: every answer repeats all that it was sent, in the status
line, the headers and the body, as it is and encoded in the usual ways."""

import json
import re
import threading
from base64 import b64encode, urlsafe_b64encode
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import quote

STATUSES = {"refused": 400, "failing": 500}


class Echo:
    """``/refused`` answers 400, ``/failing`` 500, ``/flaky`` 500 and then 200 to the same request; ``/token`` gives
    ``granted`` or, for a code that begins with "bad", 400; what is sent with ``stale`` as its bearer token gets 401.
    ``heard`` is all that ever came."""

    def __init__(self, *, stale: str, granted: tuple[str, str]) -> None:
        self.stale = stale
        self.granted = granted
        self.requests: Counter[str] = Counter()
        self.heard = ""
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"echo": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, name="echo")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Echo":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def status(self, mode: str, heard: str) -> int:
        """Count a request; what it is answered with."""
        with self._lock:
            self.heard += heard
            self.requests[heard] += 1
            self.requests[mode] += 1
            if mode != "token" and f"Bearer {self.stale}\n" in heard:
                return 401
            if mode == "token" and "code=bad" in heard:
                return 400
            return 500 if mode == "flaky" and self.requests[heard] == 1 else STATUSES.get(mode, 200)

    def repeats(self, path: str) -> int:
        """How many requests to a path came more than once."""
        with self._lock:
            return sum(count > 1 for heard, count in self.requests.items() if heard.startswith(f"{path}?"))


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client may go whenever it likes."""


class _Handler(BaseHTTPRequestHandler):
    echo: Echo
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        heard = f"{self.path}\n{self.headers.get('authorization', '')}\n{body}\n"
        mode = self.path.strip("/").partition("?")[0]
        status = self.echo.status(mode, heard)
        answer = repeated(heard)
        if mode == "token" and status == 200:
            access, refresh = self.echo.granted
            answer |= {"access_token": access, "refresh_token": refresh}
        elif mode == "token":
            answer |= {"error": "invalid_grant", "error_description": f"{body} is no good"}
        content = json.dumps(answer).encode()
        self.send_response(status, f"sent {self.path} {self.headers.get('authorization', '')}")
        self.send_header("content-type", "application/json")
        self.send_header("x-echo", f"{self.path} {self.headers.get('authorization', '')}")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the test's output is not the place."""


def repeated(heard: str) -> dict[str, str]:
    """What was heard in the ways that an answer may repeat it."""
    raw = heard.encode()
    return {
        "plain": heard,
        "escaped": json.dumps(heard),
        "percent": quote(heard, safe=""),
        "lower": re.sub("%..", lambda escape: escape[0].lower(), quote(heard, safe="")),
        "base64": b64encode(raw).decode(),
        "shifted": b64encode(b"x" + raw).decode() + urlsafe_b64encode(b"xy" + raw).decode(),
        "hex": raw.hex(),
    }
