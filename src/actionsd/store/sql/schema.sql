-- The whole schema; a test compares it with the sum of migrations/*.sql. Times are milliseconds since the epoch, UTC.

-- One row. head: last position ever given (R7); flushed: up to here events have their dedup keys (R9); received_at:
-- latest time of the writer (R31); dedup_key: key of the hash of message ids (R9); clean: the last stop was clean (R26);
-- copied: this file is a backup that no daemon has opened yet, held: lanes wait for `actionsctl resume` (R33);
-- kept_bytes: what dead letters take (R12); rolled: the minutes before it are counted in hours and days too, detailed: up to
-- this position the facets of accepted events are counted, those of later ones follow from the journal (R29).
create table store_state (
    id integer primary key check (id = 1),
    epoch text not null,
    dedup_key blob not null,
    head integer not null default 0,
    flushed integer not null default 0,
    received_at integer not null default 0,
    clean integer not null default 1 check (clean in (0, 1)),
    copied integer not null default 0 check (copied in (0, 1)),
    held integer not null default 0 check (held in (0, 1)),
    kept_bytes integer not null default 0,
    rolled integer not null default 0,
    detailed integer not null default 0
) strict;

-- Events of one source that were committed together, from position first to last, packed by store/segment.py; size: bytes
-- of their bodies and additions. Segments do not overlap; what lies between two was removed by retention.
create table journal (
    first integer primary key,
    last integer not null,
    source integer not null,
    received_at integer not null,
    size integer not null,
    packed blob not null
) strict;
create trigger journal_added after insert on journal begin
    insert into journal_blocks (block, source, events)
    values (new.first / 1024, new.source, min(new.last, new.first / 1024 * 1024 + 1023) - new.first + 1)
    on conflict do update set events = events + excluded.events;
    insert into journal_blocks (block, source, events)
    select new.last / 1024, new.source, new.last % 1024 + 1 where new.last / 1024 > new.first / 1024
    on conflict do update set events = events + excluded.events;
end;

-- Events accepted per source in each block of 1,024 positions: counts a range without reading its rows (R11, R18). What
-- is added to the journal is counted here by its trigger; a segment is shorter than a block.
create table journal_blocks (
    block integer not null,
    source integer not null,
    events integer not null,
    primary key (block, source)
) strict, without rowid;

-- Keys of message ids (R9), written behind the events: those after store_state.flushed follow from the journal. A bucket
-- is 64 times the hour plus a number that grows when one has 128 K keys or more, so that the pages of the newest fit the
-- cache. A row outlives its event while it is inside the dedup window, and the window while its event is in the journal,
-- because it also finds events by message id.
create table dedup (
    bucket integer not null,
    key blob not null,
    position integer not null,
    primary key (bucket, key)
) strict, without rowid;

create table sources (
    id integer primary key autoincrement,
    slug text not null unique,
    declared integer not null check (declared in (0, 1))
) strict;

create table destinations (
    id integer primary key autoincrement,
    slug text not null unique,
    source integer not null references sources (id),
    enabled integer not null check (enabled in (0, 1)),
    paused integer not null default 0 check (paused in (0, 1)),
    declared integer not null check (declared in (0, 1)),
    fingerprint blob not null,
    version integer not null
) strict;

create table mappings (
    id integer primary key autoincrement,
    destination integer not null references destinations (id) on delete cascade,
    name text not null,
    enabled integer not null check (enabled in (0, 1)),
    declared integer not null check (declared in (0, 1)),
    fingerprint blob not null,
    version integer not null,
    start integer not null,
    unique (destination, name)
) strict;

create table lanes (
    destination integer not null,
    replay integer not null,
    start integer not null,
    cursor integer not null,
    completed blob not null,
    primary key (destination, replay)
) strict, without rowid;

create table retries (
    id integer primary key,
    destination integer not null,
    replay integer not null,
    mapping integer not null,
    position integer not null,
    attempts integer not null,
    first_at integer not null,
    due_at integer not null,
    code text not null,
    message text not null,
    exchange blob not null,
    unique (destination, replay, mapping, position)
) strict;
create index retries_due on retries (destination, replay, due_at);
create index retries_position on retries (position);

create table dead_letters (
    id integer primary key autoincrement,
    destination integer not null,
    replay integer not null,
    mapping integer not null,
    position integer not null,
    reason text not null,
    code text not null,
    message text not null,
    attempts integer not null,
    first_at integer not null,
    last_at integer not null,
    died_at integer not null,
    exchange blob not null,
    versions text not null,
    requeueable integer not null check (requeueable in (0, 1))
) strict;
create index dead_letters_destination on dead_letters (destination, id);
create index dead_letters_position on dead_letters (position);
create index dead_letters_with_exchange on dead_letters (id) where exchange <> x'';

-- Copies of journal rows that dead letters, and retries made from them, still need: one per event (R13).
create table kept_events (
    position integer primary key,
    source integer not null,
    received_at integer not null,
    message_id blob not null,
    body blob not null,
    added blob not null,
    facet integer not null default 0
) strict;
create trigger kept_events_added after insert on kept_events begin
    update store_state set kept_bytes = kept_bytes + length(new.body) + length(new.added);
end;
create trigger kept_events_dropped after delete on kept_events begin
    update store_state set kept_bytes = kept_bytes - length(old.body) - length(old.added);
end;
create trigger dead_letters_added after insert on dead_letters begin
    update store_state set kept_bytes = kept_bytes + length(new.exchange);
end;
create trigger dead_letters_cleared after update of exchange on dead_letters begin
    update store_state set kept_bytes = kept_bytes + length(new.exchange) - length(old.exchange);
end;
create trigger dead_letters_dropped after delete on dead_letters begin
    update store_state set kept_bytes = kept_bytes - length(old.exchange);
    delete from kept_events where position = old.position
        and not exists (select 1 from dead_letters where position = old.position)
        and not exists (select 1 from retries where position = old.position);
end;
create trigger retries_dropped after delete on retries begin
    delete from kept_events where position = old.position
        and not exists (select 1 from dead_letters where position = old.position)
        and not exists (select 1 from retries where position = old.position);
end;

create table dead_ranges (
    id integer primary key autoincrement,
    destination integer not null,
    first integer not null,
    last integer not null,
    events integer not null,
    reason text not null,
    at integer not null
) strict;
create index dead_ranges_destination on dead_ranges (destination, id);

-- Deliveries about to be tried after an unclean stop; starts: unclean starts that found the row (R26).
create table intents (
    destination integer not null,
    replay integer not null,
    position integer not null,
    mapping integer not null,
    starts integer not null default 0,
    primary key (destination, replay, position, mapping)
) strict, without rowid;

-- A replay reads the journal from first to last, an upper bound fixed when it was made; its cursor is a lane (R30).
create table replays (
    id integer primary key autoincrement,
    destination integer not null,
    mapping integer not null,
    source integer not null,
    event text not null,
    first integer not null,
    last integer not null,
    rate real,
    state text not null check (state in ('running', 'stopped', 'done')),
    created_at integer not null
) strict;

-- unbucketed: what older versions counted and no bucket has. A total of all time is that, the days, and the minutes from
-- store_state.rolled on (R29).
create table counters (
    id integer primary key,
    step text not null,
    reason text not null,
    source integer not null,
    destination integer not null,
    mapping integer not null,
    replay integer not null,
    unbucketed integer not null,
    unique (step, reason, source, destination, mapping, replay)
) strict;

-- The same counts over time: width 1 (minutes), 60 (hours) or 1440 (days); start in minutes since the epoch (R29). Hours
-- and days hold what was counted before store_state.rolled; minutes go when they are 50 hours old, hours after 30 days.
create table counter_buckets (
    width integer not null check (width in (1, 60, 1440)),
    start integer not null,
    counter integer not null references counters (id),
    events integer not null,
    primary key (width, start, counter)
) strict, without rowid;

create table filters (
    id integer primary key autoincrement,
    destination integer not null references destinations (id) on delete cascade
) strict;

-- Tracking plans and their rules (F149); an event's rule is found by type, key and version.
create table tracking_plans (
    id integer primary key autoincrement,
    slug text not null unique
) strict;

create table rules (
    id integer primary key autoincrement,
    plan integer not null references tracking_plans (id) on delete cascade,
    type text not null,
    key text not null,
    version integer not null,
    unique (plan, type, key, version)
) strict;

create table transformations (
    id integer primary key autoincrement,
    source integer not null references sources (id) on delete cascade
) strict;

-- What is configured here and not in the file: one row for each object that was made through the API, the console or
-- actionsctl. body: a Config as JSON, sealed where it may hold secrets (I6). A 'schema' has the id of its source.
create table configs (
    kind text not null check (
        kind in ('source', 'destination', 'mapping', 'filter', 'schema', 'tracking_plan', 'rule', 'transformation')
    ),
    object integer not null,
    version integer not null,
    created_at integer not null,
    updated_at integer not null,
    body blob not null,
    primary key (kind, object)
) strict, without rowid;

-- Every version that a config has had, append-only. batch: id of the first row written by the same call, so that what
-- was deleted together comes back together; parent: the destination of a mapping or filter, the source of a destination
-- or transformation, the plan of a rule.
create table changes (
    id integer primary key autoincrement,
    batch integer not null,
    at integer not null,
    who text not null,
    kind text not null,
    object integer not null,
    parent integer not null,
    version integer not null,
    verb text not null check (verb in ('created', 'changed', 'deleted', 'restored')),
    body blob not null
) strict;
create index changes_object on changes (kind, object, id);
create index changes_batch on changes (batch);
create trigger changes_stay before delete on changes begin
    select raise(abort, 'the history of changes is append-only');
end;

-- Bearer tokens of the admin API. hash: SHA-256 of the token, which itself is kept nowhere. A revoked one stays as a
-- record of who could do what; its name may be given again.
create table tokens (
    id integer primary key autoincrement,
    name text not null,
    role text not null check (role in ('read', 'write', 'admin')),
    hash blob not null unique,
    created_at integer not null,
    last_used_at integer,
    expires_at integer,
    revoked_at integer
) strict;
create unique index tokens_name on tokens (name) where revoked_at is null;

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

-- Users whose events are refused (F224), at the source with this id, 0 for all sources.
create table suppressions (
    id integer primary key autoincrement,
    source integer not null,
    user text not null,
    at integer not null,
    unique (source, user)
) strict;

-- What was asked for in the name of users' privacy (F222, F223). users: a JSON list of texts; status: that of the whole.
create table regulations (
    id integer primary key autoincrement,
    type text not null,
    source integer not null,
    users text not null,
    who text not null,
    status text not null,
    created_at integer not null,
    finished_at integer
) strict;
create index regulations_unfinished on regulations (id) where finished_at is null;

-- How the deletion went at each destination.
create table deletions (
    regulation integer not null references regulations (id) on delete cascade,
    destination integer not null,
    source integer not null,
    name text not null,
    status text not null,
    error text not null,
    finished_at integer not null,
    primary key (regulation, destination)
) strict, without rowid;

-- Rules on source volume and delivery rate (F178). state: whether it is raised, and the number of changes so far, which
-- names the events that tell of them.
create table alerts (
    id integer primary key autoincrement,
    name text not null unique,
    kind text not null check (kind in ('volume', 'delivery')),
    source integer not null,
    destination integer not null,
    mapping integer not null,
    threshold real not null,
    report_to integer not null,
    created_at integer not null,
    raised integer not null default 0 check (raised in (0, 1)),
    changes integer not null default 0,
    changed_at integer not null default 0,
    value real
) strict;

-- The newest OAuth tokens of a destination (RULES C10). body: sealed JSON; basis: keyed hash of the credentials that are
-- configured, so that tokens of another connection are not used when those change.
create table oauth_tokens (
    destination integer primary key references destinations (id) on delete cascade,
    basis blob not null,
    body blob not null
) strict;

-- Clients that get access tokens for ingest (F011). body: sealed JSON, among it the key that their tokens are signed with.
create table oauth_clients (
    id integer primary key autoincrement,
    name text not null unique,
    created_at integer not null,
    body blob not null
) strict;

-- The assertions that clients have used, while they would still be good: none is taken twice (F011).
create table oauth_assertions (
    client integer not null references oauth_clients (id) on delete cascade,
    jti text not null,
    expires_at integer not null,
    primary key (client, jti)
) strict, without rowid;
create index oauth_assertions_expiry on oauth_assertions (expires_at);
