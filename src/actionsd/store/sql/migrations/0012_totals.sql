-- A total is the sum of its buckets now: a commit need not write it as well. What no bucket has stays here.
alter table counters rename column total to unbucketed;
update counters set unbucketed = unbucketed - bucketed.events
from (
    select counter, sum(events) as events from counter_buckets
    where width = 1440 or (width = 1 and start >= coalesce((select rolled from store_state), 0))
    group by counter
) as bucketed
where bucketed.counter = counters.id;
