"""I6: a secret leaves the process only to its destination. Canaries are put wherever a secret may be configured, a
plugin and a server do their worst with them, and then everything that can be read is searched.

A new place for secrets gets a line in ``CANARIES`` and its use in :func:`destinations` or
:func:`make_through_the_api`; a new GET route is asked without more ado, where there is something that it shows.
"""

import http.client
import json
import os
import re
import signal
import sqlite3
import threading
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from actionsd.admin.server import routes
from actionsd.cli.http import connect
from support import jwts
from support.daemon import WRITE_KEY, Daemon, inline
from support.echo import Echo, repeated
from support.plugins import install
from support.waiting import until

# Place to core: letters and digits that no encoding but base64 and hex changes.
CANARIES = {
    "setting inline": "Can4ryInlineQ1w2E3",
    "setting env": "Can4ryEnvironR4t5Y6",
    "setting file": "Can4ryFileU7i8O9",
    "oauth access": "Can4ryAccessP1a2S3",
    "oauth refresh": "Can4ryRefreshD4f5G6",
    "oauth client": "Can4ryClientH7j8K9",
    "granted access": "Can4ryGrantedL1z2X3",
    "granted refresh": "Can4ryRegrantedC4v5",
    "field inline": "Can4ryFieldB6n7M8",
    "field env": "Can4ryFieldEnvQ9w8",
    "field file": "Can4ryFieldFileE7r6",
    "field nested": "Can4ryNestedT5y4U3",
    "field invalid": "Can4ryInvalidI2o1",
    "wrong setting": "Can4ryWrongP9s8",
    "admin token": "Can4ryAdminD7g6F5",
    "made setting": "Can4ryMadeG4h3J2",
    "made later": "Can4ryLaterK1l0Z9",
    "made refresh": "Can4ryMadeRefreshX8",
    "made field": "Can4ryMadeFieldC7v6",
    "planned setting": "Can4ryPlannedB5n4",
    "hashing key": "Can4ryHashingM3q2",
    "previewed field": "Can4ryPreviewW1e0",
    "connecting client": "Can4ryConnectN2b4",
    "connecting code": "Can4ryCodeV6c8",
}
NEVER_SENT = {
    "field invalid", "wrong setting", "planned setting", "admin token", "granted refresh", "made refresh",
    "hashing key", "previewed field",
}  # fmt: skip
MODES = ("ok", "refused", "failing", "flaky", "basic", "careless", "bug", "logging")
NOT_HERE = ("/functions", "/insert-function-instances", "/catalog/warehouses/")  # routes that have nothing to show
MAPPINGS = ("One", "Many", "Invalid")


def canary(place: str) -> str:
    """A secret with characters that URLs, JSON, TOML and base64 write in ways of their own."""
    return f'{CANARIES[place]}/+"=&%\\é' if place.startswith("field") else f"{CANARIES[place]}/+=&%"


def mappings(token: str) -> str:
    fields = {"mode": {"@path": "$.event"}, "token": token, "inner": {"pin": canary("field nested")}}
    kinds: dict[str, dict[str, object]] = {
        "One": fields,
        "Many": fields | {"enable_batching": True, "batch_keys": ["mode"]},
        "Invalid": fields | {"address": f"no address {canary('field invalid')}"},
    }
    triggers = dict.fromkeys(MAPPINGS, 'type = "track"') | {"Invalid": 'event = "ok"'}
    return "".join(
        f'[[destinations.mappings]]\nname = "{name}"\naction = "send"\n'
        f"trigger = {inline(triggers[name])}\nfields = {inline(kinds[name])}\n"
        for name in MAPPINGS
    )


def leaky(slug: str, url: str, key: str, token: str, **more: object) -> str:
    settings = {"endpoint": url, "api_key": key, **more}
    head = f'[[destinations]]\nslug = "{slug}"\nsource = "website"\ndefinition = "leaky"\n'
    return f"{head}settings = {inline(settings)}\n{mappings(token)}"


def destinations(url: str) -> str:
    oauth = {
        "access_token": canary("oauth access"),
        "refresh_token": "env:CANARY_OAUTH_REFRESH",
        "client_secret": "file:oauth client",
    }
    return (
        leaky("inline", url, canary("setting inline"), canary("field inline"))
        + leaky("env", url, "env:CANARY_SETTING_ENV", "env:CANARY_FIELD_ENV")
        + leaky("file", url, "file:setting file", "file:field file")
        + leaky("oauth", url, canary("setting inline"), canary("field inline"), oauth=oauth)
    )


class Scene:
    """A daemon that has been through everything, and all that could be read of it."""

    def __init__(self, daemon: Daemon, echo: Echo) -> None:
        self.daemon = daemon
        self.echo = echo
        self.readable: dict[str, bytes] = {}
        self.answered: set[str] = set()  # what was asked and not refused
        self.token = ""  # made through the API
        self.access_token = ""  # of an OAuth client
        self.values: dict[str, tuple[str, ...]] = {}  # of the parameters of paths

    def get(self, path: str, *, method: str = "GET", body: object = None) -> tuple[int, bytes]:
        with closing(connect(f"unix:{self.daemon.data / 'admin.sock'}", 20.0)) as connection:
            connection.request(method, path, json.dumps(body) if body is not None else None)
            response = connection.getresponse()
            return response.status, response.read()

    def read(self, path: str, *, method: str = "GET", body: object = None, name: str = "") -> None:
        """Ask, and keep the answer."""
        status, answer = self.get(path, method=method, body=body)
        assert status < 500, f"{path}: {answer!r}"
        self.readable[f"{method} {path} {name}".strip()] = answer
        if status < 300:
            self.answered.add(path)

    def paths(self, path: str) -> Iterator[str]:
        """The paths of a route with every value that may stand in it."""
        plain = re.sub(r"{(\w+)(:[^}]+)?}", r"{\1}", path)
        names = re.findall(r"{(\w+)}", plain)
        few = self.values["id"][:3]
        for filled in product(*(self.values.get(name, few) for name in names)):
            yield plain.format(**dict(zip(names, filled, strict=True)))

    def watch(self) -> threading.Thread:
        """Follow the tail with all that it can show, until the daemon stops."""
        connection = connect(f"unix:{self.daemon.data / 'admin.sock'}", 60.0)
        connection.request("GET", "/actionsd/tail?exchanges=1")
        response = connection.getresponse()

        def follow() -> None:
            with closing(connection):
                try:
                    self.readable["tail"] = response.read()
                except http.client.IncompleteRead as cut:  # the daemon stops without ending the stream
                    self.readable["tail"] = cut.partial

        watcher = threading.Thread(target=follow)
        watcher.start()
        return watcher


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    home = tmp_path_factory.mktemp("secrets")
    granted = (canary("granted access"), canary("granted refresh"))
    with pytest.MonkeyPatch.context() as patch, Echo(stale=canary("oauth access"), granted=granted) as echo:
        install(home / "plugins", "leaky")
        patch.setenv("PYTHONPATH", str(home / "plugins"), prepend=os.pathsep)
        patch.setenv("LEAKY_PROVIDER", echo.url)
        for place in CANARIES:
            patch.setenv(f"CANARY_{place.replace(' ', '_').upper()}", canary(place))
            (home / place).write_text(canary(place))
        quick = 'retry_base = "300ms"\nretry_cap = "2s"\nbatch_linger = "50ms"'
        more = f'token = "env:CANARY_ADMIN_TOKEN"\n[delivery]\n{quick}'
        with Daemon(home, destinations(echo.url), more=more, options=("--log-level", "debug")) as daemon:
            scene = Scene(daemon, echo)
            watcher = scene.watch()
            go_through(scene)
            read_everything(scene)
            assert daemon.stop() == 0
            watcher.join(30)
            read_files(scene, "after the stop")
        yield scene


def go_through(scene: Scene) -> None:
    """Deliver, be refused, retry, refresh, and be asked to take a wrong config."""
    daemon = scene.daemon
    scene.token = daemon.ask("tokens", "create", "canary", "--role", "read")["token"]
    make_through_the_api(scene)
    for mode in MODES:
        daemon.send([f"{mode}-{number}" for number in range(2)], event=mode)
    until(lambda: len(daemon.ask("dead", "list", "-n", "1000")["items"]) == 36, what="refused, careless, invalid")
    until(lambda: len(daemon.ask("retries")["items"]) >= 28, what="retries of the failing, the bugs, the batches")
    until(lambda: scene.echo.repeats("/flaky") >= 8, what="the flaky ones, again")
    until(lambda: CANARIES["granted access"] in scene.echo.heard, what="a refresh")
    try_one_event(scene)
    plan_a_config(scene)
    preview_a_change(scene)
    forget_users(scene)
    connect_in_a_browser(scene)
    change_through_the_api(scene)
    good = daemon.config.read_text()
    wrong = leaky("wrong", scene.echo.url, "x", "y").replace('"x"', inline({"y": canary("wrong setting")}))
    daemon.configure(destinations(scene.echo.url) + wrong)
    scene.read("/actionsd/check", method="POST", body={})
    os.kill(daemon.pid, signal.SIGHUP)
    until(lambda: "the config stays as it was" in daemon.log.read_text(), what="the refused reload")
    daemon.config.write_text(good)


def plan_a_config(scene: Scene) -> None:
    """Config as code: a plan shows what files would change, and what is wrong with them."""
    for name, key in (("good", canary("planned setting")), ("bad", {"key": canary("planned setting")})):
        text = leaky(name, scene.echo.url, "the key", "the token").replace('"the key"', inline(key))
        scene.read("/actionsd/config/plan", method="POST", body={"files": {"a.toml": text}}, name=name)


def preview_a_change(scene: Scene) -> None:
    """What an edited mapping would send: old and new payloads and requests beside each other."""
    fields = {"mode": {"@template": "new/{{event}}"}, "token": canary("previewed field"), "inner": {"pin": "new"}}
    for requests in (False, True):
        wanted = {"destination": "made", "mapping": "One", "fields": fields, "requests": requests}
        scene.read("/actionsd/preview", method="POST", body=wanted, name=f"requests {requests}")


def forget_users(scene: Scene) -> None:
    """Destinations are asked to forget users, and what they say to that is reported."""
    ids = []
    for user in ("refused", "careless", "bug"):
        wanted = {"regulationType": "DELETE_ONLY", "subjectType": "USER_ID", "subjectIds": [user]}
        status, answer = scene.get("/regulations", method="POST", body=wanted)
        assert status == 200, answer
        ids.append(json.loads(answer)["data"]["regulateId"])
    scene.values["regulateId"] = tuple(ids)
    until(lambda: all(finished(scene, id) for id in ids), what="the reports")


def connect_in_a_browser(scene: Scene) -> None:
    """A connection whose code is refused by a provider that repeats all it was sent, and one that works."""
    path = "/actionsd/destinations/made/connect"
    for code in (f"bad{canary('connecting code')}", canary("connecting code")):
        scene.read(path, method="POST", body={"redirectUri": "http://127.0.0.1:1/callback"}, name=code[:3])
        url = json.loads(scene.readable[f"POST {path} {code[:3]}"])["url"]
        answer = {"state": parse_qs(urlsplit(url).query)["state"][0], "code": code}
        scene.read(f"{path}/finish", method="POST", body=answer, name=code[:3])
    assert f"{path}/finish" in scene.answered, scene.readable[f"POST {path}/finish {code[:3]}"]


def finished(scene: Scene, regulation: str) -> bool:
    answer = json.loads(scene.get(f"/regulations/{regulation}")[1])
    return bool(answer["data"]["regulation"].get("finishedAt"))


def try_one_event(scene: Scene) -> None:
    """The testers show what they sent and got."""
    for destination, mode, event in product(
        ("oauth", "made"), ("preview", "dry", "send"), ("refused", "careless", "bug")
    ):
        wanted = {"destination": destination, "mode": mode, "event": {"type": "track", "event": event, "userId": "u"}}
        scene.read("/actionsd/test/event", method="POST", body=wanted, name=f"{destination} {mode} {event}")


def make_through_the_api(scene: Scene) -> None:
    """What the file does not declare lies in the database: sealed, with every version it had."""
    made = "/actionsd/destinations/made"
    settings = {"endpoint": scene.echo.url, "api_key": canary("made setting")}
    oauth = {"refresh_token": canary("made refresh"), "client_id": "c", "client_secret": canary("connecting client")}
    settings["oauth"] = oauth  # type: ignore[assignment]
    fields = {"mode": {"@path": "$.event"}, "token": canary("made field"), "inner": {"pin": canary("field nested")}}
    wanted = {"source": "website", "definition": "leaky", "slug": "made", "settings": settings}
    scene.read("/actionsd/destinations", method="POST", body=wanted)
    mapping = {"name": "One", "action": "send", "trigger": 'type = "track"', "fields": fields, "enabled": True}
    scene.read(f"{made}/mappings", method="POST", body=mapping)
    dropping = {"title": "None", "if": 'event = "never"', "actions": [{"type": "drop"}]}
    scene.read(f"{made}/filters", method="POST", body=dropping)
    scene.read("/actionsd/tracking-plans", method="POST", body={"name": "Shop", "slug": "shop"})
    hashing = {"algorithm": "SHA256", "key": canary("hashing key"), "paths": ["properties.email"]}
    never = {"name": "Never", "sourceId": "1", "enabled": True, "if": "event = 'never'"}
    scene.read("/transformations", method="POST", body=never | {"hashPropertiesConfiguration": hashing})
    client = {"name": "backend", "sources": ["website"], "keys": [{"pem": jwts.public_pem(jwts.key())}]}
    scene.read("/actionsd/oauth-clients", method="POST", body=client)
    paths = {"/actionsd/destinations", f"{made}/mappings", f"{made}/filters", "/actionsd/tracking-plans"}
    assert scene.answered == paths | {"/transformations", "/actionsd/oauth-clients"}, "something was not made"
    scene.access_token = access_token(scene)


def access_token(scene: Scene) -> str:
    """One that opens the source "website", used once."""
    url = scene.daemon.url
    kid = json.loads(scene.readable["POST /actionsd/oauth-clients"])["kids"][0]
    fields = jwts.form(jwts.assertion("backend", url, int(datetime.now(UTC).timestamp()), kid=kid))
    with urllib.request.urlopen(f"{url}/token", urlencode(fields).encode()) as response:
        token = str(json.load(response)["access_token"])
    event = json.dumps({"userId": "ada", "event": "with a token", "writeKey": WRITE_KEY}).encode()
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(f"{url}/v1/track", event, headers)) as response:
        assert response.status == 200
    return token


def change_through_the_api(scene: Scene) -> None:
    made = "/actionsd/destinations/made"
    later = {"endpoint": scene.echo.url, "api_key": canary("made later")}
    scene.read(made, method="PATCH", body={"settings": later})
    scene.daemon.send(["after"], event="after")
    until(lambda: CANARIES["made later"] in scene.echo.heard, what="the new key")
    scene.read("/actionsd/secrets/rotate", method="POST", body={})
    scene.read(f"{made}/mappings/One", method="DELETE")
    deleted = json.loads(scene.get("/actionsd/history")[1])["items"][0]["id"]
    scene.read(f"/actionsd/history/{deleted}/restore", method="POST", body={})
    assert scene.get(f"{made}/mappings/One")[0] == 200, "restored"


def read_everything(scene: Scene) -> None:
    daemon = scene.daemon
    scene.read("/actionsd/replays/plan", method="POST", body={"destination": "inline"})
    scene.read("/actionsd/replays", method="POST", body={"destination": "env", "rate": 1})
    scene.values |= values(scene)
    for path in getting():
        for filled in scene.paths(path):
            scene.read(filled)
    for mode in MODES:
        scene.read(f"/actionsd/explain?messageId={mode}-0")
    scene.read("/actionsd/dead?limit=1000")
    for slug in ("inline", "env", "file", "oauth", "made"):
        scene.read(f"/actionsd/samples?destination={slug}&limit=100")
    scene.read("/echo?message=hello")
    read_overview(scene)
    scene.read("/actionsd/test/samples?destination=inline")
    scene.readable["actionsctl"] = b"".join(
        daemon.ctl(*words).stdout.encode()
        for words in (("status",), ("destinations", "oauth"), ("mapping", "show", "inline", "One", "--code"))
    )
    backup = daemon.home / "backup.db"
    assert daemon.ctl("backup", str(backup)).returncode == 0
    scene.readable["backup"] = backup.read_bytes()
    scene.readable["rows of the backup"] = rows_of(backup)
    read_files(scene, "while it runs")


def read_overview(scene: Scene) -> None:
    """The delivery overview of the Public API, down to what may hold texts of events and of answers."""
    now = datetime.now(UTC)
    span = {"startTime": (now - timedelta(hours=1)).isoformat(), "endTime": (now + timedelta(hours=1)).isoformat()}
    (source,) = scene.values["sourceId"]
    for destination in scene.values["destinationId"]:
        of = {"sourceId": source, "destinationConfigId": destination, "granularity": "hour", **span}
        for path in getting():
            if path.startswith("/delivery-overview/"):
                scene.read(f"{path}?{urlencode({**of, 'groupBy[0]': 'discardReason', 'groupBy[1]': 'eventName'})}")
        scene.read(f"/destinations/{destination}/delivery-metrics?sourceId={source}")


def rows_of(path: Path) -> bytes:
    """All values of a database, each in one piece: in the file they lie over several pages."""
    with closing(sqlite3.connect(path)) as db:
        tables = [name for (name,) in db.execute("select name from sqlite_master where type = 'table'")]
        values = (value for table in tables for row in db.execute(f"select * from {table}") for value in row)
        return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in values)


def values(scene: Scene) -> dict[str, tuple[str, ...]]:
    """What may stand in the paths of routes."""
    ids = tuple(str(number) for number in range(1, 70))
    catalog = {
        kind: tuple(each["id"] for each in json.loads(scene.get(f"/catalog/{kind}")[1])["data"][f"{kind}Catalog"])
        for kind in ("sources", "destinations")
    }
    return {
        "slug": ("inline", "env", "file", "oauth", "made", "website", "shop"),
        "name": MAPPINGS,
        "id": ids,
        "sourceId": ids[:1],
        "destinationId": ids[:5],
        "filterId": ids[:5],
        "sourceMetadataId": catalog["sources"],
        "destinationMetadataId": catalog["destinations"],
    }


def getting() -> list[str]:
    """The paths of all GET routes that come to an end."""
    return [path for method, path, _, _ in routes if method == "GET" and path != "/actionsd/tail"]


def read_files(scene: Scene, when: str) -> None:
    """All files of the data directory but the keys, and the empty megabytes of the reserve."""
    for file in scene.daemon.data.iterdir():
        if file.is_file() and file.name not in ("secrets.key", "reserve"):
            scene.readable[f"{file.name} {when}"] = file.read_bytes()
    scene.readable[f"log {when}"] = scene.daemon.log.read_bytes()


def forms(core: str) -> set[str]:
    """A core as it is (percent and JSON leave it alone), in hex, and in base64 wherever it starts."""
    raw = core.encode()
    shifted = (b64encode(b"\0" * shift + raw)[(0, 2, 3)[shift] : -4].decode() for shift in range(3))
    return {core, raw.hex(), raw.hex().upper(), *shifted}


def found(readable: dict[str, bytes], core: str) -> list[str]:
    needles = [form.encode() for form in forms(core)]
    return [name for name, content in readable.items() if any(needle in content for needle in needles)]


@pytest.mark.parametrize("place", CANARIES)
def test_i6_a_canary_reaches_its_destination_and_nothing_else(scene: Scene, place: str) -> None:
    assert (CANARIES[place] in scene.echo.heard) == (place not in NEVER_SENT), "planted, and used"
    where = found(scene.readable, CANARIES[place])
    assert not where, f"{place} stands in {', '.join(where)}: {around(scene.readable[where[0]], CANARIES[place])}"


def around(content: bytes, core: str) -> bytes:
    """The first find with what stands beside it."""
    at = min(at for form in forms(core) if (at := content.find(form.encode())) >= 0)
    return content[max(0, at - 200) : at + 200]


def test_i6_a_token_is_seen_once(scene: Scene) -> None:
    assert scene.token.startswith("actionsd_")
    assert not found(scene.readable, scene.token.removeprefix("actionsd_"))
    assert b'"canary"' in scene.readable["GET /actionsd/tokens"]
    assert scene.access_token.count(".") == 2
    assert not found(scene.readable, scene.access_token.rpartition(".")[2])


def test_what_was_searched_is_all_there(scene: Scene) -> None:
    """The search would also find nothing in nothing."""
    readable = scene.readable
    for path in getting():
        if not path.startswith(NOT_HERE):
            filled = set(scene.paths(path))
            assert any(asked.partition("?")[0] in filled for asked in scene.answered), (
                f"{path} showed nothing: make something that it shows, or ask it in read_everything"
            )
    masked = "••••••".encode()
    letters = [content for name, content in readable.items() if re.match(r"GET /actionsd/dead/\d+", name)]
    assert sum(masked in content for content in letters) > 10
    assert masked in readable["tail"]
    assert masked in readable["POST /actionsd/test/event made send refused"]
    for shown in (
        "POST /actionsd/config/plan good",
        "POST /actionsd/preview requests False",
        "POST /actionsd/preview requests True",
        "POST /actionsd/destinations/made/connect/finish bad",
        "GET /actionsd/samples?destination=made&limit=100",
    ):
        assert masked in readable[shown], f"{shown}: {readable[shown][:500]!r}"
    assert masked in readable["GET /actionsd/destinations/inline/mappings/One"]
    assert readable["log while it runs"].count(masked) > 10
    for file in ("actionsd.db while it runs", "actionsd.db-wal while it runs", "actionsd.db after the stop", "backup"):
        assert len(readable[file]) > 4096, file
    assert readable["rows of the backup"].count(masked) > 100


def test_the_search_finds_what_a_server_may_repeat() -> None:
    core = CANARIES["field inline"]
    for name, text in repeated(f'{{"token": "{canary("field inline")}"}}').items():
        for shift in range(3):
            assert found({name: b"." * shift + text.encode()}, core) == [name]
    assert not found({"nothing": b"Can4ry"}, core)
