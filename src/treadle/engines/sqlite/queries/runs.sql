-- Statements of the run store. Ids travel in JSON lists (json_each), so that one statement serves any batch.

-- name: keys
-- What already has keys.
SELECT domain, scope, keys.key, run_id, body_hash
FROM (SELECT value ->> 0 AS of_domain, value ->> 1 AS of_scope, value ->> 2 AS of_key FROM json_each(?1)) AS asked
CROSS JOIN keys ON domain = of_domain AND scope = of_scope AND keys.key = of_key
WHERE expires_at > ?2;

-- name: put_keys
-- One that stands is not taken over: it is missing in the answer.
INSERT INTO keys (domain, scope, key, run_id, body_hash, expires_at)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?1) WHERE true
ON CONFLICT DO UPDATE SET run_id = excluded.run_id, body_hash = excluded.body_hash, expires_at = excluded.expires_at
WHERE keys.expires_at <= ?2
RETURNING 1;

-- name: take_keys
-- Keys of runs that are one and the same.
INSERT INTO keys (domain, scope, key, run_id, body_hash, expires_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET run_id = excluded.run_id, body_hash = excluded.body_hash, expires_at = excluded.expires_at;

-- name: sweep_keys
DELETE FROM keys
WHERE (domain, scope, key) IN (SELECT domain, scope, key FROM keys WHERE expires_at > 0 AND expires_at <= ? LIMIT ?);

-- name: prune_keys
DELETE FROM keys WHERE expires_at = 0 AND run_id IN (SELECT value FROM json_each(?));

-- name: line
SELECT domain, queue, requires, solo FROM lines WHERE id = ?;

-- name: put_lines
INSERT INTO lines (id, domain, queue, requires, solo) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: insert_run
INSERT INTO runs (id, rank, due_at, created_at, inputs, line, state, domain, job_id, job_version, queue, requires, priority,
                  cause, schedule_id, slot, retry_of, limits, depends, gates, reason, work)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: insert_event
INSERT INTO events (domain, type, subject, n, job_id, at, data) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: due
-- Runs whose time has come, the longest due first. Their rank was set with their due date.
SELECT seq FROM runs WHERE state = 'scheduled' AND due_at <= ? ORDER BY due_at LIMIT ?;

-- name: next_due
-- Of runs, of tokens for which runs wait, and of waits that end without their event.
SELECT min(due_at) FROM (
  SELECT min(due_at) AS due_at FROM runs WHERE state = 'scheduled'
  UNION ALL SELECT min(next_at) FROM rates WHERE next_at IS NOT NULL
  UNION ALL SELECT min(timeout_at) FROM waits WHERE timeout_at IS NOT NULL
);

-- name: ready_lines
-- Lines that hold ready runs, by leaping over the index from line to line.
WITH RECURSIVE leap (line) AS (
  SELECT min(line) FROM runs WHERE state = 'ready'
  UNION ALL
  SELECT (SELECT min(line) FROM runs WHERE state = 'ready' AND line > leap.line) FROM leap WHERE leap.line IS NOT NULL
)
SELECT line FROM leap WHERE line IS NOT NULL;

-- name: running
-- Runs at work by line: there are no more of them than workers have slots, and the index holds all that is asked.
SELECT line, count(*) FROM runs INDEXED BY runs_held WHERE state = 'running' GROUP BY line;

-- name: peek
-- The best runs of a line, as JSON [[rank, seq], …].
SELECT json_group_array(json_array(rank, seq)) FROM (
  SELECT rank, seq FROM runs WHERE state = 'ready' AND line = ? ORDER BY rank, seq LIMIT ?
);

-- name: claim
UPDATE runs
SET state = 'running', token = token + 1, worker_id = ?2, claimed_at = ?3, events = events + 1, reason = NULL
WHERE seq IN (SELECT value FROM json_each(?1));

-- name: claim_events
INSERT INTO events (domain, type, subject, n, job_id, at, data)
SELECT domain, ?2, runs.id, events, job_id, claimed_at,
       CAST(printf(?3, failures + losses + 1, token) AS BLOB)
FROM (SELECT value AS seq FROM json_each(?1)) AS claimed CROSS JOIN runs ON runs.seq = claimed.seq;

-- name: claimed
-- The claims in the order of the list, as one JSON text.
SELECT json_group_array(json_array(
         runs.id, domain, job_id, queue, requires, priority, token, failures + losses + 1, failures, losses,
         solo_losses, suspect, due_at, created_at, claimed_at, CAST(work AS TEXT), CAST(inputs AS TEXT),
         depends IS NOT NULL,
         iif(stepped, (
           SELECT CAST(json_group_array(json_array(name, kind, CAST(result AS TEXT), token, at, event)) AS TEXT)
           FROM (SELECT * FROM steps WHERE run_id = runs.id ORDER BY seq)
         ), NULL)))
FROM (SELECT value AS seq FROM json_each(?1)) AS claimed CROSS JOIN runs ON runs.seq = claimed.seq;

-- name: holds
SELECT EXISTS (SELECT 1 FROM runs WHERE state = 'running' AND worker_id = ?),
       EXISTS (SELECT 1 FROM runs WHERE state = 'running' AND worker_id = ? AND suspect = 1);

-- name: cancels
SELECT id FROM runs WHERE state = 'running' AND worker_id = ? AND cancel_at IS NOT NULL;

-- name: create_settling
-- What is being settled in this transaction: one row per transition whose fence held, with where it leads and the rank with
-- which the run took its slots. And the runs that inherit the slots of some of these.
CREATE TEMP TABLE IF NOT EXISTS settling (
  seq INTEGER PRIMARY KEY, state, event, at, started_at, result, more, gates, took_as
);
CREATE TEMP TABLE IF NOT EXISTS heirs (seq INTEGER PRIMARY KEY, rank, gate, leaver, took_as);

-- name: match
-- Transitions come as JSON [[run id, token, state, event, succeeds, at, started at, result, more], …]; `more` is an object
-- of what changes beside, null for success. An accepted cancel lets nothing but success stand: ?2 and ?3 are where it
-- leads instead. A run named twice is settled by the first.
INSERT OR IGNORE INTO settling
SELECT runs.seq, iif(cancel_at IS NULL OR t ->> 4, t ->> 2, ?2), iif(cancel_at IS NULL OR t ->> 4, t ->> 3, ?3),
       t ->> 5, t ->> 6, CAST(t ->> 7 AS BLOB), t ->> 8, gates, rank
FROM (SELECT value AS t FROM jsonb_each(?1)) CROSS JOIN runs ON runs.id = t ->> 0
WHERE runs.state = 'running' AND runs.token = t ->> 1;

-- name: name_heirs
-- Where a run that passes no other gate was alone in a lane: the first in line, if it waits for no other either.
INSERT INTO heirs
SELECT runs.seq, runs.rank, gate, leaver, took_as
FROM (
  SELECT lanes.id AS gate, settling.seq AS leaver, took_as,
         (SELECT seq FROM runs WHERE waits_for = place ORDER BY rank, seq LIMIT 1) AS first
  FROM settling CROSS JOIN lanes ON lanes.id = gates ->> 0
  WHERE NOT instr(gates, ',') AND coalesce(by_hand, declared, 0) > 0
    AND NOT EXISTS (SELECT 1 FROM slots WHERE gate = lanes.id AND run <> settling.seq)
) CROSS JOIN runs ON runs.seq = first
WHERE NOT instr(runs.gates, ',');

-- name: leave_slots
DELETE FROM slots WHERE (gate, rank, run) IN (SELECT gate, took_as, leaver FROM heirs);

-- name: inherit_slots
INSERT INTO slots (gate, rank, run) SELECT gate, rank, seq FROM heirs;

-- name: let_heirs_in
UPDATE runs SET state = 'ready', waits_for = NULL, reason = NULL WHERE seq IN (SELECT seq FROM heirs);

-- name: settled_gates
-- Of the others that hold gates: the rank with which they do, the gates, and whether they are put back.
SELECT json_group_array(json_array(took_as, seq, json(gates), state = 'ready')) AS "rows" FROM settling
WHERE gates IS NOT NULL AND seq NOT IN (SELECT leaver FROM heirs);

-- name: settled_waits
-- Runs that wait for an event, but for those whose accepted cancel ends them.
SELECT runs.seq, runs.id, runs.token FROM settling CROSS JOIN runs USING (seq) WHERE settling.state = 'blocked';

-- name: matched
SELECT runs.id, runs.token FROM settling JOIN runs USING (seq);

-- name: settle_events
INSERT INTO events (domain, type, subject, n, job_id, at, data)
SELECT domain, event, runs.id, events + 1, job_id, at,
       CAST(coalesce(more ->> 'data', printf(?1, failures + losses + 1, token)) AS BLOB)
FROM settling CROSS JOIN runs USING (seq);

-- name: settle_finished
INSERT INTO history (id, domain, job_id, job_version, queue, requires, priority, state, due_at, rank, created_at, token,
                     attempt, failures, losses, solo_losses, suspect, cancel_at, worker_id, started_at, finished_at,
                     cause, schedule_id, slot, retry_of, limits, depends, error, result, work, inputs)
SELECT id, domain, job_id, job_version, queue, requires, priority, settling.state, due_at, rank, created_at, token,
       failures + losses + 1, coalesce(more ->> 'failures', failures), coalesce(more ->> 'losses', losses),
       coalesce(more ->> 'solo_losses', solo_losses), coalesce(more ->> 'suspect', suspect), cancel_at, worker_id,
       coalesce(runs.started_at, settling.started_at), at,
       cause, schedule_id, slot, retry_of, limits, depends, more ->> 'error', result, work, inputs
FROM settling CROSS JOIN runs USING (seq)
WHERE settling.state IN ('completed', 'failed', 'cancelled', 'skipped');

-- name: settle_attempts
-- Of tries that end their runs only those that others came before: of a first one the run itself tells all.
INSERT INTO attempts (run_id, domain, token, attempt, worker_id, started_at, finished_at, event, error)
SELECT id, domain, token, failures + losses + 1, worker_id, settling.started_at, at, event, more ->> 'error'
FROM settling CROSS JOIN runs USING (seq)
WHERE token > 1 OR settling.state NOT IN ('completed', 'failed', 'cancelled', 'skipped');

-- name: settle_put_back
UPDATE runs
SET state = s.state, line = more ->> 'line', rank = coalesce(more ->> 'rank', rank),
    due_at = coalesce(more ->> 'due_at', due_at), failures = more ->> 'failures', losses = more ->> 'losses',
    solo_losses = more ->> 'solo_losses', suspect = more ->> 'suspect', reason = more ->> 'reason',
    error = coalesce(more ->> 'error', error), started_at = coalesce(runs.started_at, s.started_at),
    events = events + 1, worker_id = NULL, claimed_at = NULL
FROM settling AS s
WHERE runs.seq = s.seq AND s.state NOT IN ('completed', 'failed', 'cancelled', 'skipped');

-- name: settle_delete
DELETE FROM runs
WHERE seq IN (SELECT seq FROM settling WHERE state IN ('completed', 'failed', 'cancelled', 'skipped'));

-- name: clear_settling
DELETE FROM settling;
DELETE FROM heirs;

-- name: put_back_fences
SELECT run_id, token, event FROM attempts WHERE run_id IN (SELECT value FROM json_each(?));

-- name: finished_fences
SELECT id, token, state, cancel_at FROM history WHERE id IN (SELECT value FROM json_each(?));

-- name: finish_waiting
-- Runs that no worker holds, into the history; `end_waiting` is to follow. Rows come as JSON
-- [[seq, state, cancelled at, error], …].
INSERT INTO history (id, domain, job_id, job_version, queue, requires, priority, state, due_at, rank, created_at, token,
                     attempt, failures, losses, solo_losses, suspect, cancel_at, worker_id, started_at, finished_at,
                     cause, schedule_id, slot, retry_of, limits, depends, error, result, work, inputs)
SELECT id, domain, job_id, job_version, queue, requires, priority, t ->> 1, due_at, rank, created_at, token,
       failures + losses, failures, losses, solo_losses, suspect, t ->> 2, NULL, started_at, ?2,
       cause, schedule_id, slot, retry_of, limits, depends, coalesce(t ->> 3, error), NULL, work, inputs
FROM (SELECT value AS t FROM json_each(?1)) CROSS JOIN runs ON runs.seq = t ->> 0;

-- name: end_waiting
DELETE FROM runs WHERE seq IN (SELECT value FROM json_each(?)) RETURNING seq, domain, id, events + 1, job_id;

-- name: mark_cancel
UPDATE runs SET cancel_at = ?2, events = events + 1
WHERE seq IN (SELECT value FROM json_each(?1)) AND cancel_at IS NULL RETURNING id, job_id, events;

-- name: finished_states
-- Here and below the plus keeps the planner, which knows no numbers of rows, from reading all runs of the domain.
SELECT id, state FROM history WHERE +domain = ? AND id IN (SELECT value FROM json_each(?));

-- name: cancel_candidates
SELECT seq, id, state, job_id FROM runs
WHERE +domain = ? AND id IN (SELECT value FROM json_each(?));

-- name: held
SELECT worker_id, cancel_at, id, domain, job_id, queue, requires, priority, token, failures + losses + 1, failures,
       losses, solo_losses, suspect, due_at, created_at, claimed_at, work, inputs,
       depends IS NOT NULL
FROM runs WHERE state = 'running' AND worker_id IN (SELECT value FROM json_each(?)) ORDER BY seq;

-- name: attempts
SELECT run_id, token, attempt, worker_id, started_at, finished_at, event, error FROM attempts
WHERE run_id = ? AND domain = ? ORDER BY token;

-- name: ahead
SELECT count(*) FROM (
  SELECT 1 FROM runs AS other JOIN runs AS this ON this.id = ?1 AND this.domain = ?2
  WHERE other.state = 'ready' AND other.line = this.line AND (other.rank, other.seq) < (this.rank, this.seq)
    AND this.state = 'ready'
  UNION ALL
  SELECT 1 FROM runs AS other JOIN runs AS this ON this.id = ?1 AND this.domain = ?2
  WHERE other.waits_for = this.waits_for AND (other.rank, other.seq) < (this.rank, this.seq)
  LIMIT ?3
);

-- name: counts
SELECT state, count(*) FROM runs WHERE domain = ? GROUP BY state;

-- name: prunable
-- Runs are there in the order in which they finished: the oldest are at the front.
-- Those whose children have not all been told stay.
SELECT id FROM (SELECT id, finished_at FROM history ORDER BY seq LIMIT ?2)
WHERE finished_at < ?1 AND id NOT IN (SELECT parent FROM resolutions);

-- name: prune_history
DELETE FROM history WHERE id IN (SELECT value FROM json_each(?));

-- name: prune_attempts
DELETE FROM attempts WHERE run_id IN (SELECT value FROM json_each(?));

-- name: prune_steps
DELETE FROM steps WHERE run_id IN (SELECT value FROM json_each(?));

-- name: prune_kv
DELETE FROM kv WHERE scope IN ('run', 'progress') AND owner IN (SELECT value FROM json_each(?));

-- name: prune_logs
DELETE FROM logs WHERE run_id IN (SELECT value FROM json_each(?));
