-- Statements of the step store, and of runs that wait for events.

-- name: fence
SELECT seq, stepped FROM treadle.runs WHERE id = $1 AND state = 'running' AND token = $2 FOR NO KEY UPDATE;

-- name: record
INSERT INTO treadle.steps (run_id, name, kind, token, at, event, result) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT DO NOTHING;

-- name: mark
UPDATE treadle.runs SET stepped = true WHERE seq = ANY ($1) AND NOT stepped;

-- name: find
SELECT name, kind, result, token, at, event FROM treadle.steps
WHERE run_id = $1 AND (EXISTS (SELECT 1 FROM treadle.runs WHERE id = $1 AND domain = $2)
                       OR EXISTS (SELECT 1 FROM treadle.history WHERE id = $1 AND domain = $2))
ORDER BY seq;

-- name: outline
SELECT run_id, name, kind FROM treadle.steps
WHERE run_id = ANY ($2) AND (EXISTS (SELECT 1 FROM treadle.runs WHERE id = run_id AND domain = $1)
                             OR EXISTS (SELECT 1 FROM treadle.history WHERE id = run_id AND domain = $1))
ORDER BY seq;

-- name: waiting
SELECT step, type, match, after, timeout_at FROM treadle.waits
WHERE run = (SELECT seq FROM treadle.runs WHERE id = $1) AND domain = $2;

-- name: share_line
-- Whoever begins to wait for events of a name, beside others who do.
SELECT pg_advisory_xact_lock_shared(hashtextextended('event' || domain || chr(1) || type, 0))
FROM (SELECT * FROM unnest($1::text[], $2::text[]) AS t (domain, type) ORDER BY 1, 2) AS named;

-- name: take_line
-- Whoever brings an event to those who wait for its name, alone.
SELECT pg_advisory_xact_lock(hashtextextended('event' || $1 || chr(1) || $2, 0));

-- name: begin
INSERT INTO treadle.waits (run, domain, type, key, after, step, match, timeout_at)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::bytea[],
                     $8::bigint[]);

-- name: candidates
-- Events that a wait may have missed. Each answers one wait of a run.
SELECT position << 20 | ordinal, events.data FROM treadle.waits
JOIN treadle.runs ON runs.seq = waits.run
JOIN treadle.events ON events.domain = waits.domain AND events.type = waits.type AND n = 0
JOIN treadle.event_batches ON event_batches.id = events.batch AND position IS NOT NULL
WHERE waits.run = $1 AND (position << 20 | ordinal) > waits.after AND events.at >= runs.created_at
  AND NOT EXISTS (SELECT 1 FROM treadle.steps WHERE run_id = runs.id AND steps.event = (position << 20 | ordinal))
ORDER BY 1;

-- name: waiters
-- The waits that an event may answer and that have not been held against it yet; none whose run somebody cancels.
SELECT run, match FROM treadle.waits JOIN treadle.runs ON runs.seq = waits.run
WHERE waits.domain = $1 AND type = $2 AND key = ANY ($3) AND after < $4
ORDER BY run LIMIT $5 FOR UPDATE OF runs SKIP LOCKED;

-- name: look_past
UPDATE treadle.waits SET after = $2 WHERE run = ANY ($1);

-- name: answer
INSERT INTO treadle.steps (run_id, name, kind, token, at, event, result)
SELECT runs.id, step, $2, token, $3, $4, $5 FROM treadle.waits JOIN treadle.runs ON runs.seq = waits.run
WHERE waits.run = ANY ($1) ORDER BY runs.seq
ON CONFLICT DO NOTHING;

-- name: end
DELETE FROM treadle.waits WHERE run = ANY ($1);

-- name: timed_out
SELECT run FROM treadle.waits JOIN treadle.runs ON runs.seq = waits.run
WHERE timeout_at <= $1 ORDER BY timeout_at LIMIT $2 FOR UPDATE OF runs SKIP LOCKED;

-- name: put_delivery
INSERT INTO treadle.deliveries (batch, ordinal) VALUES ($1, $2);

-- name: undelivered
SELECT EXISTS (SELECT 1 FROM treadle.deliveries);

-- name: next_delivery
-- The oldest that has a position, and of which there is something left to do; alone, where its event was pruned. From the few
-- that are on their way to their batches and events (OFFSET 0 keeps it so), never through the log, whose batches are many.
SELECT position << 20 | d.ordinal, domain, type, data
FROM treadle.deliveries AS d CROSS JOIN LATERAL (
  SELECT position FROM treadle.event_batches WHERE id = d.batch AND position IS NOT NULL OFFSET 0
) AS b LEFT JOIN LATERAL (
  SELECT domain, type, data FROM treadle.events WHERE batch = d.batch AND ordinal = d.ordinal OFFSET 0
) AS e ON true
ORDER BY position, d.ordinal LIMIT 1 FOR UPDATE OF d;

-- name: end_deliveries
-- Those up to an event: they are worked off in order.
DELETE FROM treadle.deliveries AS d
WHERE (SELECT position << 20 | d.ordinal FROM treadle.event_batches WHERE id = d.batch) <= $1;
