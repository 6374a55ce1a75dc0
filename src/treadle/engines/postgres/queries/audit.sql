-- Statements of the audit store.

-- name: append
INSERT INTO treadle.audit (id, at, domain, who, action, target, trace_id, before, after) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: find
SELECT id, at, domain, who, action, target, trace_id, before, after FROM treadle.audit
WHERE ($1::text IS NULL OR domain = $1) AND ($2::text IS NULL OR who = $2) AND ($3::text IS NULL OR action = $3)
  AND ($4::text IS NULL OR target = $4 OR starts_with(target, $4 || '/')) AND ($5::text IS NULL OR id < $5)
ORDER BY id DESC LIMIT $6;

-- name: prune
-- Ids are in the order of time.
DELETE FROM treadle.audit WHERE id IN (
  SELECT id FROM (SELECT id, at FROM treadle.audit ORDER BY id LIMIT $2) AS old WHERE at < $1
) RETURNING 1;
