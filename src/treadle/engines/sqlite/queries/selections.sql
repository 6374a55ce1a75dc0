-- Statements of selections.

-- name: put
INSERT INTO selections (id, domain, filter, who, count, sample, created_at, expires_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);

-- name: put_parts
INSERT INTO selection_parts (selection, number, ids)
SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1);

-- name: get
SELECT id, domain, filter, who, count, sample, created_at, expires_at FROM selections WHERE domain = ?1 AND id = ?2;

-- name: part
SELECT ids FROM selection_parts WHERE selection = ?1 AND number = ?2;

-- name: prune_parts
-- Of those that have expired, unless an action works on them.
DELETE FROM selection_parts WHERE (selection, number) IN (
  SELECT selection, number FROM selections JOIN selection_parts ON selection = id
  WHERE expires_at < ?1 AND id NOT IN (SELECT selection FROM bulk_actions WHERE finished_at IS NULL) LIMIT ?2
) RETURNING 1;

-- name: prune
DELETE FROM selections WHERE id IN (
  SELECT id FROM selections
  WHERE expires_at < ?1 AND id NOT IN (SELECT selection FROM bulk_actions WHERE finished_at IS NULL)
    AND NOT EXISTS (SELECT 1 FROM selection_parts WHERE selection = id) LIMIT ?2
) RETURNING 1;
