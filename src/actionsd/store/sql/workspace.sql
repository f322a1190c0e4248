-- name: declare_source
insert into sources (slug, declared) values (?, 1) on conflict (slug) do update set declared = 1

-- name: undeclare_sources
-- What the file no longer declares keeps its row until it is forgotten (R21).
update sources set declared = 0 where slug not in (select value from json_each(:slugs))

-- name: read_sources
select id, slug, declared from sources order by id

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
select d.id, d.slug, d.source, d.enabled, d.paused, d.declared, d.version, l.start
from destinations d join lanes l on l.destination = d.id and l.replay = 0 order by d.id

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
select id, destination, name, version, start from mappings where declared = 1

-- name: disabled_with_retries
-- Mappings that are switched off and still have retries, which become dead letters (R20).
select distinct r.destination, r.mapping from retries r join mappings m on m.id = r.mapping
where m.declared = 1 and m.enabled = 0 limit 1000

-- name: delete_destination
delete from destinations where id = :id

-- name: delete_replays
delete from replays where destination = :id

-- name: delete_intents
delete from intents where destination = :id

-- name: delete_source
delete from sources where slug = :slug and declared = 0 and id not in (select source from destinations)
