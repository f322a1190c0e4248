-- name: find_in_window
-- Those of the keys, packed into one blob, that a bucket since :oldest has. Steps from bucket to bucket, a look-up in
-- each: the buckets are few (one an hour) and only keys are asked to which the memory filter cannot say no (R9).
with recursive buckets (bucket) as (
    select max(bucket) from dedup
    union all
    select (select max(bucket) from dedup where bucket < buckets.bucket) from buckets where buckets.bucket > :oldest
), wanted (start) as (
    select 1
    union all
    select start + 16 from wanted where start + 16 < length(:keys)
)
select dedup.key from wanted cross join buckets
join dedup on dedup.bucket = buckets.bucket and dedup.key = substr(:keys, wanted.start, 16)
where buckets.bucket >= :oldest

-- name: find_all
-- Every position of a message id, oldest first.
with recursive buckets (bucket) as (
    select min(bucket) from dedup
    union all
    select (select min(bucket) from dedup where bucket > buckets.bucket) from buckets where buckets.bucket is not null
)
select dedup.position from buckets join dedup on dedup.bucket = buckets.bucket and dedup.key = :key
order by dedup.bucket

-- name: insert_keys
-- Keys packed into one blob, their positions a JSON list: one statement, whatever their number, hands the interpreter lock
-- over once. A key that comes again in its bucket had left a window shorter than the bucket: its newest event counts.
replace into dedup (bucket, key, position)
select :bucket, substr(:keys, 16 * key + 1, 16), value from json_each(:positions)

-- name: last_bucket
select max(bucket) from dedup

-- name: read_flushed
select flushed from store_state

-- name: mark_flushed
-- Every event up to this position has its key in the table; the keys of later ones follow from the journal (R9).
update store_state set flushed = :position

-- name: count_keys
select count(*) from dedup where bucket >= :oldest

-- name: next_bucket
select min(bucket) from dedup where bucket > :bucket

-- name: read_keys
-- A page of a bucket's keys for the memory filter, as one text: a row each would hand the interpreter lock over as often.
select group_concat(hex(key), ''), max(key)
from (select key from dedup where bucket = :bucket and key > :after order by key limit :limit)

-- name: purge
-- A slice of the oldest buckets (R9; dropping 2 million keys at once would take 115 ms).
delete from dedup where (bucket, key) in (select bucket, key from dedup where bucket < :bucket limit :limit)
