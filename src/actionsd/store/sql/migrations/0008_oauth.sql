create table oauth_tokens (
    destination integer primary key references destinations (id) on delete cascade,
    basis blob not null,
    body blob not null
) strict;
