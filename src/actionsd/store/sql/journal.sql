-- name: insert_event
-- Positions come from the writer's head, never from SQLite, which would begin anew in an emptied table (R7).
insert into journal (received_at, position, source, message_id, body, added, facet) values (?1, ?, ?, ?, ?, ?, ?)

-- name: read_journal
-- A page of the journal in order of position; a cursor on the primary key, flat in the size of the backlog.
select position, source, received_at, message_id, body, added, facet
from journal where position > :after order by position limit :limit

-- name: measure_page
-- Only the lengths: tells how many rows of the page fit the caller's bytes before a body is read.
select position, length(body) + length(added) from journal where position > :after order by position limit :limit

-- name: read_entries
-- Events by position, from the journal or from what dead letters keep of them (R13).
select position, source, received_at, message_id, body, added, facet
from journal where position in (select value from json_each(:positions))
union
select position, source, received_at, message_id, body, added, facet
from kept_events where position in (select value from json_each(:positions))
order by position

-- name: newest_blocks
-- Which blocks hold events of a source, backwards: what lies between them is not read.
select block from journal_blocks where source = :source and block <= :last order by block desc limit :limit

-- name: read_backwards
-- A source's events in one block, backwards from a position.
select position, source, received_at, message_id, body, added, facet
from journal where position >= :first and position < :before and source = :source order by position desc limit :limit

-- name: read_bounds
-- Dense from 1 up to head but for what retention removed.
select coalesce(min(position), 0), coalesce(max(position), 0) from journal

-- name: read_time
-- The first event at or after a position; receivedAt never decreases with the position (R31).
select position, received_at from journal where position >= :position order by position limit 1

-- name: count_block
-- Events per source in a block of positions (R11, R18): committed with the events themselves.
insert into journal_blocks (block, source, events) values (?, ?, ?)
on conflict do update set events = events + excluded.events
