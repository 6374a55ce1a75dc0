-- Statements of the store of dead letters.

-- name: resolve
-- Once only: who comes second finds no dead letter.
UPDATE treadle.history SET resolution = $3
WHERE domain = $1 AND id = $2 AND state = 'failed' AND resolution IS NULL RETURNING job_id;
