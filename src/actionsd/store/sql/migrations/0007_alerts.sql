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
