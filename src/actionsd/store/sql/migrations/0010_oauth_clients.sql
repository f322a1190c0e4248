create table oauth_clients (
    id integer primary key autoincrement,
    name text not null unique,
    created_at integer not null,
    body blob not null
) strict;

create table oauth_assertions (
    client integer not null references oauth_clients (id) on delete cascade,
    jti text not null,
    expires_at integer not null,
    primary key (client, jti)
) strict, without rowid;
create index oauth_assertions_expiry on oauth_assertions (expires_at);
