-- Statements of the queue store.

-- name: page
-- Queues by name, and what each was told: lines are never removed, so every queue that was ever used is there.
SELECT queue, domain, name, state, rate_runs, rate_window, used_until FROM (
  SELECT queue FROM treadle.lines WHERE domain = $1 AND queue > $2
  UNION
  SELECT name FROM treadle.queues WHERE domain = $1 AND name > $2
) AS known LEFT JOIN treadle.queues ON domain = $1 AND name = queue
WHERE $3::text[] IS NULL OR queue = ANY ($3) ORDER BY queue LIMIT $4;

-- name: controls
SELECT domain, name, state, rate_runs, rate_window, used_until FROM treadle.queues
WHERE (domain, name) IN (SELECT * FROM unnest($1::text[], $2::text[]));

-- name: locked_controls
-- As they are once nobody else changes or uses them.
SELECT domain, name, state, rate_runs, rate_window, used_until FROM treadle.queues
WHERE (domain, name) IN (SELECT * FROM unnest($1::text[], $2::text[])) ORDER BY domain, name FOR NO KEY UPDATE;

-- name: lock
-- Who changes a queue does so one after the other, also where it was told nothing yet.
SELECT pg_advisory_xact_lock(hashtextextended('queue' || $1 || chr(1) || $2, 0));

-- name: lock_told
-- Nobody changes or uses it meanwhile.
SELECT 1 FROM treadle.queues WHERE domain = $1 AND name = $2 FOR NO KEY UPDATE;

-- name: put
INSERT INTO treadle.queues (domain, name, state, rate_runs, rate_window, used_until) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (domain, name)
DO UPDATE SET state = excluded.state, rate_runs = excluded.rate_runs, rate_window = excluded.rate_window,
              used_until = excluded.used_until;

-- name: use
UPDATE treadle.queues SET used_until = $3 WHERE domain = $1 AND name = $2;

-- name: lines
SELECT queue, id FROM treadle.lines WHERE domain = $1 AND ($2::text[] IS NULL OR queue = ANY ($2));

-- name: standing
-- Of groups of lines, by their names: how many runs are ready, scheduled, blocked and running, and since when the oldest of
-- the first ready ones of each line is due.
WITH running AS MATERIALIZED (SELECT line, count(*) AS runs FROM treadle.runs WHERE state = 'running' GROUP BY line)
SELECT name,
  (SELECT count(*) FROM (
    SELECT 1 FROM treadle.runs WHERE state = 'ready' AND line = ANY (lines) LIMIT $4
  ) AS counted),
  (SELECT count(*) FROM (
    SELECT 1 FROM treadle.runs
    WHERE state IN ('scheduled', 'blocked') AND line = ANY (lines) AND state = 'scheduled' LIMIT $4
  ) AS counted),
  (SELECT count(*) FROM (
    SELECT 1 FROM treadle.runs
    WHERE state IN ('scheduled', 'blocked') AND line = ANY (lines) AND state = 'blocked' LIMIT $4
  ) AS counted),
  (SELECT coalesce(sum(runs), 0)::bigint FROM running WHERE line = ANY (lines)),
  (SELECT min(first.due_at) FROM unnest(lines) AS l (line) CROSS JOIN LATERAL (
    SELECT due_at FROM treadle.runs WHERE state = 'ready' AND line = l.line ORDER BY rank, seq LIMIT $3
  ) AS first)
FROM (
  SELECT name, array_agg(line) AS lines FROM unnest($1::text[], $2::bigint[]) AS told (name, line) GROUP BY name
) AS named;
