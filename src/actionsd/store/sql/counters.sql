-- name: load_counters
-- The exact totals of all time (R29).
select id, step, reason, source, destination, mapping, replay, total from counters

-- name: create_counter
insert into counters (step, reason, source, destination, mapping, replay, total) values (?, ?, ?, ?, ?, ?, 0)

-- name: add_total
-- In the transaction that settles, accepts, dedups or discards what is counted (R29).
update counters set total = total + :events where id = :counter

-- name: add_minute
insert into counter_buckets (width, start, counter, events) values (1, :minute, :counter, :events)
on conflict do update set events = events + excluded.events

-- name: widen
-- Old fine buckets become coarse ones; the sum over all buckets of a counter stays its total (F176).
insert into counter_buckets (width, start, counter, events)
select :wide, start / :wide * :wide, counter, sum(events)
from counter_buckets where width = :narrow and start < :before
group by start / :wide, counter
on conflict do update set events = events + excluded.events

-- name: drop_widened
delete from counter_buckets where width = :narrow and start < :before

-- name: read_buckets
-- One width of buckets in a span of minutes, with what they count.
select b.start, b.events, c.step, c.reason, c.source, c.destination, c.mapping, c.replay
from counter_buckets b join counters c on c.id = b.counter
where b.width = :width and b.start >= :since and b.start < :until
order by b.start, b.counter limit :limit
