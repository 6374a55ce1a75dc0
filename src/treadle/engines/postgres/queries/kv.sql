-- Statements of the store of small values.

-- name: get
SELECT owner, value FROM treadle.kv WHERE scope = $1 AND owner = ANY ($2) AND domain = $3 AND key = $4;

-- name: find
SELECT key, value, at FROM treadle.kv WHERE scope = $1 AND owner = $2 AND domain = $3 AND key > $4
ORDER BY key LIMIT $5;

-- name: lock
-- Whoever changes a space does so alone: what is not there yet has no row that could be locked.
SELECT pg_advisory_xact_lock(hashtextextended('kv' || concat_ws(chr(1), $1::text, $2::text, $3::text), 0));

-- name: keys
SELECT count(*) FROM treadle.kv WHERE scope = $1 AND owner = $2 AND domain = $3;

-- name: value
SELECT value FROM treadle.kv WHERE scope = $1 AND owner = $2 AND domain = $3 AND key = $4;

-- name: put
INSERT INTO treadle.kv (scope, owner, domain, key, value, at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (scope, owner, domain, key) DO UPDATE SET value = excluded.value, at = excluded.at;

-- name: drop
DELETE FROM treadle.kv WHERE scope = $1 AND owner = $2 AND domain = $3 AND key = $4;
