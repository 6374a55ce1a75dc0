-- Statements of the domain store. Names travel in JSON lists (json_each).

-- name: known
SELECT domain FROM (
  SELECT domain FROM lines WHERE domain > ?1
  UNION
  SELECT domain FROM queues WHERE domain > ?1
  UNION
  SELECT name FROM domains WHERE name > ?1
)
WHERE ?2 IS NULL OR domain IN (SELECT value FROM json_each(?2)) ORDER BY domain LIMIT ?3;

-- name: shares
SELECT name, weight, turn FROM domains WHERE name IN (SELECT value FROM json_each(?));

-- name: latest
SELECT coalesce(max(turn), 0) FROM domains;

-- name: weigh
INSERT INTO domains (name, weight) VALUES (?, ?) ON CONFLICT DO UPDATE SET weight = excluded.weight;

-- name: take_turns
INSERT INTO domains (name, turn) VALUES (?, ?) ON CONFLICT DO UPDATE SET turn = excluded.turn;

-- name: running
SELECT domain, sum(runs) FROM (
  SELECT line, count(*) AS runs FROM runs INDEXED BY runs_held WHERE state = 'running' GROUP BY line
) JOIN lines ON lines.id = line GROUP BY domain;

-- name: waiting
-- Of domains, those with a ready run.
SELECT value FROM json_each(?) WHERE EXISTS (
  SELECT 1 FROM lines CROSS JOIN runs ON runs.line = lines.id AND runs.state = 'ready' WHERE lines.domain = value
);
