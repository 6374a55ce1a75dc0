-- Statements of the step store, and of runs that wait for events.

-- name: fence
SELECT seq, stepped FROM runs WHERE id = ? AND state = 'running' AND token = ?;

-- name: record
INSERT INTO steps (run_id, name, kind, token, at, event, result) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: mark
UPDATE runs SET stepped = 1 WHERE seq IN (SELECT value FROM json_each(?)) AND stepped = 0;

-- name: find
SELECT name, kind, result, token, at, event FROM steps
WHERE run_id = ?1 AND (EXISTS (SELECT 1 FROM runs WHERE id = ?1 AND domain = ?2)
                       OR EXISTS (SELECT 1 FROM history WHERE id = ?1 AND domain = ?2))
ORDER BY seq;

-- name: outline
SELECT run_id, name, kind FROM json_each(?2) AS wanted CROSS JOIN steps ON run_id = wanted.value
WHERE EXISTS (SELECT 1 FROM runs WHERE id = run_id AND domain = ?1)
   OR EXISTS (SELECT 1 FROM history WHERE id = run_id AND domain = ?1)
ORDER BY seq;

-- name: waiting
SELECT step, type, CAST(match AS BLOB), after, timeout_at FROM waits
WHERE run = (SELECT seq FROM runs WHERE id = ?) AND domain = ?;

-- name: begin
INSERT INTO waits (run, domain, type, key, after, step, match, timeout_at) VALUES (?, ?, ?, ?, ?, ?, CAST(? AS TEXT), ?);

-- name: candidates
-- Events that a wait may have missed. Each answers one wait of a run.
SELECT events.seq, events.data FROM waits
JOIN runs ON runs.seq = waits.run
JOIN events ON events.domain = waits.domain AND events.type = waits.type AND n = 0
WHERE waits.run = ? AND events.seq > waits.after AND events.at >= runs.created_at
  AND events.seq NOT IN (SELECT event FROM steps WHERE run_id = runs.id AND event IS NOT NULL)
ORDER BY events.seq;

-- name: waiters
-- The waits that an event may answer and that have not been held against it yet.
SELECT run, match FROM waits
WHERE domain = ?1 AND type = ?2 AND key IN (SELECT value FROM json_each(?3)) AND after < ?4
LIMIT ?5;

-- name: look_past
UPDATE waits SET after = ?2 WHERE run IN (SELECT value FROM json_each(?1));

-- name: answer
INSERT INTO steps (run_id, name, kind, token, at, event, result)
SELECT runs.id, step, ?2, token, ?3, ?4, ?5 FROM waits JOIN runs ON runs.seq = waits.run
WHERE waits.run IN (SELECT value FROM json_each(?1))
ON CONFLICT DO NOTHING;

-- name: end
DELETE FROM waits WHERE run IN (SELECT value FROM json_each(?));

-- name: timed_out
SELECT run FROM waits WHERE timeout_at <= ? ORDER BY timeout_at LIMIT ?;

-- name: put_delivery
INSERT INTO deliveries (event) VALUES (?);

-- name: next_delivery
-- The oldest of which there is something left to do; alone, where its event was pruned.
SELECT event, domain, type, data FROM deliveries LEFT JOIN events ON events.seq = event ORDER BY event LIMIT 1;

-- name: undelivered
SELECT EXISTS (SELECT 1 FROM deliveries);

-- name: end_deliveries
-- Those up to an event: they are worked off in order, so before it there are only such whose event was pruned.
DELETE FROM deliveries WHERE event <= ?;
