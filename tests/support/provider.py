"""An OAuth provider with an API: consent is given at once, codes and refresh tokens work once, only the newest access
token opens the API (RFC 6749, 7636)."""

import json
import threading
from base64 import urlsafe_b64encode
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs, urlencode, urlsplit

CLIENT = {"client_id": "the-app", "client_secret": "s3cret/of+the app"}


class Provider:
    """``mode``: "consent"; "deny": the person says no; "refuse": no code is good. ``delivered`` has the id and the
    access token of each note, ``grants`` the kind of each exchange that worked, ``asked`` the query of each page."""

    def __init__(self) -> None:
        self.mode = "consent"
        self.delivered: list[tuple[str, str]] = []
        self.grants: list[str] = []
        self.asked: list[dict[str, str]] = []
        self.access = self.refresh = ""
        self._codes: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"provider": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, name="provider")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Provider":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def authorize(self, query: dict[str, str]) -> str:
        """Where the person is sent to."""
        self.asked.append(query)
        answer = {"state": query["state"]}
        if self.mode == "deny":
            answer |= {"error": "access_denied", "error_description": "The person said <no>"}
        else:
            answer["code"] = f"code-{len(self.asked)}"
            self._codes[answer["code"]] = query
        return f"{query['redirect_uri']}?{urlencode(answer)}"

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        grant = form.get("grant_type", "")
        if any(form.get(name) != value for name, value in CLIENT.items()):
            return 401, {"error": "invalid_client"}
        if not (self._exchanges(form) if grant == "authorization_code" else form.get("refresh_token") == self.refresh):
            said = f"{form.get('code')} of {form['client_secret']} is no good"
            return 400, {"error": "invalid_grant", "error_description": said}
        self.grants.append(grant)
        number = len(self.grants)
        self.access, self.refresh = f"access-token-{number}", f"refresh-token-{number}"
        return 200, {"access_token": self.access, "refresh_token": self.refresh, "expires_in": 1800}

    def api(self, bearer: str, note: dict[str, str]) -> tuple[int, dict[str, object]]:
        if bearer != f"Bearer {self.access}":
            return 401, {"error": "the token has ended"}
        self.delivered.append((note["id"], self.access))
        return 200, {}

    def _exchanges(self, form: dict[str, str]) -> bool:
        query = self._codes.pop(form.get("code", ""), None)
        challenge = urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        return (
            self.mode != "refuse"
            and query is not None
            and query["code_challenge"] == challenge
            and query["redirect_uri"] == form.get("redirect_uri")
        )


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.send_response(302)
        self.send_header("Location", self.provider.authorize(_plain(parts.query)))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        if self.path == "/token":
            status, answer = self.provider.token(_plain(body))
        else:
            status, answer = self.provider.api(self.headers.get("authorization", ""), json.loads(body))
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the test's output is not the place."""


def _plain(text: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(text).items()}
