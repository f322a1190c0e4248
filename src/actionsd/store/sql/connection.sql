-- name: tune_writer
-- A checkpoint only ever runs between transactions of the writer's own thread (R1), so none inside COMMIT.
pragma wal_autocheckpoint = 0

-- name: limit_wal_file
-- A WAL that had to grow is cut when it starts over.
pragma journal_size_limit = 16777216

-- name: limit_cache
pragma cache_size = -8192

-- name: limit_reader_cache
pragma cache_size = -2048

-- name: wal
pragma journal_mode = wal

-- name: shrink
-- Only effective in an empty database (R12).
pragma auto_vacuum = incremental

-- name: enforce_references
pragma foreign_keys = on

-- name: only_read
pragma query_only = on

-- name: delete_quickly
-- What is deleted is overwritten only where its page is written anyway. Debian's SQLite would write all of it once more,
-- each time that retention removes events.
pragma secure_delete = fast

-- name: version
pragma user_version

-- name: wait
-- So long, in milliseconds, a write waits for a foreign lock before its group is given up (R5).
pragma busy_timeout = 1000

-- name: do_not_wait
pragma busy_timeout = 0

-- name: measure
select page_count, freelist_count, page_size from pragma_page_count, pragma_freelist_count, pragma_page_size

-- name: checkpoint_passive
pragma wal_checkpoint (passive)

-- name: checkpoint_restart
pragma wal_checkpoint (restart)

-- name: checkpoint_truncate
pragma wal_checkpoint (truncate)

-- name: create_state
insert into store_state (id, epoch, dedup_key) values (1, :epoch, :dedup_key) on conflict do nothing

-- name: read_state
select epoch, dedup_key, head, received_at, clean, copied, held from store_state

-- name: mark_running
-- Until the last commit of a clean stop the file says that the daemon died (R26).
update store_state set clean = 0

-- name: mark_stopped
update store_state set clean = 1

-- name: renew_epoch
-- Deliveries of a restored copy get new ids, and its lanes wait for a person (R33).
update store_state set epoch = :epoch, copied = 0, held = 1

-- name: release
update store_state set held = 0

-- name: advance
-- Head and clock of the journal move in the transaction that gives the positions (R7, R31).
update store_state set head = :head, received_at = :received_at where id = 1

-- name: age_intents
-- An unclean start found these deliveries about to be tried (R26).
update intents set starts = starts + 1

-- name: drop_intents
delete from intents
