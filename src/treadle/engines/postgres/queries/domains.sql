-- Statements of the domain store.

-- name: known
SELECT domain FROM (
  SELECT domain FROM treadle.lines WHERE domain > $1
  UNION
  SELECT domain FROM treadle.queues WHERE domain > $1
  UNION
  SELECT name FROM treadle.domains WHERE name > $1
) AS known
WHERE $2::text[] IS NULL OR domain = ANY ($2) ORDER BY domain LIMIT $3;

-- name: shares
SELECT name, weight, turn FROM treadle.domains WHERE name = ANY ($1);

-- name: latest
SELECT coalesce(max(turn), 0) FROM treadle.domains;

-- name: weigh
INSERT INTO treadle.domains (name, weight) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET weight = excluded.weight;

-- name: take_turns
INSERT INTO treadle.domains (name, turn) SELECT * FROM unnest($1::text[], $2::bigint[]) ORDER BY 1
ON CONFLICT (name) DO UPDATE SET turn = excluded.turn;

-- name: running
SELECT domain, sum(runs)::bigint FROM (
  SELECT line, count(*) AS runs FROM treadle.runs WHERE state = 'running' GROUP BY line
) AS counted JOIN treadle.lines ON lines.id = line GROUP BY domain;

-- name: waiting
-- Of domains, those with a ready run.
SELECT domain FROM unnest($1::text[]) AS d (domain) WHERE EXISTS (
  SELECT 1 FROM treadle.lines JOIN treadle.runs ON runs.line = lines.id AND runs.state = 'ready' WHERE lines.domain = d.domain
);
