create table filters (
    id integer primary key autoincrement,
    destination integer not null references destinations (id) on delete cascade
) strict;

create table configs (
    kind text not null check (kind in ('source', 'destination', 'mapping', 'filter')),
    object integer not null,
    version integer not null,
    created_at integer not null,
    updated_at integer not null,
    body blob not null,
    primary key (kind, object)
) strict, without rowid;

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
