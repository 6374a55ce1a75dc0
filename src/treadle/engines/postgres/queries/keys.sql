-- Statements of the store of keys; what finds and puts them is in runs.sql.

-- name: alter
UPDATE treadle.keys SET run_id = $4 WHERE domain = $1 AND scope = $2 AND key = $3;

-- name: free
DELETE FROM treadle.keys WHERE domain = $1 AND scope = $2 AND key = $3;
