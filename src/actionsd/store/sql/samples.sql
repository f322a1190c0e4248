-- name: put_sample
insert into samples
    (destination, mapping, step, reason, position, message_id, at, message, body, added, payload, exchange, size)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: drop_replaced
-- By index on (destination, step, reason, id): only the newest of a reason stay (F170).
delete from samples where destination = :destination and step = :step and reason = :reason and id <= (
    select id from samples where destination = :destination and step = :step and reason = :reason
    order by id desc limit 1 offset :keep
)

-- name: drop_old_samples
delete from samples where id in (select id from samples where at < :before order by id limit :limit)

-- name: drop_surplus_samples
delete from samples where id in (
    select id from samples
    where id <= (select id from samples order by id desc limit 1 offset :rows) order by id limit :limit
)

-- name: measure_samples
select coalesce(sum(size), 0) from samples where size > 0

-- name: clear_samples
-- By size: what the oldest say goes first (R12).
update samples set body = x'', added = x'', payload = x'', exchange = x'', size = 0
where id in (select id from samples where size > 0 order by id limit :limit)

-- name: list_samples
select id, destination, mapping, step, reason, position, message_id, at, message, body, added, payload, exchange
from samples
where destination = :destination and id < :before and (:step = '' or step = :step)
    and (:reason = '' or reason = :reason) and (:mapping = 0 or mapping = :mapping)
order by id desc limit :limit
