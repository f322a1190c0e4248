-- The whole schema; a test compares it with the sum of migrations/*.sql. Times are milliseconds since the epoch, UTC.

-- One row. head: last position ever given (R7); flushed: up to here events have their dedup keys (R9); received_at:
-- latest time of the writer (R31); dedup_key: key of the hash of message ids (R9); clean: the last stop was clean (R26);
-- copied: this file is a backup that no daemon has opened yet, held: lanes wait for `actionsctl resume` (R33);
-- kept_bytes: what dead letters take (R12).
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
    kept_bytes integer not null default 0
) strict;

create table journal (
    position integer primary key,
    source integer not null,
    received_at integer not null,
    message_id blob not null,
    body blob not null,
    added blob not null
) strict;

-- Events accepted per source in each block of 1,024 positions: counts a range without reading its rows (R11, R18).
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
    added blob not null
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

create table counters (
    id integer primary key,
    step text not null,
    reason text not null,
    source integer not null,
    destination integer not null,
    mapping integer not null,
    replay integer not null,
    total integer not null,
    unique (step, reason, source, destination, mapping, replay)
) strict;

-- The same counts over time: width 1 (minutes), 60 (hours) or 1440 (days); start in minutes since the epoch (R29).
create table counter_buckets (
    width integer not null check (width in (1, 60, 1440)),
    start integer not null,
    counter integer not null references counters (id),
    events integer not null,
    primary key (width, start, counter)
) strict, without rowid;
