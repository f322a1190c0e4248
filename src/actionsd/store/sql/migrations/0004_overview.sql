-- Counters by type, name and app version, hours and days counted ahead, latencies, and samples (F169, F170, F175, F176).
alter table store_state add column rolled integer not null default 0;
alter table journal add column facet integer not null default 0;
alter table kept_events add column facet integer not null default 0;

-- What counts are broken down by (F169), a bounded number of each source; beyond it event names and versions are "(other)".
create table facets (
    id integer primary key autoincrement,
    source integer not null,
    type text not null,
    name text not null,
    app_version text not null,
    unique (source, type, name, app_version)
) strict;

-- counter_buckets by facet; what is missing to those is of no facet. Widths as there, each with its own age (F176).
create table facet_buckets (
    width integer not null check (width in (1, 60, 1440)),
    start integer not null,
    counter integer not null references counters (id),
    facet integer not null,
    events integer not null,
    primary key (width, start, counter, facet)
) strict, without rowid;

-- Deliveries of a destination by how long they took since their events were accepted: bucket is the number of a bound.
create table latency_buckets (
    width integer not null check (width in (1, 60, 1440)),
    start integer not null,
    destination integer not null,
    bucket integer not null,
    events integer not null,
    primary key (width, start, destination, bucket)
) strict, without rowid;

-- A few of what was delivered, failed or was discarded, the newest of each reason (F170). size: bytes of the four blobs.
create table samples (
    id integer primary key autoincrement,
    destination integer not null,
    mapping integer not null,
    step text not null,
    reason text not null,
    position integer not null,
    message_id blob not null,
    at integer not null,
    message text not null,
    body blob not null,
    added blob not null,
    payload blob not null,
    exchange blob not null,
    size integer not null
) strict;
create index samples_reason on samples (destination, step, reason, id);
create index samples_with_bodies on samples (id) where size > 0;

-- Until now an hour came into being when its minutes were dropped, and a day when its hours were.
insert into counter_buckets (width, start, counter, events)
select 1440, start / 1440 * 1440, counter, sum(events) from counter_buckets where width = 60 group by 2, 3
on conflict do update set events = events + excluded.events;
update store_state set rolled = coalesce((select min(start) from counter_buckets where width = 1), 0);
