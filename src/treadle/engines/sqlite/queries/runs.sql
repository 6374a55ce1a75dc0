-- Statements of the run store. Ids travel in JSON lists (json_each), so that one statement serves any batch.

-- name: key
SELECT run_id, body_hash FROM keys WHERE domain = ? AND scope = ? AND key = ? AND expires_at > ?;

-- name: insert_key
INSERT INTO keys (domain, scope, key, run_id, body_hash, expires_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET run_id = excluded.run_id, body_hash = excluded.body_hash, expires_at = excluded.expires_at;

-- name: sweep_keys
DELETE FROM keys WHERE (domain, scope, key) IN (SELECT domain, scope, key FROM keys WHERE expires_at <= ? LIMIT ?);

-- name: line
SELECT domain, queue, requires, solo FROM lines WHERE id = ?;

-- name: put_line
INSERT INTO lines (id, domain, queue, requires, solo) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: insert_run
INSERT INTO runs (id, line, state, rank, due_at, created_at, domain, job_id, job_version, queue, requires, priority,
                  cause, schedule_id, slot, retry_of, reason, work, inputs)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: insert_event
INSERT INTO events (domain, type, subject, n, job_id, at, data) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: promote
-- Due runs become ready. Their rank was set with their due date.
UPDATE runs SET state = 'ready', reason = NULL
WHERE seq IN (SELECT seq FROM runs WHERE state = 'scheduled' AND due_at <= ? ORDER BY due_at LIMIT ?);

-- name: next_due
SELECT min(due_at) FROM runs WHERE state = 'scheduled';

-- name: ready_lines
-- Lines that hold ready runs, by leaping over the index from line to line.
WITH RECURSIVE leap (line) AS (
  SELECT min(line) FROM runs WHERE state = 'ready'
  UNION ALL
  SELECT (SELECT min(line) FROM runs WHERE state = 'ready' AND line > leap.line) FROM leap WHERE leap.line IS NOT NULL
)
SELECT line FROM leap WHERE line IS NOT NULL;

-- name: peek
SELECT rank, seq FROM runs WHERE state = 'ready' AND line = ? ORDER BY rank, seq LIMIT ?;

-- name: claim
UPDATE runs
SET state = 'running', token = token + 1, worker_id = ?2, claimed_at = ?3, events = events + 1, reason = NULL
WHERE seq IN (SELECT value FROM json_each(?1))
RETURNING seq, events, id, domain, job_id, queue, requires, priority, token, failures + losses + 1, failures, losses,
          solo_losses, suspect, due_at, created_at, claimed_at, work, inputs, rank;

-- name: claim_line
-- The same where a single line is open to the worker: the usual case, without a look beforehand.
UPDATE runs
SET state = 'running', token = token + 1, worker_id = ?2, claimed_at = ?3, events = events + 1, reason = NULL
WHERE seq IN (SELECT seq FROM runs WHERE state = 'ready' AND line = ?1 ORDER BY rank, seq LIMIT ?4)
RETURNING seq, events, id, domain, job_id, queue, requires, priority, token, failures + losses + 1, failures, losses,
          solo_losses, suspect, due_at, created_at, claimed_at, work, inputs, rank;

-- name: holds
SELECT EXISTS (SELECT 1 FROM runs WHERE state = 'running' AND worker_id = ?),
       EXISTS (SELECT 1 FROM runs WHERE state = 'running' AND worker_id = ? AND suspect = 1);

-- name: cancels
SELECT id FROM runs WHERE state = 'running' AND worker_id = ? AND cancel_at IS NOT NULL;

-- name: fences
SELECT id, seq, token, state, cancel_at, events, queue, requires, failures + losses + 1, worker_id
FROM runs WHERE id IN (SELECT value FROM json_each(?));

-- name: put_back_fences
SELECT run_id, token, event FROM attempts WHERE run_id IN (SELECT value FROM json_each(?));

-- name: finished_fences
SELECT id, token, state, cancel_at FROM history WHERE id IN (SELECT value FROM json_each(?));

-- name: finish
INSERT INTO history (id, domain, job_id, job_version, queue, requires, priority, state, due_at, rank, created_at, token,
                     attempt, failures, losses, solo_losses, suspect, cancel_at, worker_id, started_at, finished_at,
                     cause, schedule_id, slot, retry_of, error, result, work, inputs)
SELECT id, domain, job_id, job_version, queue, requires, priority, ?2, due_at, rank, created_at, token,
       ?3, ?4, ?5, ?6, ?7, cancel_at, worker_id, coalesce(started_at, ?8), ?9,
       cause, schedule_id, slot, retry_of, ?10, ?11, work, inputs
FROM runs WHERE seq = ?1;

-- name: delete_live
DELETE FROM runs WHERE seq IN (SELECT value FROM json_each(?));

-- name: put_back
UPDATE runs
SET state = ?2, line = ?3, rank = coalesce(?4, rank), due_at = coalesce(?5, due_at), failures = ?6, losses = ?7,
    solo_losses = ?8, suspect = ?9, started_at = coalesce(started_at, ?10), reason = ?11,
    error = coalesce(?12, error), events = events + 1, worker_id = NULL, claimed_at = NULL
WHERE seq = ?1;

-- name: insert_attempt
INSERT INTO attempts (run_id, domain, token, attempt, worker_id, started_at, finished_at, event, error)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: mark_cancel
UPDATE runs SET cancel_at = ?2, events = events + 1 WHERE seq = ?1 AND cancel_at IS NULL RETURNING events;

-- name: finished_states
SELECT id, state FROM history WHERE domain = ? AND id IN (SELECT value FROM json_each(?));

-- name: cancel_candidates
SELECT seq, id, state, events, job_id, failures + losses, failures, losses, solo_losses, suspect FROM runs
WHERE domain = ? AND id IN (SELECT value FROM json_each(?));

-- name: held
SELECT worker_id, cancel_at, id, domain, job_id, queue, requires, priority, token, failures + losses + 1, failures,
       losses, solo_losses, suspect, due_at, created_at, claimed_at, work, inputs
FROM runs WHERE state = 'running' AND worker_id IN (SELECT value FROM json_each(?)) ORDER BY seq;

-- name: worker_lease
SELECT state, lease_until, boot, domain, queues, requires FROM workers WHERE id = ?;

-- name: attempts
SELECT run_id, token, attempt, worker_id, started_at, finished_at, event, error FROM attempts
WHERE run_id = ? AND domain = ? ORDER BY token;

-- name: ahead
SELECT count(*) FROM (
  SELECT 1 FROM runs AS other JOIN runs AS this ON this.id = ?1 AND this.domain = ?2
  WHERE other.state = 'ready' AND other.line = this.line AND (other.rank, other.seq) < (this.rank, this.seq) LIMIT ?3
);

-- name: counts
SELECT state, count(*) FROM runs WHERE domain = ? GROUP BY state;

-- name: prunable
-- Runs are there in the order in which they finished: the oldest are at the front.
SELECT id FROM (SELECT id, finished_at FROM history ORDER BY seq LIMIT ?2) WHERE finished_at < ?1;

-- name: prune_history
DELETE FROM history WHERE id IN (SELECT value FROM json_each(?));

-- name: prune_attempts
DELETE FROM attempts WHERE run_id IN (SELECT value FROM json_each(?));

-- name: prune_logs
DELETE FROM logs WHERE run_id IN (SELECT value FROM json_each(?));
