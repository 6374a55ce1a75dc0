-- Statements of the queue store. Names travel in JSON lists (json_each).

-- name: page
-- Queues by name, and what each was told: lines are never removed, so every queue that was ever used is there.
SELECT queue, domain, name, state, rate_runs, rate_window, used_until FROM (
  SELECT queue FROM lines WHERE domain = ?1 AND queue > ?2
  UNION
  SELECT name FROM queues WHERE domain = ?1 AND name > ?2
) LEFT JOIN queues ON domain = ?1 AND name = queue
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
SELECT queue, id FROM lines WHERE domain = ?1 AND (?2 IS NULL OR queue IN (SELECT value FROM json_each(?2)));

-- name: standing
-- Of groups of lines, by their names: how many runs are ready, scheduled, blocked and running, and since when the oldest of
-- the first ready ones of each line is due.
WITH told AS MATERIALIZED (SELECT value ->> 0 AS name, value ->> 1 AS line FROM json_each(?1)),
running AS MATERIALIZED (
  SELECT line, count(*) AS runs FROM runs INDEXED BY runs_held WHERE state = 'running' GROUP BY line
)
SELECT name,
  (SELECT count(*) FROM (
    SELECT 1 FROM runs INDEXED BY runs_ready
    WHERE state = 'ready' AND line IN (SELECT line FROM told WHERE name = named.name) LIMIT ?3
  )),
  (SELECT count(*) FROM (
    SELECT 1 FROM runs INDEXED BY runs_waiting
    WHERE state IN ('scheduled', 'blocked') AND line IN (SELECT line FROM told WHERE name = named.name)
      AND state = 'scheduled' LIMIT ?3
  )),
  (SELECT count(*) FROM (
    SELECT 1 FROM runs INDEXED BY runs_waiting
    WHERE state IN ('scheduled', 'blocked') AND line IN (SELECT line FROM told WHERE name = named.name)
      AND state = 'blocked' LIMIT ?3
  )),
  (SELECT coalesce(sum(runs), 0) FROM running WHERE line IN (SELECT line FROM told WHERE name = named.name)),
  (SELECT min((
    SELECT min(due_at) FROM (
      SELECT due_at FROM runs INDEXED BY runs_ready
      WHERE state = 'ready' AND line = told.line ORDER BY rank, seq LIMIT ?2
    )
  )) FROM told WHERE name = named.name)
FROM (SELECT DISTINCT name FROM told) AS named;
