-- name: load_counters
-- The exact totals of all time (R29): days are kept, and hold all minutes before ``rolled``.
select id, step, reason, source, destination, mapping, replay, unbucketed + coalesce(bucketed.events, 0)
from counters left join (
    select counter, sum(events) as events from counter_buckets
    where width = 1440 or (width = 1 and start >= (select rolled from store_state))
    group by counter
) as bucketed on bucketed.counter = counters.id

-- name: create_counter
insert into counters (step, reason, source, destination, mapping, replay, unbucketed) values (?, ?, ?, ?, ?, ?, 0)

-- name: add_minutes
-- In the transaction that settles, accepts, dedups or discards what is counted (R29); counts are pairs of id and number.
insert into counter_buckets (width, start, counter, events)
select 1, :minute, value ->> 0, value ->> 1 from json_each(:counts) where true
on conflict do update set events = events + excluded.events

-- name: add_facet_minute
insert into facet_buckets (width, start, counter, facet, events) values (1, ?, ?, ?, ?)
on conflict do update set events = events + excluded.events

-- name: read_detailed
-- The facets of events after this position follow from the journal; a crash came before they were counted.
select detailed, head from store_state

-- name: mark_detailed_to
update store_state set detailed = :position

-- name: add_latency_minute
insert into latency_buckets (width, start, destination, bucket, events) values (1, ?, ?, ?, ?)
on conflict do update set events = events + excluded.events

-- name: read_rolled
select rolled from store_state

-- name: first_unrolled
select min(start) from counter_buckets where width = 1 and start >= :minute

-- name: roll
-- Minutes that are over, added to their hour or day; the marker moves with them, so that none is added twice (F176).
insert into counter_buckets (width, start, counter, events)
select :wide, start / :wide * :wide, counter, sum(events)
from counter_buckets where width = 1 and start >= :since and start < :until
group by start / :wide, counter
on conflict do update set events = events + excluded.events

-- name: roll_facets
insert into facet_buckets (width, start, counter, facet, events)
select :wide, start / :wide * :wide, counter, facet, sum(events)
from facet_buckets where width = 1 and start >= :since and start < :until
group by start / :wide, counter, facet
on conflict do update set events = events + excluded.events

-- name: roll_latencies
insert into latency_buckets (width, start, destination, bucket, events)
select :wide, start / :wide * :wide, destination, bucket, sum(events)
from latency_buckets where width = 1 and start >= :since and start < :until
group by start / :wide, destination, bucket
on conflict do update set events = events + excluded.events

-- name: mark_rolled
update store_state set rolled = :until

-- name: drop_buckets
-- A slice of the oldest of one width.
delete from counter_buckets where (width, start, counter) in (
    select width, start, counter from counter_buckets where width = :width and start < :before limit :limit
)

-- name: drop_facet_buckets
delete from facet_buckets where (width, start, counter, facet) in (
    select width, start, counter, facet from facet_buckets where width = :width and start < :before limit :limit
)

-- name: drop_latency_buckets
delete from latency_buckets where (width, start, destination, bucket) in (
    select width, start, destination, bucket from latency_buckets where width = :width and start < :before limit :limit
)

-- name: count_facet_buckets
select count(*) from facet_buckets where width = :width

-- name: nth_facet_bucket
-- The start up to which a surplus of the oldest goes.
select start from facet_buckets where width = :width order by start limit 1 offset :surplus

-- name: load_facets
select id, source, type, name, app_version from facets

-- name: create_facet
insert into facets (source, type, name, app_version) values (?, ?, ?, ?)

-- name: unused_facets
-- Of the sources that have too many; one scan of the buckets.
select id from facets
where source in (select source from facets group by source having count(*) >= :most)
    and id not in (select facet from facet_buckets)
limit :limit

-- name: delete_facet
delete from facets where id = ?

-- name: list_facets
select id, type, name, app_version from facets where id > :after order by id limit :limit

-- name: list_counters
select id, step, reason, source, destination, mapping, replay from counters where id > :after order by id limit :limit

-- name: read_buckets
-- A page of the buckets of one width in a span of minutes, of the chosen counters.
select start, counter, events from counter_buckets
where width = :width and (start, counter) > (:after_start, :after_counter) and start < :until
    and counter in (select value from json_each(:counters))
order by start, counter limit :limit

-- name: read_facet_buckets
select start, counter, facet, events from facet_buckets
where width = :width and (start, counter, facet) > (:after_start, :after_counter, :after_facet) and start < :until
    and counter in (select value from json_each(:counters))
order by start, counter, facet limit :limit

-- name: read_latency_buckets
select start, destination, bucket, events from latency_buckets
where width = :width and (start, destination, bucket) > (:after_start, :after_destination, :after_bucket)
    and start < :until and (:destination = 0 or destination = :destination)
order by start, destination, bucket limit :limit
