-- Statements of actions on selections.

-- name: put
INSERT INTO bulk_actions (id, domain, selection, act, spread, why, who, total, created_at, position, tally, finished_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12);

-- name: get
SELECT id, domain, selection, act, spread, why, who, total, created_at, position, tally, finished_at FROM bulk_actions
WHERE domain = ?1 AND id = ?2;

-- name: find
SELECT id, domain, selection, act, spread, why, who, total, created_at, position, tally, finished_at FROM bulk_actions
WHERE domain = ?1 AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3;

-- name: unfinished
SELECT id, domain, selection, act, spread, why, who, total, created_at, position, tally, finished_at FROM bulk_actions
WHERE finished_at IS NULL ORDER BY id LIMIT ?1;

-- name: move
-- Whoever comes second finds it moved: each part is acted upon once.
UPDATE bulk_actions SET position = position + 1 WHERE id = ?1 AND position = ?2 AND finished_at IS NULL
RETURNING tally;

-- name: tell
UPDATE bulk_actions SET tally = ?2, finished_at = ?3 WHERE id = ?1;

-- name: prune
DELETE FROM bulk_actions WHERE id IN (
  SELECT id FROM bulk_actions WHERE finished_at < ?1 ORDER BY id LIMIT ?2
) RETURNING 1;
