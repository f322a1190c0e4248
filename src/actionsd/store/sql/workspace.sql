-- name: declare_source
insert into sources (slug, declared) values (?, 1) on conflict (slug) do update set declared = 1

-- name: undeclare_sources
-- What the file no longer declares keeps its row until it is forgotten (R21).
update sources set declared = 0 where slug not in (select value from json_each(:slugs))

-- name: read_sources
select s.id, s.slug, s.declared, c.version, c.created_at, c.updated_at, c.body
from sources s left join configs c on c.kind = 'source' and c.object = s.id order by s.id

-- name: create_destination
insert into destinations (slug, source, enabled, declared, fingerprint, version)
values (:slug, :source, :enabled, 1, :fingerprint, 1)

-- name: update_destination
update destinations set
    version = version + (fingerprint <> :fingerprint), fingerprint = :fingerprint,
    source = :source, enabled = :enabled, declared = 1
where id = :id

-- name: undeclare_destinations
update destinations set declared = 0 where slug not in (select value from json_each(:slugs))

-- name: read_destinations
select d.id, d.slug, d.source, d.enabled, d.paused, d.declared, d.version, l.start,
    c.created_at, c.updated_at, c.body
from destinations d join lanes l on l.destination = d.id and l.replay = 0
left join configs c on c.kind = 'destination' and c.object = d.id order by d.id

-- name: find_destination
select id, enabled, declared from destinations where slug = :slug

-- name: pause_destination
update destinations set paused = :paused where id = :id

-- name: create_mapping
-- A new mapping starts at the head of the transaction that makes it (R19).
insert into mappings (destination, name, enabled, declared, fingerprint, version, start)
values (:destination, :name, :enabled, 1, :fingerprint, 1, :head)

-- name: update_mapping
-- Enabling starts at the head; an edit keeps the start (R19).
update mappings set
    version = version + (fingerprint <> :fingerprint), fingerprint = :fingerprint,
    start = case when :enabled > enabled then :head else start end,
    enabled = :enabled, declared = 1
where id = :id

-- name: undeclare_mappings
update mappings set declared = 0
where destination = :destination and name not in (select value from json_each(:names))

-- name: find_mapping
select id from mappings where destination = :destination and name = :name

-- name: read_mappings
select m.id, m.destination, m.name, m.version, m.start, c.created_at, c.updated_at, c.body
from mappings m left join configs c on c.kind = 'mapping' and c.object = m.id
where m.declared = 1 or c.body is not null

-- name: read_filters
select f.id, f.destination, c.created_at, c.updated_at, c.body
from filters f join configs c on c.kind = 'filter' and c.object = f.id order by f.id

-- name: disabled_with_retries
-- Mappings that are switched off and still have retries, which become dead letters (R20).
select distinct r.destination, r.mapping from retries r join mappings m on m.id = r.mapping
where m.enabled = 0 and (m.declared = 1 or exists (select 1 from configs where kind = 'mapping' and object = m.id))
limit 1000

-- name: retries_left_behind
-- Destinations that were deleted and still have retries, which become final dead letters (R18).
select distinct destination from retries where destination not in (select id from destinations) limit 1000

-- name: delete_destination
delete from destinations where id = :id

-- name: delete_replays
delete from replays where destination = :id

-- name: delete_intents
delete from intents where destination = :id

-- name: delete_source
delete from sources where slug = :slug and declared = 0 and id not in (select source from destinations)

-- name: delete_source_configs
-- What was said here of a source that the file declared.
delete from configs where (kind = 'schema' and object = :id)
    or (kind = 'transformation' and object in (select id from transformations where source = :id))

-- name: delete_source_by_id
delete from sources where id = :id and id not in (select source from destinations)

-- name: slugs_elsewhere
-- Which of these slugs are taken by what was made through the API (R21: in the file and there is an error).
select c.kind, s.slug from sources s join configs c on c.kind = 'source' and c.object = s.id
where s.slug in (select value from json_each(:sources))
union all
select c.kind, d.slug from destinations d join configs c on c.kind = 'destination' and c.object = d.id
where d.slug in (select value from json_each(:destinations))

-- name: find_source
select id from sources where slug = :slug or id = :id

-- name: put_source
insert into sources (id, slug, declared) values (:id, :slug, 0) on conflict (id) do update set slug = excluded.slug

-- name: put_destination
insert into destinations (id, slug, source, enabled, declared, fingerprint, version)
values (:id, :slug, :parent, :enabled, 0, x'', :version)
on conflict (id) do update set slug = excluded.slug, enabled = excluded.enabled, version = excluded.version

-- name: put_mapping
-- A new mapping starts at the head, and one that is switched on; an edit keeps the start (R19).
insert into mappings (id, destination, name, enabled, declared, fingerprint, version, start)
values (:id, :parent, :name, :enabled, 0, x'', :version, :head)
on conflict (id) do update set
    start = case when excluded.enabled > enabled then excluded.start else start end,
    name = excluded.name, enabled = excluded.enabled, version = excluded.version

-- name: put_filter
insert into filters (id, destination) values (:id, :parent) on conflict (id) do nothing

-- name: touch_destinations
-- So are the transformations on the way to it.
update destinations set version = version + 1 where source = :id

-- name: touch_destination
-- Its filters are part of its version (R20).
update destinations set version = version + 1 where id = :id

-- name: is_enabled
select enabled from destinations where id = :id

-- name: destination_by_slug
select id, declared from destinations where slug = :slug or id = :id

-- name: parents
-- Where the objects of one kind belong.
select destination from mappings where :kind = 'mapping' and id = :id
union all select destination from filters where :kind = 'filter' and id = :id
union all select source from destinations where :kind = 'destination' and id = :id
union all select source from transformations where :kind = 'transformation' and id = :id
union all select plan from rules where :kind = 'rule' and id = :id

-- name: children
-- What goes when a destination, a source or a plan goes.
select 'mapping' as kind, id from mappings where :kind = 'destination' and destination = :id
union all select 'filter', id from filters where :kind = 'destination' and destination = :id
union all select 'transformation', id from transformations where :kind = 'source' and source = :id
union all select 'schema', object from configs where :kind = 'source' and kind = 'schema' and object = :id
union all select 'rule', id from rules where :kind = 'tracking_plan' and plan = :id

-- name: delete_mapping
delete from mappings where id = :id

-- name: delete_filter
delete from filters where id = :id

-- name: delete_rule
delete from rules where id = :id

-- name: delete_transformation
delete from transformations where id = :id

-- name: delete_tracking_plan
delete from tracking_plans where id = :id

-- name: put_tracking_plan
insert into tracking_plans (id, slug) values (:id, :slug) on conflict (id) do update set slug = excluded.slug

-- name: put_rule
insert into rules (id, plan, type, key, version) values (:id, :parent, :type, :key, :rule_version)
on conflict (id) do update set type = excluded.type, key = excluded.key, version = excluded.version

-- name: put_transformation
insert into transformations (id, source) values (:id, :parent) on conflict (id) do update set source = excluded.source

-- name: find_plan
select id from tracking_plans where slug = :slug or id = :id

-- name: read_schemas
select object, version, body from configs where kind = 'schema'

-- name: read_transformations
select t.id, t.source, c.version, c.created_at, c.updated_at, c.body
from transformations t join configs c on c.kind = 'transformation' and c.object = t.id order by t.id

-- name: plans_changed
-- Grows with each change of a plan or rule, of which there may be many: they are read again only then.
select coalesce(max(id), 0) from changes where kind in ('tracking_plan', 'rule')

-- name: read_plans
select p.id, c.version, c.created_at, c.updated_at, c.body
from tracking_plans p join configs c on c.kind = 'tracking_plan' and c.object = p.id order by p.id

-- name: read_rules
select r.id, r.plan, c.version, c.created_at, c.updated_at, c.body
from rules r join configs c on c.kind = 'rule' and c.object = r.id order by r.id

-- name: read_config
select version, created_at, updated_at, body from configs where kind = :kind and object = :id

-- name: put_config
insert into configs (kind, object, version, created_at, updated_at, body)
values (:kind, :id, :version, :now, :now, :body)
on conflict do update set version = excluded.version, updated_at = excluded.updated_at, body = excluded.body

-- name: delete_config
delete from configs where kind = :kind and object = :id

-- name: last_version
select coalesce(max(version), 0) from changes where kind = :kind and object = :id

-- name: next_change
select coalesce(max(id), 0) + 1 from changes

-- name: add_change
insert into changes (batch, at, who, kind, object, parent, version, verb, body)
values (:batch, :now, :who, :kind, :id, :parent, :version, :verb, :body)

-- name: list_changes
-- The newest first; 0 and '' mean any.
select id, batch, at, who, kind, object, parent, version, verb, body from changes
where (:kind = '' or kind = :kind) and (:object = 0 or object = :object) and (:before = 0 or id < :before)
order by id desc limit :limit

-- name: read_batch
select id, batch, at, who, kind, object, parent, version, verb, body from changes where batch = :batch order by id

-- name: sealed_bodies
-- What a rotation of keys seals again.
select kind, object, body from configs where kind in ('destination', 'mapping', 'transformation')

-- name: sealed_changes
select id, body from changes where kind in ('destination', 'mapping', 'transformation') order by id

-- name: reseal_config
update configs set body = :body where kind = :kind and object = :object

-- name: reseal_change
update changes set body = :body where id = :id
