-- Statements of runs that are one and the same to their submitters.

-- name: lock
-- Who submits under such keys does so one after the other. The locks are few, and each is for many keys.
SELECT pg_advisory_xact_lock(1953654116, stripe)
FROM (SELECT DISTINCT hashtext(name) % 1024 AS stripe FROM unnest($1::text[]) AS t (name) ORDER BY 1) AS stripes;

-- name: lock_holder
-- The run that has a key, if it lives, stays as it is.
SELECT 1 FROM treadle.runs
WHERE id = (SELECT run_id FROM treadle.keys WHERE domain = $1 AND scope = $2 AND key = $3) FOR NO KEY UPDATE;

-- name: holder
-- Who has a unique key, and what its run is while it lives.
SELECT run_id, expires_at, runs.token, runs.limits FROM treadle.keys LEFT JOIN treadle.runs ON runs.id = run_id
WHERE keys.domain = $1 AND scope = $2 AND key = $3;

-- name: waiting
-- The run that waits for more submits with its key. One that was claimed, or has become due, waits no more.
SELECT seq, runs.id, runs.created_at FROM treadle.keys JOIN treadle.runs ON runs.id = run_id
WHERE keys.domain = $1 AND scope = $2 AND key = $3 AND state = 'scheduled' AND token = 0 AND due_at > $4;

-- name: absorb
UPDATE treadle.runs
SET line = $2, job_version = $3, queue = $4, requires = $5, priority = $6, due_at = $7, rank = $8, limits = $9, work = $10,
    inputs = $11, gates = $12, events = events + 1
WHERE seq = $1 RETURNING events;
