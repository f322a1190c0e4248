-- name: insert_segment
-- Positions come from the writer's head, never from SQLite, which would begin anew in an emptied table (R7).
insert into journal (first, last, source, received_at, size, packed) values (?, ?, ?, ?, ?, ?)

-- name: read_segments
-- A page of the journal in order of position; a cursor on the primary key, flat in the size of the backlog. It begins
-- with the segment that has the position after the cursor. Compressed ones are inflated where they are read, here and
-- below, which is not in the event loop's thread.
select first, last, source, received_at, size, inflated(packed) from journal
where first >= coalesce((select max(first) from journal where first <= :after), 0) and last > :after
order by first limit :limit

-- name: measure_page
-- Only the sizes: tells how many segments of the page fit the caller's bytes before one is read. A page of :limit events
-- ends at most so many positions behind the first segment that begins after the cursor; to look at :limit segments, each
-- on a page of the file, would take longer than to read those that are needed.
select first, last, size from journal
where first >= coalesce((select max(first) from journal where first <= :after), 0) and last > :after
and first <= :limit + coalesce((select min(first) from journal where first > :after), :after)
order by first limit :limit

-- name: read_segments_of
-- The segments that have these positions, if they are there still.
select first, last, source, received_at, size, inflated(packed) from journal
where first in (select (select max(first) from journal where first <= value) from json_each(:positions))

-- name: read_kept
-- What dead letters keep of events (R13).
select position, source, received_at, message_id, body, added, facet
from kept_events where position in (select value from json_each(:positions))

-- name: newest_blocks
-- Which blocks hold events of a source, backwards: what lies between them is not read.
select block from journal_blocks where source = :source and block <= :last order by block desc limit :limit

-- name: read_backwards
-- A source's segments in one block, backwards from a position.
select first, last, source, received_at, size, inflated(packed) from journal
where first >= coalesce((select max(first) from journal where first <= :first), 0) and last >= :first
    and first < :before and source = :source
order by first desc limit :limit

-- name: read_bounds
-- Dense from 1 up to head but for what retention removed.
select coalesce(min(first), 0), coalesce((select last from journal order by first desc limit 1), 0) from journal

-- name: read_time
-- The first event at or after a position; receivedAt never decreases with the position (R31).
select max(first, :position), received_at from journal
where first >= coalesce((select max(first) from journal where first <= :position), 0) and last >= :position
order by first limit 1
