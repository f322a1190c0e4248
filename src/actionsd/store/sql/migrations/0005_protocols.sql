-- Tracking plans, their rules, what sources let in, and transformations (F148-F154).
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

-- More kinds; a check cannot be changed in place.
create temp table kept as select * from configs;
drop table configs;
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
insert into configs select * from kept;
drop table kept;
