-- name: load_clients
-- At most as many as create lets there be (R34).
select id, name, created_at, body from oauth_clients order by id limit :limit

-- name: create_client
insert into oauth_clients (name, created_at, body) values (:name, :now, :body)

-- name: find_client
select 1 from oauth_clients where name = :name

-- name: count_clients
select count(*) from oauth_clients

-- name: update_client
-- Sealed with another key, or with other keys of the client.
update oauth_clients set body = :body where id = :id

-- name: delete_client
delete from oauth_clients where id = :id

-- name: use_assertion
-- No row changes where it was used before.
insert or ignore into oauth_assertions (client, jti, expires_at) values (:client, :jti, :expires_at)

-- name: forget_assertions
delete from oauth_assertions where expires_at < :now
