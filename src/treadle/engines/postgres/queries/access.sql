-- Statements of the access store.

-- name: put
-- Of users in force a domain has one of a name: see the index `credentials_user`.
INSERT INTO treadle.credentials (id, kind, name, domain, owner, expires_at, used_at, revoked_at, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT DO NOTHING RETURNING 1;

-- name: lock
SELECT 1 FROM treadle.credentials WHERE id = $1 FOR UPDATE;

-- name: replace
UPDATE treadle.credentials SET name = $2, domain = $3, expires_at = $4, body = $5 WHERE id = $1 RETURNING 1;

-- name: get
SELECT body, used_at, revoked_at FROM treadle.credentials WHERE id = $1;

-- name: find
SELECT body, used_at, revoked_at FROM treadle.credentials
WHERE kind = $1 AND id > $2 AND ($3::text IS NULL OR domain = $3) AND ($4::text IS NULL OR name = $4)
ORDER BY id LIMIT $5;

-- name: touch
UPDATE treadle.credentials SET used_at = $2 WHERE id = $1;

-- name: revoke
UPDATE treadle.credentials SET revoked_at = $2 WHERE (id = $1 OR owner = $1) AND revoked_at IS NULL RETURNING id;

-- name: prune
DELETE FROM treadle.credentials WHERE id IN (
  SELECT id FROM treadle.credentials WHERE revoked_at < $1 OR expires_at < $1 LIMIT $2
) RETURNING 1;
