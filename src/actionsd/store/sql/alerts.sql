-- name: create_alert
insert into alerts (name, kind, source, destination, mapping, threshold, report_to, created_at)
values (:name, :kind, :source, :destination, :mapping, :threshold, :report_to, :created_at)

-- name: find_alert
select 1 from alerts where name = :name

-- name: count_alerts
select count(*) from alerts

-- name: delete_alert
delete from alerts where name = :name

-- name: change_alert
-- Only from the state that was looked at, so that a change counts once.
update alerts set raised = 1 - raised, changes = changes + 1, changed_at = :now, value = :value
where id = :id and changes = :changes

-- name: note_value
update alerts set value = :value where id = :id

-- name: list_alerts
select id, name, kind, source, destination, mapping, threshold, report_to, created_at, raised, changes, changed_at, value
from alerts order by name limit :limit
