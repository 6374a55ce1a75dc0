-- Statements of the worker store.

-- name: register
INSERT INTO workers (id, domains, host, pid, slots, queues, requires, version, role, traits, state, registered_at, seen_at,
                     lease_until, boot)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: lease
SELECT domains, queues, requires, traits, state, lease_until, boot FROM workers WHERE id = ?;

-- name: renew
-- Only a lease that has not ended can be extended.
UPDATE workers SET lease_until = ?2, seen_at = ?3
WHERE id IN (SELECT value FROM json_each(?1)) AND state IN ('online', 'draining', 'disabled') AND boot = ?4 AND lease_until > ?5
RETURNING id, state;

-- name: cancels_held
SELECT worker_id, id, cancel_at FROM runs
WHERE state = 'running' AND cancel_at IS NOT NULL AND worker_id IN (SELECT value FROM json_each(?));

-- name: switch
UPDATE workers SET state = ?2
WHERE id IN (SELECT value FROM json_each(?1)) AND role = 'worker' AND state IN (SELECT value FROM json_each(?3))
RETURNING id;

-- name: stop
UPDATE workers SET state = 'stopped'
WHERE id IN (SELECT value FROM json_each(?)) AND state IN ('online', 'draining', 'disabled');

-- name: expire
UPDATE workers SET state = 'lost'
WHERE state IN ('online', 'draining', 'disabled') AND (lease_until <= ?1 OR boot <> ?2);

-- name: ended_holders
-- Also those of an earlier sweep that did not come to its end.
SELECT DISTINCT worker_id FROM runs
WHERE state = 'running'
  AND NOT EXISTS (
    SELECT 1 FROM workers WHERE workers.id = worker_id AND workers.state IN ('online', 'draining', 'disabled')
  );

-- name: list
SELECT json_group_array(json_array(
         id, json(domains), host, pid, slots, json(queues), json(requires), version, role, traits, state, registered_at,
         seen_at, (SELECT count(*) FROM runs WHERE runs.state = 'running' AND runs.worker_id = workers.id),
         EXISTS (SELECT 1 FROM runs WHERE runs.state = 'running' AND runs.worker_id = workers.id AND runs.suspect = 1))
         ORDER BY id) AS "rows"
FROM workers
WHERE EXISTS (SELECT 1 FROM json_each(domains) WHERE value IN (?1, ?3))
  AND (state IN ('online', 'draining', 'disabled') OR seen_at > ?2);

-- name: prune
DELETE FROM workers WHERE id IN (
  SELECT id FROM workers
  WHERE state IN ('lost', 'stopped') AND seen_at < ?1
    AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.state = 'running' AND runs.worker_id = workers.id)
  LIMIT ?2
) RETURNING 1;
