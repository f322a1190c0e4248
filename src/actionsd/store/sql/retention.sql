-- name: slice_end
-- The position that ends a slice of so many segments.
select max(last) from (
    select last from journal where first > :after and last <= :upto order by first limit :segments
)

-- name: read_expired_retries
-- Retries in a slice that do not pin their events any more: their window is over, or all of them where size forces past
-- them; those whose event is kept beside the journal need it no longer (R13).
select destination, replay, mapping, position, attempts, first_at, due_at, code, message, exchange from retries r
where position > :after and position <= :last and (:forced or first_at < :window_start)
    and not exists (select 1 from kept_events k where k.position = r.position)

-- name: delete_events
-- All segments but those with an event that a retry pins (R13).
delete from journal where first > :after and last <= :last
    and not exists (
        select 1 from retries r where r.position between journal.first and journal.last
            and not exists (select 1 from kept_events k where k.position = r.position)
    )

-- name: delete_blocks
delete from journal_blocks where block < :block

-- name: first_received
select received_at from journal order by first limit 1

-- name: delete_old_dead_letters
-- By age, in slices of the oldest (R12). The counters stay.
delete from dead_letters where id in (select id from dead_letters order by id limit :limit) and died_at < :before

-- name: delete_surplus_dead_letters
-- By count: all but the newest.
delete from dead_letters where id in (
    select id from dead_letters
    where id <= (select id from dead_letters order by id desc limit 1 offset :rows) order by id limit :limit
)

-- name: kept_bytes
select kept_bytes from store_state

-- name: clear_exchanges
-- By size: what the oldest dead letters said goes first ...
update dead_letters set exchange = x''
where id in (select id from dead_letters where exchange <> x'' order by id limit :limit)

-- name: drop_kept_events
-- ... with the copies of the oldest events that no retry needs; their dead letters stay, but cannot be requeued.
delete from kept_events where position in (
    select position from kept_events where position not in (select position from retries) order by position limit :limit
)

-- name: give_back_pages
-- So many free pages go back to the file system (R12).
pragma incremental_vacuum (200)
