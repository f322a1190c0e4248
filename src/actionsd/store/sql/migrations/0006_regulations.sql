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
