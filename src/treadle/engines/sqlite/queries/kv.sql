-- Statements of the store of small values.

-- name: get
SELECT owner, value FROM kv
WHERE scope = ?1 AND owner IN (SELECT value FROM json_each(?2)) AND domain = ?3 AND key = ?4;

-- name: find
SELECT key, value, at FROM kv WHERE scope = ? AND owner = ? AND domain = ? AND key > ? ORDER BY key LIMIT ?;

-- name: keys
SELECT count(*) FROM kv WHERE scope = ? AND owner = ? AND domain = ?;

-- name: value
SELECT value FROM kv WHERE scope = ? AND owner = ? AND domain = ? AND key = ?;

-- name: put
INSERT INTO kv (scope, owner, domain, key, value, at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET value = excluded.value, at = excluded.at;

-- name: drop
DELETE FROM kv WHERE scope = ? AND owner = ? AND domain = ? AND key = ?;
