-- name: copy_into
-- A consistent copy in one read transaction; it holds the WAL while it runs, but never restarts (R33).
vacuum into :path

-- name: mark_copy
-- The first daemon that opens the copy renews the epoch and holds the lanes (R33).
update store_state set copied = 1, clean = 1
