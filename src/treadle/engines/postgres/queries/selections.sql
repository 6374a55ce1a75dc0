-- Statements of selections.

-- name: put
INSERT INTO treadle.selections (id, domain, filter, who, count, sample, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: put_parts
INSERT INTO treadle.selection_parts (selection, number, ids)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[]);

-- name: get
SELECT id, domain, filter, who, count, sample, created_at, expires_at FROM treadle.selections WHERE domain = $1 AND id = $2;

-- name: part
SELECT ids FROM treadle.selection_parts WHERE selection = $1 AND number = $2;

-- name: prune_parts
-- Of those that have expired, unless an action works on them.
DELETE FROM treadle.selection_parts WHERE (selection, number) IN (
  SELECT selection, number FROM treadle.selections JOIN treadle.selection_parts ON selection = id
  WHERE expires_at < $1 AND id NOT IN (SELECT selection FROM treadle.bulk_actions WHERE finished_at IS NULL) LIMIT $2
) RETURNING 1;

-- name: prune
DELETE FROM treadle.selections WHERE id IN (
  SELECT id FROM treadle.selections
  WHERE expires_at < $1 AND id NOT IN (SELECT selection FROM treadle.bulk_actions WHERE finished_at IS NULL)
    AND NOT EXISTS (SELECT 1 FROM treadle.selection_parts WHERE selection = id) LIMIT $2
) RETURNING 1;
