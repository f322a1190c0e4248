"""actionsd.toml to a frozen struct: what it may hold, and that a wrong file says everything that is wrong at once."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionsd import settings
from actionsd.errors import ConfigError
from actionsd.settings import Address

FULL = """
data_dir = "./data"
[ingest]
listen = ["127.0.0.1:0", "[::1]:8080", "unix:./in.sock"]
stream = ["unix:/run/events.sock"]
strict_keys = true
max_event = "16KB"
max_batch = "1MB"
max_items = 10
dedup_window = "12h"
queue_bytes = "8MB"
rate_limit = 500
trusted_proxies = ["10.0.0.0/8", "127.0.0.1"]
[admin]
listen = ["localhost:8081"]
token = "env:TOKEN"
[journal]
retention = "30d"
max_size = "10GB"
synchronous = "normal"
min_free = "1MB"
[delivery]
retry_window = "1h"
retry_base = "500ms"
retry_cap = "1m"
in_flight = 8
checkpoint_interval = "100ms"
request_timeout = "2.5s"
concurrency = 4
batch_linger = "250ms"
drain_timeout = "1s"
[[sources]]
slug = "website"
name = "Website"
write_keys = ["env:KEY", "second"]
[[sources]]
slug = "app"
write_keys = ["third"]
enabled = false
[[destinations]]
slug = "hook"
source = "website"
definition = "webhook"
settings = { secret = "file:secret.txt", nested = { list = ["env:KEY", 1, true] } }
concurrency = 2
rate_limit = 1.5
timeout = "5s"
retry_window = "2h"
filters = [{ if = 'type = "track"', actions = [{ type = "drop" }] }]
[[destinations.mappings]]
name = "All"
action = "send"
trigger = 'type = "track"'
fields = { url = "https://example.test" }
sync_mode = "add"
[[destinations.mappings]]
name = "Off"
action = "send"
enabled = false
"""


def load(tmp_path: Path, text: str, **environ: str) -> settings.Settings:
    path = tmp_path / "actionsd.toml"
    path.write_text(text)
    return settings.load(path, environ)


def problems(tmp_path: Path, text: str, **environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text, **environ)
    return [problem.removeprefix(str(tmp_path / "actionsd.toml")) for problem in caught.value.problems]


def test_a_file_with_every_key_is_read(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("s3cret\n")
    read = load(tmp_path, FULL, TOKEN="t0ken", KEY="k1")
    assert read.data_dir == tmp_path / "data"
    assert [str(a) for a in read.ingest.listen] == ["127.0.0.1:0", "[::1]:8080", f"unix:{tmp_path}/in.sock"]
    assert read.ingest.stream == (Address(kind="unix", path=Path("/run/events.sock")),)
    assert (read.ingest.max_event, read.ingest.max_batch, read.ingest.dedup_window) == (16384, 1 << 20, 43200.0)
    assert read.ingest.trusted_proxies == ("10.0.0.0/8", "127.0.0.1/32")
    assert read.admin.token == "t0ken"
    assert (read.journal.retention, read.journal.max_size) == (30 * 86400.0, 10 << 30)
    assert (read.delivery.retry_base, read.delivery.request_timeout, read.delivery.batch_linger) == (0.5, 2.5, 0.25)
    website, app = read.sources
    assert (website.name, website.write_keys, website.enabled) == ("Website", ("k1", "second"), True)
    assert (app.name, app.enabled) == ("", False)
    (hook,) = read.destinations
    assert hook.settings == {"secret": "s3cret", "nested": {"list": ["k1", 1, True]}}
    assert (hook.concurrency, hook.rate_limit, hook.timeout, hook.retry_window) == (2, 1.5, 5.0, 7200.0)
    assert hook.filters == ({"if": 'type = "track"', "actions": [{"type": "drop"}]},)
    every, off = hook.mappings
    assert (every.trigger, every.fields, every.sync_mode) == ('type = "track"', {"url": "https://example.test"}, "add")
    assert (off.trigger, off.fields, off.enabled) == (None, None, False)


def test_an_empty_file_listens_where_the_design_says(tmp_path: Path) -> None:
    read = load(tmp_path, "")
    assert [str(a) for a in read.ingest.listen] == ["127.0.0.1:8080", f"unix:{tmp_path}/data/ingest.sock"]
    assert [str(a) for a in read.ingest.stream] == [f"unix:{tmp_path}/data/events.sock"]
    assert [str(a) for a in read.admin.listen] == ["127.0.0.1:8081", f"unix:{tmp_path}/data/admin.sock"]
    assert read.ingest.max_event == 32768
    assert read.delivery == settings.Delivery()


def test_default_sockets_follow_the_data_dir_and_a_named_list_is_kept(tmp_path: Path) -> None:
    read = load(tmp_path, 'data_dir = "env:DIR"\n[ingest]\nlisten = []', DIR="/var/lib/actionsd")
    assert read.ingest.listen == ()
    assert [str(a) for a in read.ingest.stream] == ["unix:/var/lib/actionsd/events.sock"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[ingest]\nmax_evnt = 1", ':2: ingest.max_evnt: unknown key; did you mean "max_event"?'),
        ("[ingst]", ':1: ingst: unknown key; did you mean "ingest"?'),
        ('[ingest]\nlisten = ["8080"]', ':2: ingest.listen[0]: expected "HOST:PORT" or "unix:PATH", got "8080"'),
        ('[ingest]\nlisten = ["h:70000"]', ':2: ingest.listen[0]: expected "HOST:PORT" or "unix:PATH", got "h:70000"'),
        ('[ingest]\nlisten = "h:1"', ':2: ingest.listen: expected a list, got "h:1"'),
        ("[ingest]\nstrict_keys = 1", ":2: ingest.strict_keys: expected true or false, got 1"),
        (
            '[[sources]]\nslug = "a"\nwrite_keys = ["k"]\noauth = "yes"',
            ':4: sources[0].oauth: expected "optional" or "required", got "yes"',
        ),
        ("[ingest]\nmax_items = 0", ":2: ingest.max_items: expected a whole number from 1, got 0"),
        ("[ingest]\nmax_items = true", ":2: ingest.max_items: expected a whole number from 1, got true"),
        ("[ingest]\nrate_limit = 0", ":2: ingest.rate_limit: expected a number above 0 (a second), got 0"),
        (
            '[ingest]\nmax_event = "32 kb"',
            ':2: ingest.max_event: expected a size such as "512KB" or "64MB", got "32 kb"',
        ),
        (
            '[ingest]\ntrusted_proxies = ["x"]',
            ':2: ingest.trusted_proxies[0]: expected an address or network such as "10.0.0.0/8", got "x"',
        ),
        (
            '[journal]\nretention = "7 days"',
            ':2: journal.retention: expected a duration such as "500ms", "10s", "5m", "4h" or "7d", got "7 days"',
        ),
        ('[journal]\nsynchronous = "off"', ':2: journal.synchronous: expected "full" or "normal", got "off"'),
        ("admin = 1", ":1: admin: expected a table, got 1"),
        ("[admin]\ntoken = ''", ":2: admin.token: must not be empty"),
        ("data_dir = 5", ":1: data_dir: expected a text, got 5"),
        (
            "[[sources]]\nslug = 'a b'\nwrite_keys=[]",
            ":2: sources[0].slug: a slug is letters, digits, '-', '_' and '.', at most 100; got \"a b\"",
        ),
        ("[[sources]]\nslug = 'a'", ':1: sources[0]: the key "write_keys" is required'),
        (
            "[[destinations]]\nslug='a'\nsource='s'\ndefinition='d'\nsettings={at=2020-01-01}",
            ":5: destinations[0].settings.at: dates have no place here; write them as text: 2020-01-01",
        ),
    ],
)
def test_a_wrong_key_is_named_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    assert problems(tmp_path, text) == [problem]


def test_all_problems_come_at_once_each_with_its_own_line(tmp_path: Path) -> None:
    text = """[journal]
retention = 7
[[destinations]]
slug = "a"
source = "s"
definition = "d"
[[destinations.mappings]]
name = "one"
action = "x"
[[destinations.mappings]]
name = "two"
triger = "y"
[[destinations]]
slug = "b"
"""
    assert problems(tmp_path, text) == [
        ':2: journal.retention: expected a duration such as "500ms", "10s", "5m", "4h" or "7d", got 7',
        ':12: destinations[0].mappings[1].triger: unknown key; did you mean "trigger"?',
        ':10: destinations[0].mappings[1]: the key "action" is required',
        ':13: destinations[1]: the key "source" is required',
        ':13: destinations[1]: the key "definition" is required',
    ]


def test_what_must_be_unique_is(tmp_path: Path) -> None:
    text = """
sources = [{ slug = "a", write_keys = ["k", "j"] }, { slug = "a", write_keys = ["k"] }]
[[destinations]]
slug = "d"
source = "a"
definition = "x"
mappings = [{ name = "m", action = "x" }, { name = "m", action = "y" }]
[[destinations]]
slug = "d"
source = "a"
definition = "x"
"""
    assert problems(tmp_path, text) == [
        ':2: sources[1].slug: "a" is already taken by sources[0].slug',
        ':9: destinations[1].slug: "d" is already taken by destinations[0].slug',
        ":2: sources[1].write_keys: a write key is already taken by sources[0].write_keys",
        ':7: destinations[0].mappings[1].name: "m" is already taken by destinations[0].mappings[0].name',
    ]


def test_references_must_resolve_and_never_show(tmp_path: Path) -> None:
    text = '[admin]\ntoken = "env:NOWHERE"\n[ingest]\nmax_event = "env:TOKEN"\ndedup_window = "file:none.txt"'
    assert problems(tmp_path, text, TOKEN="s3cret") == [
        ':4: ingest.max_event: expected a size such as "512KB" or "64MB", got "env:TOKEN"',
        f":5: ingest.dedup_window: cannot read {tmp_path}/none.txt: No such file or directory",
        ":2: admin.token: the environment variable NOWHERE is not set",
    ]


def test_i6_no_repr_shows_a_value(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("s3cret")
    read = load(tmp_path, FULL, TOKEN="t0ken", KEY="k1")
    assert repr(read) == "<Settings>"
    shown = f"{read!r} {read.admin!r} {read.sources!r} {read.destinations!r}"
    assert not any(secret in shown for secret in ("s3cret", "t0ken", "k1", "second"))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: No such file or directory"):
        settings.load(tmp_path / "none.toml")
    assert problems(tmp_path, "a = [") == [": not valid TOML: Invalid value (at end of document)"]
    assert problems(tmp_path, "a = " + "[" * 20_000) == [": not valid TOML: nested too deeply"]
    (tmp_path / "bytes.toml").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="not valid TOML"):
        settings.load(tmp_path / "bytes.toml")


def test_a_socket_path_that_the_system_cannot_bind_is_refused(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, f'[ingest]\nstream = ["unix:/{"x" * 107}"]')
    assert problem.startswith(":2: ingest.stream[0]: the path of a unix socket may have 107 bytes")


@given(st.integers(0, 10**6), st.sampled_from([("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86400.0)]))
def test_durations_are_seconds(number: int, unit: tuple[str, float]) -> None:
    reading = settings.Reading(Path("/"), {})
    read = settings.read_table(settings.Journal, reading, {"retention": f"{number}{unit[0]}"}, "journal")
    assert read is not None
    assert read.retention == number * unit[1]


@pytest.mark.parametrize(
    ("name", "choices", "end"),
    [
        ("max_evnt", ["max_event", "listen"], '; did you mean "max_event"?'),
        ("zzz", ["b", "a"], "; known are a, b"),
        ("zzz", [], ""),
    ],
)
def test_unknown_names_get_their_neighbour(name: str, choices: list[str], end: str) -> None:
    assert settings.did_you_mean(name, choices) == end
