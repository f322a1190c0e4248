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
