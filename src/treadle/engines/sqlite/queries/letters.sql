-- Statements of the store of dead letters.

-- name: resolve
-- Once only: who comes second finds no dead letter.
UPDATE history SET resolution = ?3
WHERE domain = ?1 AND id = ?2 AND state = 'failed' AND resolution IS NULL RETURNING job_id;

-- name: standing
-- Those of some runs that are dead letters.
SELECT domain, id, job_id
FROM (SELECT value ->> 0 AS of_domain, value ->> 1 AS of_id FROM json_each(?1)) AS asked
CROSS JOIN history INDEXED BY sqlite_autoindex_history_1 ON id = of_id
WHERE domain = of_domain AND state = 'failed' AND resolution IS NULL;

-- name: resolve_all
-- Those that have been found standing.
UPDATE history SET resolution = ?2 WHERE id = ?1;
