-- Statements of the worker store. Time for leases is the server's, unless the caller passes its own.

-- name: register
INSERT INTO treadle.workers (id, domains, host, pid, slots, queues, requires, version, role, traits, state, registered_at,
                             seen_at, lease_until)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'online', now, now, now + $11
FROM (SELECT coalesce($12::bigint, treadle.now()) AS now) AS clock;

-- name: leases
-- Of workers: what they take, and whether their leases are alive.
SELECT id, domains, queues, requires, traits, state, lease_until > now, now
FROM (SELECT coalesce($2::bigint, treadle.now()) AS now) AS clock LEFT JOIN treadle.workers ON id = ANY ($1);

-- name: renew
-- Only a lease that has not ended can be extended. Rows are locked in one order by all that touch several.
WITH clock AS MATERIALIZED (SELECT coalesce($3::bigint, treadle.now()) AS now), mine AS (
  SELECT id, now FROM treadle.workers, clock
  WHERE id = ANY ($1) AND state IN ('online', 'draining', 'disabled') AND lease_until > now ORDER BY id FOR UPDATE OF workers
), renewed AS (
  UPDATE treadle.workers SET lease_until = now + $2, seen_at = now FROM mine WHERE workers.id = mine.id
  RETURNING workers.id, workers.state
)
SELECT renewed.id, renewed.state, runs.id, cancel_at FROM renewed
LEFT JOIN treadle.runs ON cancel_at IS NOT NULL AND worker_id = renewed.id;

-- name: switch
UPDATE treadle.workers SET state = $2 WHERE id = ANY ($1) AND role = 'worker' AND state = ANY ($3) RETURNING id;

-- name: stop
UPDATE treadle.workers SET state = 'stopped' WHERE id = ANY ($1) AND state IN ('online', 'draining', 'disabled');

-- name: expire
UPDATE treadle.workers SET state = 'lost'
WHERE id IN (
  SELECT id FROM treadle.workers
  WHERE state IN ('online', 'draining', 'disabled') AND lease_until <= coalesce($1::bigint, treadle.now())
  ORDER BY id FOR UPDATE
);

-- name: ended_holders
-- Also those of an earlier sweep that did not come to its end.
SELECT DISTINCT worker_id FROM treadle.runs
WHERE state = 'running' AND NOT EXISTS (
  SELECT 1 FROM treadle.workers WHERE workers.id = worker_id AND workers.state IN ('online', 'draining', 'disabled')
);

-- name: list
SELECT id, domains, host, pid, slots, queues, requires, version, role, traits, state, registered_at, seen_at,
       (SELECT count(*) FROM treadle.runs WHERE runs.state = 'running' AND runs.worker_id = workers.id),
       EXISTS (SELECT 1 FROM treadle.runs WHERE runs.state = 'running' AND runs.worker_id = workers.id AND suspect)
FROM treadle.workers
WHERE domains && ARRAY[$1, $3]::text[] AND (state IN ('online', 'draining', 'disabled') OR seen_at > $2) ORDER BY id;

-- name: prune
DELETE FROM treadle.workers WHERE id IN (
  SELECT id FROM treadle.workers
  WHERE state IN ('lost', 'stopped') AND seen_at < $1
    AND NOT EXISTS (SELECT 1 FROM treadle.runs WHERE runs.state = 'running' AND runs.worker_id = workers.id)
  LIMIT $2
) RETURNING 1;
