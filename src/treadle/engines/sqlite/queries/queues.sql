-- Statements of the queue store. Names travel in JSON lists (json_each).

-- name: known
-- The names of queues, a page of them: lines are never removed, so every queue that was ever used is there.
SELECT queue FROM (
  SELECT queue FROM lines WHERE domain = ?1 AND queue > ?2
  UNION
  SELECT name FROM queues WHERE domain = ?1 AND name > ?2
)
WHERE ?3 IS NULL OR queue IN (SELECT value FROM json_each(?3)) ORDER BY queue LIMIT ?4;

-- name: controls
SELECT domain, name, state, rate_runs, rate_window, used_until
FROM (SELECT value ->> 0 AS of_domain, value ->> 1 AS of_name FROM json_each(?)) AS wanted
CROSS JOIN queues ON domain = of_domain AND name = of_name;

-- name: put
INSERT INTO queues (domain, name, state, rate_runs, rate_window, used_until) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET state = excluded.state, rate_runs = excluded.rate_runs, rate_window = excluded.rate_window,
                          used_until = excluded.used_until;

-- name: use
UPDATE queues SET used_until = ?3 WHERE domain = ?1 AND name = ?2;

-- name: lines
SELECT id FROM lines WHERE domain = ? AND queue = ?;

-- name: ready
SELECT count(*) FROM (
  SELECT 1 FROM runs INDEXED BY runs_ready
  WHERE state = 'ready' AND line IN (SELECT value FROM json_each(?1)) LIMIT ?2
);

-- name: waiting
SELECT count(*) FROM (
  SELECT 1 FROM runs INDEXED BY runs_waiting
  WHERE state IN ('scheduled', 'blocked') AND line IN (SELECT value FROM json_each(?1)) AND state = ?2 LIMIT ?3
);

-- name: oldest
-- Among the first runs of each line.
SELECT min((
  SELECT min(due_at) FROM (
    SELECT due_at FROM runs INDEXED BY runs_ready WHERE state = 'ready' AND line = lines.value ORDER BY rank, seq LIMIT ?2
  )
)) FROM json_each(?1) AS lines;
