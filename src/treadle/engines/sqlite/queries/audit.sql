-- Statements of the audit store.

-- name: append
INSERT INTO audit (id, at, domain, who, action, target, trace_id, before, after) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9);

-- name: find
SELECT id, at, domain, who, action, target, trace_id, before, after FROM audit
WHERE (?1 IS NULL OR domain = ?1) AND (?2 IS NULL OR who = ?2) AND (?3 IS NULL OR action = ?3)
  AND (?4 IS NULL OR target = ?4 OR substr(target, 1, length(?4) + 1) = ?4 || '/') AND (?5 IS NULL OR id < ?5)
ORDER BY id DESC LIMIT ?6;

-- name: prune
-- Ids are in the order of time.
DELETE FROM audit WHERE id IN (
  SELECT id FROM (SELECT id, at FROM audit ORDER BY id LIMIT ?2) AS old WHERE at < ?1
) RETURNING 1;
