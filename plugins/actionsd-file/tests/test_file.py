import asyncio
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from actionsd_file import file
from actionsd_file.rotating import RotatingFile, shared_file

from actionsd import testing

BIG = 1 << 30


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write(path: Path, *names: str, batch: bool = False, **settings: object) -> testing.Run:
    events = [testing.track(name) for name in names]
    return asyncio.run(testing.run(file, "write", settings={"path": str(path), **settings}, events=events, batch=batch))


@pytest.mark.parametrize("batch", [False, True])
def test_each_event_is_a_line_in_order(tmp_path: Path, batch: bool) -> None:
    path = tmp_path / "made" / "events.ndjson"
    done = write(path, "A", "Ü", "C", batch=batch)
    assert [outcome.kind for outcome in done.outcomes] == ["delivered"] * 3
    assert [line["event"] for line in lines(path)] == ["A", "Ü", "C"]
    assert lines(path)[0] == testing.track("A") | {"messageId": lines(path)[0]["messageId"]}


def test_the_file_is_rotated_by_size_and_old_ones_go(tmp_path: Path) -> None:
    path = tmp_path / "events"
    for name in "ABCDE":
        write(path, name, max_size=10, keep=2)
    found = {each.name: [line["event"] for line in lines(each)] for each in tmp_path.iterdir()}
    assert found == {"events": ["E"], "events.1": ["D"], "events.2": ["C"]}


def test_a_batch_larger_than_the_limit_is_still_written(tmp_path: Path) -> None:
    write(tmp_path / "events", "A", "B", batch=True, max_size=1)
    assert len(lines(tmp_path / "events")) == 2


def test_a_file_that_cannot_be_written_is_tried_again_later(tmp_path: Path) -> None:
    (tmp_path / "events").mkdir()
    (outcome,) = write(tmp_path / "events", "A").outcomes
    assert (outcome.kind, outcome.error) == ("retry", "RetryableError")
    assert "events: Is a directory" in outcome.message


def test_destinations_may_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "events"
    (tmp_path / "other").symlink_to(path)
    assert shared_file(tmp_path / "other") is shared_file(path)
    block = b"".join(json.dumps({"event": str(n), "pad": "x" * 500}).encode() + b"\n" for n in range(20))
    with ThreadPoolExecutor(8) as threads:
        for _ in range(40):
            threads.submit(shared_file(path).append, block, 100_000, 100)
    every = [line for each in tmp_path.glob("events*") for line in lines(each)]
    assert len(every) == 40 * 20


def test_what_a_full_disk_cuts_off_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = RotatingFile(tmp_path / "events")
    file.append(b"1\n", BIG, 1)
    real = os.write

    def full(descriptor: int, data: bytes) -> int:
        if len(data) > 2:
            return real(descriptor, data[:2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        file.append(b"222\n", BIG, 1)
    monkeypatch.undo()
    file.append(b"3\n", BIG, 1)
    assert (tmp_path / "events").read_bytes() == b"1\n3\n"


def test_a_torn_last_line_does_not_spoil_the_next(tmp_path: Path) -> None:
    (tmp_path / "events").write_bytes(b'{"half"')
    RotatingFile(tmp_path / "events").append(b"{}\n", BIG, 1)
    assert (tmp_path / "events").read_bytes() == b'{"half"\n{}\n'


def test_it_conforms_to_the_contract(tmp_path: Path) -> None:
    testing.check_definition(file, settings={"path": str(tmp_path / "events")})
