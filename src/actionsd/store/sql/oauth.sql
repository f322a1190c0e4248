-- name: load
select destination, basis, body from oauth_tokens limit 1000

-- name: save
insert into oauth_tokens (destination, basis, body)
select :destination, :basis, :body where exists (select 1 from destinations where id = :destination)
on conflict do update set basis = excluded.basis, body = excluded.body

-- name: sealed
-- What a rotation of keys seals again.
select destination, body from oauth_tokens

-- name: reseal
update oauth_tokens set body = :body where destination = :destination
