-- Up to here the facets of accepted events are counted; those of later ones follow from the journal (R29).
alter table store_state add column detailed integer not null default 0;
update store_state set detailed = head;
