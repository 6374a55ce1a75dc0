-- Statements of the schedule store.

-- name: due
SELECT body, next_at, last_slot FROM schedules
WHERE enabled = 1 AND next_at IS NOT NULL AND next_at <= ? ORDER BY next_at LIMIT ?;

-- name: next_due
SELECT min(next_at) FROM schedules WHERE enabled = 1 AND next_at IS NOT NULL;

-- name: next_due_of
SELECT min(next_at) FROM schedules WHERE domain = ? AND enabled = 1 AND next_at IS NOT NULL;

-- name: move
-- The compare-and-set that makes a slot fire once, however many schedulers try.
UPDATE schedules SET next_at = ?4, last_slot = coalesce(?5, last_slot)
WHERE domain = ?1 AND id = ?2 AND enabled = 1 AND next_at = ?3 RETURNING 1;

-- name: get
SELECT body, next_at, last_slot FROM schedules WHERE domain = ? AND id IN (SELECT value FROM json_each(?)) ORDER BY id;

-- name: list
SELECT body, next_at, last_slot FROM schedules WHERE domain = ?1 AND (?2 IS NULL OR job_id = ?2) ORDER BY id;

-- name: earlier
-- The unfinished runs of a schedule, and whether a worker has had them. The plus keeps the planner, which knows no numbers
-- of rows, from reading all that waits in the domain.
SELECT id, token > 0 FROM runs WHERE +domain = ? AND schedule_id = ? ORDER BY seq;

-- name: put
-- One that stands has not been seen by the writer, and may have fired: it is not written over.
INSERT INTO schedules (domain, id, job_id, enabled, next_at, last_slot, body) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: delete
DELETE FROM schedules WHERE domain = ? AND id IN (SELECT value FROM json_each(?));

-- name: take_away
DELETE FROM schedules WHERE domain = ? AND id = ? AND next_at IS ? RETURNING 1;
