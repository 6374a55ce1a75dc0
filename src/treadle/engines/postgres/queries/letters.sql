-- Statements of the store of dead letters.

-- name: resolve
-- Once only: who comes second finds no dead letter.
UPDATE treadle.history SET resolution = $3
WHERE domain = $1 AND id = $2 AND state = 'failed' AND resolution IS NULL RETURNING job_id;

-- name: standing
-- Those of some runs that are dead letters. They stay so until the transaction ends, unless it resolves them.
SELECT letter.* FROM (SELECT * FROM unnest($1::text[], $2::text[]) AS t (of_domain, of_id) ORDER BY of_id) AS asked
CROSS JOIN LATERAL (
  SELECT domain, id, job_id FROM treadle.history
  WHERE id = of_id AND domain = of_domain AND state = 'failed' AND resolution IS NULL FOR UPDATE
) AS letter;

-- name: resolve_all
-- Those that have been found standing.
UPDATE treadle.history SET resolution = ($2::text[])[array_position($1::text[], id)] WHERE id = ANY ($1::text[]);
