-- Events of one source that were committed together, packed (store/segment.py). Those of before get a segment each, which
-- is larger than need be and gone with their retention; pack_event is a function of ours.
alter table journal rename to events_of_before;
create table journal (
    first integer primary key,
    last integer not null,
    source integer not null,
    received_at integer not null,
    size integer not null,
    packed blob not null
) strict;
insert into journal (first, last, source, received_at, size, packed)
select position, position, source, received_at, length(body) + length(added), pack_event(message_id, body, added, facet)
from events_of_before order by position;
drop table events_of_before;

-- What was counted before is counted already.
create trigger journal_added after insert on journal begin
    insert into journal_blocks (block, source, events)
    values (new.first / 1024, new.source, min(new.last, new.first / 1024 * 1024 + 1023) - new.first + 1)
    on conflict do update set events = events + excluded.events;
    insert into journal_blocks (block, source, events)
    select new.last / 1024, new.source, new.last % 1024 + 1 where new.last / 1024 > new.first / 1024
    on conflict do update set events = events + excluded.events;
end;
