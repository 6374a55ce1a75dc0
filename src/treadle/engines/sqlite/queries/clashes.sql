-- Statements of runs that are one and the same to their submitters.

-- name: holder
-- Who has a unique key, and what its run is while it lives.
SELECT run_id, expires_at, runs.token, runs.limits FROM keys LEFT JOIN runs ON runs.id = run_id
WHERE keys.domain = ? AND scope = ? AND key = ?;

-- name: waiting
-- The run that waits for more submits with its key. One that was claimed, or has become due, waits no more.
SELECT seq, runs.id, runs.created_at FROM keys JOIN runs ON runs.id = run_id
WHERE keys.domain = ? AND scope = ? AND key = ? AND state = 'scheduled' AND token = 0 AND due_at > ?;

-- name: absorb
UPDATE runs
SET line = ?2, job_version = ?3, queue = ?4, requires = ?5, priority = ?6, due_at = ?7, rank = ?8, limits = ?9, gates = ?12, work = ?10,
    inputs = ?11, events = events + 1
WHERE seq = ?1 RETURNING events;
