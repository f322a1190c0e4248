"""What is settled beyond a cursor, as bytes."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from actionsd.store.completed import decode, encode

_open = st.dictionaries(st.integers(1, 300), st.lists(st.integers(1, 5), max_size=2)).map(
    lambda open: sorted(open.items())
)


@given(st.integers(0, 1000), _open)
def test_what_is_encoded_is_decoded(horizon: int, open: list[tuple[int, list[int]]]) -> None:
    assert decode(encode(horizon, open), 0) == (horizon, open)


def test_thousands_of_open_events_in_a_row_take_few_bytes() -> None:
    open = [(position, [7] if position == 3000 else []) for position in range(1000, 5000)]
    assert len(encode(5000, open)) < 40
    assert decode(encode(5000, open), 999) == (5000, open)


def test_without_bytes_nothing_beyond_the_cursor_is_known() -> None:
    assert decode(b"", 12) == (12, [])


def test_what_older_versions_wrote_is_read() -> None:
    assert decode(msgspec.msgpack.encode([10, [[6, []], [9, [1]]]]), 5) == (10, [(6, []), (9, [1])])
