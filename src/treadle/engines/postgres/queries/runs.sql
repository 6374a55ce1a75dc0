-- Statements of the run store. Batches travel as arrays: one per column (unnest), or of ids (ANY).

-- name: keys
-- What already has keys.
SELECT domain, scope, key, run_id, body_hash FROM treadle.keys
WHERE (domain, scope, key) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::text[])) AND expires_at > $4;

-- name: put_keys
-- One that stands is not taken over, also if it came up since it was looked for: it is missing in the answer.
INSERT INTO treadle.keys (domain, scope, key, run_id, body_hash, expires_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[]) ORDER BY 1, 2, 3
ON CONFLICT (domain, scope, key)
DO UPDATE SET run_id = excluded.run_id, body_hash = excluded.body_hash, expires_at = excluded.expires_at
WHERE keys.expires_at <= $7
RETURNING 1;

-- name: take_keys
-- Keys of runs that are one and the same, which have been looked at under their locks.
INSERT INTO treadle.keys (domain, scope, key, run_id, body_hash, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (domain, scope, key)
DO UPDATE SET run_id = excluded.run_id, body_hash = excluded.body_hash, expires_at = excluded.expires_at;

-- name: sweep_keys
DELETE FROM treadle.keys
WHERE (domain, scope, key) IN (
  SELECT domain, scope, key FROM treadle.keys WHERE expires_at > 0 AND expires_at <= $1 LIMIT $2
);

-- name: prune_keys
DELETE FROM treadle.keys WHERE expires_at = 0 AND run_id = ANY ($1);

-- name: line
SELECT domain, queue, requires, solo FROM treadle.lines WHERE id = $1;

-- name: put_lines
INSERT INTO treadle.lines (id, domain, queue, requires, solo)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::boolean[]) ORDER BY 1
ON CONFLICT DO NOTHING;

-- name: put_runs
SELECT treadle.put_runs($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
                        $23, $24, $25, $26);

-- name: submit
-- False, and nothing stored, also where a job of the last three arrays has another version, or is gone.
SELECT CASE WHEN EXISTS (
  SELECT 1 FROM unnest($25::text[], $26::text[], $27::bigint[]) AS wanted (domain, id, version)
  WHERE NOT EXISTS (
    SELECT 1 FROM treadle.documents AS job
    WHERE job.domain = wanted.domain AND job.kind = 'job' AND job.id = wanted.id AND job.version = wanted.version
  )
) THEN false ELSE
  treadle.submit($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
                 $24)
END;

-- name: submit_one
-- What the function `submit` does, for a single run: without arrays it takes two thirds of the time.
WITH run AS (
  INSERT INTO treadle.runs (id, rank, due_at, created_at, inputs, line, state, domain, job_id, job_version, queue, requires,
                            priority, cause, schedule_id, slot, retry_of, limits, depends, gates, reason, work)
  SELECT $2, $3, $4, $5, $6::bytea, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17::bigint, $18, $19, $20,
         $21::text::bigint[], $22, $23::bytea
  WHERE NOT EXISTS (SELECT 1 FROM treadle.queues WHERE state = 'draining' AND domain = $9 AND name = $12)
    AND (NOT $24::boolean
         OR EXISTS (SELECT 1 FROM treadle.documents WHERE domain = $9 AND kind = 'job' AND id = $10 AND version = $11))
  RETURNING id, domain, job_id, created_at
), event AS (
  INSERT INTO treadle.events (batch, ordinal, domain, type, subject, n, job_id, at, data)
  SELECT $1::bigint, 0, domain, 'run.queued', id, 1, job_id, created_at, '{}' FROM run
  RETURNING batch
), ended AS (
  INSERT INTO treadle.event_batches (id) SELECT batch FROM event RETURNING id -- last of all
)
SELECT EXISTS (SELECT 1 FROM ended);

-- name: look
-- What a trip has to know of the engine, in one look: when something is due next, whether parents that ended are still to
-- be worked off, what the worker holds, and the lines that have ready runs.
SELECT least((SELECT min(due_at) FROM treadle.runs WHERE state = 'scheduled'),
             (SELECT min(next_at) FROM treadle.rates WHERE next_at IS NOT NULL),
             (SELECT min(timeout_at) FROM treadle.waits WHERE timeout_at IS NOT NULL)),
       EXISTS (SELECT 1 FROM treadle.resolutions),
       EXISTS (SELECT 1 FROM treadle.runs WHERE state = 'running' AND worker_id = $1),
       EXISTS (SELECT 1 FROM treadle.runs WHERE worker_id = $1 AND claimed_at IS NOT NULL AND suspect),
       ARRAY (SELECT id FROM treadle.runs WHERE worker_id = $1 AND cancel_at IS NOT NULL),
       treadle.ready_lines(),
       EXISTS (SELECT 1 FROM treadle.queues), EXISTS (SELECT 1 FROM treadle.rates);

-- name: due
-- Runs whose time has come, the longest due first. Their rank was set with their due date.
SELECT seq FROM treadle.runs WHERE state = 'scheduled' AND due_at <= $1 ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED;

-- name: running
SELECT line, count(*) FROM treadle.runs WHERE state = 'running' GROUP BY line;

-- name: peek
-- The best runs of lines, so many together.
SELECT l.line, head.rank, head.seq FROM unnest($1::bigint[]) AS l (line) CROSS JOIN LATERAL (
  SELECT rank, seq FROM treadle.runs WHERE state = 'ready' AND line = l.line ORDER BY rank, seq LIMIT $2
) AS head
ORDER BY head.rank, head.seq LIMIT $2;

-- name: step
SELECT alive, whole, settled, any_follow, moment, next_due, cancels, look_took, front_lines, front_ranks, (claimed).*
FROM treadle.step($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23);

-- name: claim_alone
-- A worker's other trips wait, or are waited for: what it holds decides what it is given, and they may claim meanwhile.
SELECT pg_advisory_xact_lock(hashtextextended('worker' || $1, 0));

-- name: claim
SELECT * FROM treadle.claim($1, $2, $3, $4, $5, $6, '{}', '{}');

-- name: tokens
-- Of claimed runs those that use up tokens, perhaps.
SELECT rank, seq, gates FROM treadle.runs WHERE id = ANY ($1) AND gates IS NOT NULL;

-- name: steps_of
SELECT run_id, name, kind, result, token, at, event FROM treadle.steps WHERE run_id = ANY ($1) ORDER BY seq;

-- name: fence
-- The running runs that transitions are of, and only under their tokens; locked in one order. The state is asked for in a
-- way that leaves no index but that of ids, as in `treadle.finish`.
SELECT run.* FROM (SELECT * FROM unnest($1::text[], $2::bigint[]) AS t (of_run, under) ORDER BY of_run) AS fences
CROSS JOIN LATERAL (
  SELECT r.seq, r.id, r.token, r.cancel_at, r.events, r.rank, r.gates FROM treadle.runs AS r
  WHERE r.id = of_run AND r.token = under AND r.state NOT IN ('ready', 'scheduled', 'blocked') FOR UPDATE
) AS run;

-- name: finish
SELECT treadle.finish($1, $2, false, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16);

-- name: dependants
-- What may hang on runs that are being settled, seen after they were locked: whether any others wait, any messages are in
-- the hands of runs, and any jobs follow others.
SELECT EXISTS (SELECT 1 FROM treadle.dependents), EXISTS (SELECT 1 FROM treadle.messages WHERE state = 'leased'),
       EXISTS (SELECT 1 FROM treadle.links WHERE follows);

-- name: put_back
WITH t AS (
  SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
                       $8::text[], $9::text[], $10::integer[], $11::integer[], $12::integer[], $13::boolean[], $14::text[])
    AS t (seq, state, at, started_at, line, rank, due_at, reason, error, failures, losses, solo_losses, suspect, event)
), tried AS (
  INSERT INTO treadle.attempts (run_id, domain, token, attempt, worker_id, started_at, finished_at, event, error)
  SELECT r.id, r.domain, r.token, r.failures + r.losses + 1, r.worker_id, t.started_at, t.at, t.event, t.error
  FROM t JOIN treadle.runs AS r ON r.seq = t.seq
)
UPDATE treadle.runs AS r
SET state = t.state, line = t.line, rank = coalesce(t.rank, r.rank), due_at = coalesce(t.due_at, r.due_at),
    failures = t.failures, losses = t.losses, solo_losses = t.solo_losses, suspect = t.suspect, reason = t.reason,
    error = coalesce(t.error, r.error), started_at = coalesce(r.started_at, t.started_at),
    events = events + 1, worker_id = NULL, claimed_at = NULL
FROM t WHERE r.seq = t.seq;

-- name: put_back_fences
SELECT run_id, token, event FROM treadle.attempts WHERE run_id = ANY ($1);

-- name: finished_fences
SELECT id, token, state, cancel_at FROM treadle.history WHERE id = ANY ($1);

-- name: finish_waiting
-- Runs that no worker holds, into the history; `end_waiting` is to follow.
INSERT INTO treadle.history (id, domain, job_id, job_version, queue, requires, priority, state, due_at, rank, created_at,
                             token, attempt, failures, losses, solo_losses, suspect, cancel_at, worker_id, started_at,
                             finished_at, cause, schedule_id, slot, retry_of, limits, depends, error, result, work, inputs)
SELECT id, domain, job_id, job_version, queue, requires, priority, t.state, due_at, rank, created_at, token,
       failures + losses, failures, losses, solo_losses, suspect, cancelled_at, NULL, started_at, $5,
       cause, schedule_id, slot, retry_of, limits, depends, coalesce(why, error), NULL, work, inputs
FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[]) AS t (seq, state, cancelled_at, why)
JOIN treadle.runs AS r ON r.seq = t.seq;

-- name: end_waiting
DELETE FROM treadle.runs WHERE seq = ANY ($1) RETURNING seq, domain, id, events + 1, job_id;

-- name: cancel_candidates
SELECT seq, id, state, job_id FROM treadle.runs WHERE domain = $1 AND id = ANY ($2) ORDER BY id FOR UPDATE;

-- name: mark_cancel
UPDATE treadle.runs SET cancel_at = $2, events = events + 1 WHERE seq = ANY ($1) AND cancel_at IS NULL
RETURNING id, job_id, events;

-- name: finished_states
SELECT id, state FROM treadle.history WHERE domain = $1 AND id = ANY ($2);

-- name: held
SELECT worker_id, cancel_at, id, domain, job_id, queue, requires, priority, token, failures + losses + 1, failures, losses,
       solo_losses, suspect, due_at, created_at, claimed_at, work, inputs, depends IS NOT NULL
FROM treadle.runs WHERE state = 'running' AND worker_id = ANY ($1) ORDER BY seq;

-- name: attempts
SELECT run_id, token, attempt, worker_id, started_at, finished_at, event, error FROM treadle.attempts
WHERE run_id = $1 AND domain = $2 ORDER BY token;

-- name: ahead
SELECT count(*) FROM (
  SELECT 1 FROM treadle.runs AS other JOIN treadle.runs AS this ON this.id = $1 AND this.domain = $2
  WHERE other.state = 'ready' AND other.line = this.line AND (other.rank, other.seq) < (this.rank, this.seq)
    AND this.state = 'ready'
  UNION ALL
  SELECT 1 FROM treadle.runs AS other JOIN treadle.runs AS this ON this.id = $1 AND this.domain = $2
  WHERE other.waits_for = this.waits_for AND (other.rank, other.seq) < (this.rank, this.seq)
  LIMIT $3
) AS before;

-- name: counts
SELECT state, count(*) FROM treadle.runs WHERE domain = $1 GROUP BY state;

-- name: prunable
-- The oldest that are not in a table which goes as a whole: those before $3, but for the rest.
-- Those whose children have not all been told stay.
SELECT id FROM (
  SELECT id, finished_at FROM treadle.history_rest WHERE finished_at < $1
  UNION ALL
  SELECT id, finished_at FROM treadle.history
  WHERE finished_at < $1 AND finished_at >= $3 AND tableoid <> 'treadle.history_rest'::regclass
) AS old
WHERE id NOT IN (SELECT parent FROM treadle.resolutions) ORDER BY finished_at LIMIT $2;

-- name: prune_history
DELETE FROM treadle.history WHERE id = ANY ($1);

-- name: prune_attempts
DELETE FROM treadle.attempts WHERE run_id = ANY ($1);

-- name: prune_steps
DELETE FROM treadle.steps WHERE run_id = ANY ($1);

-- name: prune_kv
DELETE FROM treadle.kv WHERE scope IN ('run', 'progress') AND owner = ANY ($1);

-- name: prune_logs
DELETE FROM treadle.logs WHERE run_id = ANY ($1);
