"""What leaves the daemon: the same payload live and replayed (DESIGN I5), secrets only to their destination (I6)."""

from collections import Counter
from pathlib import Path

from support.daemon import Daemon, destination, webhook
from support.sink import Sink
from support.waiting import until

SECRETS = ("shared-5ecret-of-the-webhook", "T5ecret/B5ecret/token5ecret", "admin-5ecret")


def test_i5_a_replay_sends_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    fields = {"data": {"event": {"@path": "$"}, "who": {"@template": "{{userId}} at {{receivedAt}}"}, "n": 1.0}}
    with Daemon(
        tmp_path / "d", destination("archive", "file", "write", fields, settings={"path": str(path)})
    ) as daemon:
        daemon.send(f"p{number}" for number in range(20))
        # A replay ends where the live lane's committed cursor is when it is made (RULES R30).
        until(lambda: daemon.ask("destinations")[0]["delivered"] == 20, what="the outcomes' commit")
        live = _lines(path)
        assert daemon.ctl("replay", "start", "archive", "--since", "1h").returncode == 0
        until(lambda: _lines(path).total() == 40)
        assert _lines(path) == live + live


def _lines(path: Path) -> Counter[str]:
    return Counter(path.read_text().splitlines()) if path.exists() else Counter()


def test_i6_secrets_stay_inside(tmp_path: Path) -> None:
    """Deliveries that fail leave the most traces: logs, retries with their exchanges, explanations."""
    webhook_secret, slack_path, token = SECRETS
    with Sink() as sink:
        targets = webhook("hook", sink.url("error"), settings={"sharedSecret": webhook_secret})
        slack = {"url": f"https://hooks.slack.com/services/{slack_path}", "text": "hello"}
        targets += destination("team", "slack", "postToChannel", slack)
        daemon = Daemon(tmp_path, targets, more=f'token = "{token}"')  # the line belongs to [admin] before it
        with daemon:
            daemon.send(["i6"])
            until(lambda: len(daemon.ask("retries")["items"]) == 2, what="two failed deliveries")
            shown = "".join(
                daemon.ctl(*command).stdout
                for command in (
                    ["status", "--json"],
                    ["destinations", "hook", "--json"],
                    ["destinations", "team", "--json"],
                    ["retries", "--json"],
                    ["explain", "i6", "--json"],
                    ["plugins", "--json"],
                    ["replay", "start", "team", "--since", "1h", "--dry-run", "--json"],
                )
            )
            assert daemon.stop() == 0
        stored = b"".join(file.read_bytes() for file in daemon.data.iterdir() if file.name.startswith("actionsd.db"))
        assert "hooks.slack.com" in shown or "postToChannel" in shown
        for secret in SECRETS:
            assert secret not in shown
            assert secret not in daemon.log.read_text()
            assert secret.encode() not in stored
