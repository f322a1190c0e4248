-- name: suppress
insert into suppressions (source, user, at) values (:source, :user, :now) on conflict do nothing

-- name: unsuppress
delete from suppressions where user = :user and (:source = 0 or source = :source)

-- name: count_suppressions
select count(*) from suppressions

-- name: load_suppressions
select id, source, user from suppressions where id > :after order by id limit 1000

-- name: list_suppressions
-- A page of users from the one with this id on; the same user may stand there for several sources.
select id, user from suppressions where id >= :first order by id limit :limit

-- name: page_before
-- Where the page begins that ends before this id.
select min(id) from (select id from suppressions where id < :first order by id desc limit :limit)

-- name: create_regulation
insert into regulations (type, source, users, who, status, created_at, finished_at)
values (:type, :source, :users, :who, :status, :now, case when :finished then :now end)

-- name: list_regulations
-- The newest first, from the one with this id on; 0, '' and [] mean any.
select id, type, source, users, who, status, created_at, finished_at from regulations
where (:first = 0 or id <= :first) and (:source = 0 or source = :source) and (:status = '' or status = :status)
    and (:types = '[]' or type in (select value from json_each(:types)))
order by id desc limit :limit

-- name: regulations_before
-- Where the page begins that ends before this id; newest first.
select max(id) from (
    select id from regulations
    where id > :first and (:source = 0 or source = :source) and (:status = '' or status = :status)
        and (:types = '[]' or type in (select value from json_each(:types)))
    order by id limit :limit
)

-- name: count_regulations
select count(*) from regulations
where (:source = 0 or source = :source) and (:status = '' or status = :status)
    and (:types = '[]' or type in (select value from json_each(:types)))

-- name: read_regulation
select id, type, source, users, who, status, created_at, finished_at from regulations where id = :id

-- name: unfinished_regulations
select id from regulations where finished_at is null order by id limit 1000

-- name: set_status
update regulations set status = :status, finished_at = case when :finished then :now end where id = :id

-- name: delete_regulation
-- One that has begun stays as a record.
delete from regulations where id = :id and status = 'INITIALIZED'

-- name: report_deletion
insert into deletions (regulation, destination, source, name, status, error, finished_at)
values (:regulation, :destination, :source, :name, :status, :error, :now)
on conflict do update set status = excluded.status, error = excluded.error, finished_at = excluded.finished_at

-- name: read_deletions
select destination, source, name, status, error, finished_at from deletions where regulation = :id
order by destination limit 1000
