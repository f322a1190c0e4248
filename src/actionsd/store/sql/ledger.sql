-- name: create_lane
-- A lane starts at the journal's head of the transaction that makes it (R19).
insert into lanes (destination, replay, start, cursor, completed) values (:destination, :replay, :start, :start, x'')

-- name: restart_lane
-- Enabling starts at the head; what came while the destination was disabled only a replay brings back (R18). The cursor
-- follows once the lane is closed, for attempts of before may still run, and takes the count of what it passes.
update lanes set start = :start where destination = :destination and replay = 0

-- name: disabled_upto
-- Where what a destination does not get for being disabled ends: where it starts again, or nowhere yet.
select case when d.enabled = 1 then l.start else :head end
from destinations d join lanes l on l.destination = d.id and l.replay = 0 where d.id = :destination

-- name: read_lane
select start, cursor, completed from lanes where destination = :destination and replay = :replay

-- name: delete_lanes
delete from lanes where destination = :destination

-- name: move_lane
-- The cursor never moves back: retention may have passed a lane while its last settlement was queued (R11).
update lanes set
    completed = case when :cursor >= cursor then :completed else completed end,
    cursor = max(cursor, :cursor)
where destination = :destination and replay = :replay

-- name: put_retry
insert into retries
    (destination, replay, mapping, position, attempts, first_at, due_at, code, message, exchange)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (destination, replay, mapping, position) do update set
    attempts = excluded.attempts, first_at = excluded.first_at, due_at = excluded.due_at,
    code = excluded.code, message = excluded.message, exchange = excluded.exchange

-- name: delete_retry
delete from retries where destination = ? and replay = ? and mapping = ? and position = ?

-- name: keep_event
-- A dead letter brings its own copy of the event, one for all that died of it (R13).
insert or ignore into kept_events (position, source, received_at, message_id, body, added, facet)
values (?, ?, ?, ?, ?, ?, ?)

-- name: put_dead_letter
insert into dead_letters
    (destination, replay, mapping, position, reason, code, message, attempts, first_at, last_at, died_at, exchange,
     versions, requeueable)
values
    (:destination, :replay, :mapping, :position, :reason, :code, :message, :attempts, :first_at, :last_at, :died_at,
     :exchange, :versions, :requeueable)

-- name: clear_intents
-- Only what is about to be tried now keeps its row, and its count of unclean starts (R26).
delete from intents where destination = :destination and replay = :replay
    and (position, mapping) not in (select value ->> 1, value ->> 0 from json_each(:kept))

-- name: put_intent
insert or ignore into intents (destination, replay, position, mapping) values (?, ?, ?, ?)

-- name: read_intents
select mapping, position, starts from intents
where destination = :destination and replay = :replay order by position, mapping limit 1000

-- name: read_due
-- By index on (destination, replay, due_at); rows of a mapping that neither the file nor a config has wait (R21).
select mapping, position, attempts, first_at, due_at, code, message, exchange from retries
where destination = :destination and replay = :replay and due_at <= :until
    and mapping not in (
        select m.id from mappings m
        where m.declared = 0 and not exists (select 1 from configs where kind = 'mapping' and object = m.id)
    )
order by due_at, id limit :limit

-- name: measure_backlog
-- Walks at most the rows that a lane may have (R14).
select count(*), coalesce(sum(length(exchange) + length(message)), 0) from retries
where destination = :destination and replay = :replay

-- name: list_retries
select id, destination, replay, mapping, position, attempts, first_at, due_at, code, message, exchange from retries
where id > :after and (:destination = 0 or destination = :destination) and (:mapping = 0 or mapping = :mapping)
    and (:replay is null or replay = :replay)
order by id limit :limit

-- name: list_retries_at
-- By index on the position: what waits of one event.
select id, destination, replay, mapping, position, attempts, first_at, due_at, code, message, exchange from retries
where position = :position and id > :after and (:destination = 0 or destination = :destination)
    and (:mapping = 0 or mapping = :mapping) and (:replay is null or replay = :replay)
order by id limit :limit

-- name: read_pending
-- What is still live in a span of positions, so that a replay skips it (R30).
select mapping, position from retries
where destination = :destination and replay = 0 and position between :first and :last limit 10000

-- name: list_dead_letters
select id, destination, replay, mapping, position, reason, code, message, attempts, first_at, last_at, exchange,
    versions, requeueable, died_at
from dead_letters
where id > :after and (:mapping = 0 or mapping = :mapping)
    and (:replay is null or replay = :replay) and (:reason = '' or reason = :reason)
order by id limit :limit

-- name: list_dead_letters_of
-- By index on (destination, id).
select id, destination, replay, mapping, position, reason, code, message, attempts, first_at, last_at, exchange,
    versions, requeueable, died_at
from dead_letters
where destination = :destination and id > :after and (:mapping = 0 or mapping = :mapping)
    and (:replay is null or replay = :replay) and (:reason = '' or reason = :reason)
order by id limit :limit

-- name: list_dead_letters_at
-- By index on the position: what became of one event.
select id, destination, replay, mapping, position, reason, code, message, attempts, first_at, last_at, exchange,
    versions, requeueable, died_at
from dead_letters
where position = :position and id > :after and (:destination = 0 or destination = :destination)
    and (:mapping = 0 or mapping = :mapping) and (:replay is null or replay = :replay)
    and (:reason = '' or reason = :reason)
order by id limit :limit

-- name: read_dead_letter
select id, destination, replay, mapping, position, reason, code, message, attempts, first_at, last_at, exchange,
    versions, requeueable, died_at
from dead_letters
where id = :id

-- name: count_dead_letters
select destination, replay, count(*) from dead_letters group by destination, replay

-- name: delete_dead_letter
delete from dead_letters where id = :id

-- name: can_requeue
-- Its destination and mapping still exist, its event is still there, and it does not wait already (R13).
select
    exists (select 1 from destinations where id = :destination),
    exists (select 1 from mappings where id = :mapping and destination = :destination),
    exists (select 1 from lanes where destination = :destination and replay = :replay),
    exists (select 1 from kept_events where position = :position)
        or coalesce((select last from journal where first <= :position order by first desc limit 1), 0) >= :position,
    not exists (select 1 from retries where destination = :destination and replay = :replay
                and mapping = :mapping and position = :position)

-- name: read_discarded
-- A slice of the retry rows that a disabled or deleted destination or mapping leaves behind.
select destination, replay, mapping, position, attempts, first_at, due_at, code, message, exchange from retries
where destination = :destination and (:mapping = 0 or mapping = :mapping) and (:replay is null or replay = :replay)
limit :limit

-- name: count_events
-- Events of a source in a span of positions: whole blocks from their counts, the segments of at most two blocks beside.
select coalesce((select sum(events) from journal_blocks
                 where source = :source and block between :first_block and :last_block), 0)
    + (select coalesce(sum(min(last, :head_last) - max(first, :head_first) + 1), 0) from journal
       where first between coalesce((select max(first) from journal where first <= :head_first), 0) and :head_last
           and last >= :head_first and source = :source)
    + (select coalesce(sum(min(last, :tail_last) - max(first, :tail_first) + 1), 0) from journal
       where first between coalesce((select max(first) from journal where first <= :tail_first), 0) and :tail_last
           and last >= :tail_first and source = :source)

-- name: source_of
select source from destinations where id = :destination

-- name: last_dead_range
select id, last from dead_ranges where destination = :destination and reason = :reason order by id desc limit 1

-- name: extend_dead_range
-- Slices of one sweep make one range.
update dead_ranges set last = :last, events = events + :events, at = :at where id = :id

-- name: put_dead_range
insert into dead_ranges (destination, first, last, events, reason, at)
values (:destination, :first, :last, :events, :reason, :at)

-- name: list_dead_ranges
select id, destination, first, last, events, reason, at from dead_ranges
where id > :after and (:destination = 0 or destination = :destination) order by id limit :limit

-- name: count_retries
select destination, replay, count(*) from retries group by destination, replay

-- name: list_lanes
-- Live lanes with the source that feeds them; enabled is 0 where nothing is queued for later (R18).
select l.destination, l.replay, l.start, l.cursor, l.completed, d.source, d.enabled
from lanes l join destinations d on d.id = l.destination where l.replay = 0 order by l.destination

-- name: requeue
-- A new retry window begins (R13).
insert into retries (destination, replay, mapping, position, attempts, first_at, due_at, code, message, exchange)
select destination, replay, mapping, position, 0, :now, :now, code, message, exchange
from dead_letters where id = :id
