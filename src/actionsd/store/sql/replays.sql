-- name: create_replay
insert into replays (destination, mapping, source, event, first, last, rate, state, created_at)
values (:destination, :mapping, :source, :event, :first, :last, :rate, 'running', :now)

-- name: live_cursor
select cursor from lanes where destination = :destination and replay = 0

-- name: list_replays
select r.id, r.destination, r.mapping, r.source, r.event, r.first, r.last, r.rate, r.state, r.created_at,
    l.cursor, l.completed
from replays r join lanes l on l.destination = r.destination and l.replay = r.id
where r.id > :after and (:destination = 0 or r.destination = :destination) order by r.id limit :limit

-- name: read_replay
select r.id, r.destination, r.mapping, r.source, r.event, r.first, r.last, r.rate, r.state, r.created_at,
    l.cursor, l.completed
from replays r join lanes l on l.destination = r.destination and l.replay = r.id
where r.id = :id

-- name: set_state
update replays set state = :state where id = :id
