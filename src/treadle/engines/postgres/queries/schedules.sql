-- Statements of the schedule store.

-- name: due
SELECT body, next_at, last_slot FROM treadle.schedules
WHERE enabled AND next_at IS NOT NULL AND next_at <= $1 ORDER BY next_at LIMIT $2;

-- name: next_due
SELECT min(next_at) FROM treadle.schedules WHERE enabled AND next_at IS NOT NULL;

-- name: next_due_of
SELECT min(next_at) FROM treadle.schedules WHERE domain = $1 AND enabled AND next_at IS NOT NULL;

-- name: move
-- The compare-and-set that makes a slot fire once, however many schedulers try.
UPDATE treadle.schedules SET next_at = $4, last_slot = coalesce($5, last_slot)
WHERE domain = $1 AND id = $2 AND enabled AND next_at = $3 RETURNING 1;

-- name: get
SELECT body, next_at, last_slot FROM treadle.schedules WHERE domain = $1 AND id = ANY ($2) ORDER BY id;

-- name: list
SELECT body, next_at, last_slot FROM treadle.schedules WHERE domain = $1 AND ($2::text IS NULL OR job_id = $2) ORDER BY id;

-- name: earlier
-- The unfinished runs of a schedule, and whether a worker has had them.
SELECT id, token > 0 FROM treadle.runs WHERE domain = $1 AND schedule_id = $2 ORDER BY seq;

-- name: put
-- One that stands has not been seen by the writer, and may have fired: it is not written over.
INSERT INTO treadle.schedules (domain, id, job_id, enabled, next_at, last_slot, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: delete
DELETE FROM treadle.schedules WHERE domain = $1 AND id = ANY ($2);

-- name: take_away
DELETE FROM treadle.schedules WHERE domain = $1 AND id = $2 AND next_at IS NOT DISTINCT FROM $3 RETURNING 1;
