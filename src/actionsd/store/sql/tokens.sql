-- name: create_token
insert into tokens (name, role, hash, created_at, expires_at) values (:name, :role, :hash, :now, :expires_at)

-- name: find_unrevoked
select 1 from tokens where name = :name and revoked_at is null

-- name: count_unrevoked
select count(*) from tokens where revoked_at is null

-- name: load_tokens
-- What may open the door; at most as many as create lets there be (R34).
select id, name, role, created_at, last_used_at, expires_at, revoked_at, hash from tokens where revoked_at is null
limit :limit

-- name: list_tokens
select id, name, role, created_at, last_used_at, expires_at, revoked_at from tokens where id > :after
order by id limit :limit

-- name: revoke_token
update tokens set revoked_at = :now where name = :name and revoked_at is null

-- name: note_use
update tokens set last_used_at = :used_at where id = :id
