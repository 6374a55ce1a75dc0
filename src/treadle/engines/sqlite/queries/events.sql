-- Statements of the event log. The newest row is never pruned, so that positions are never given out twice.

-- name: read
SELECT seq, domain, type, subject, n, job_id, at, data FROM events
WHERE seq > ?1 AND (?2 IS NULL OR domain = ?2) ORDER BY seq LIMIT ?;

-- name: published
-- What the index `events_named` is for.
SELECT seq, domain, type, subject, n, job_id, at, data FROM events
WHERE domain = ? AND type = ? AND n = 0 AND seq > ? AND at >= ? ORDER BY seq LIMIT ?;

-- name: newest
SELECT seq, domain, type, subject, n, job_id, at, data FROM events
WHERE domain = ? AND type = ? AND n = 0 ORDER BY seq DESC LIMIT ?;

-- name: bounds
SELECT coalesce((SELECT min(seq) FROM events), 0), coalesce((SELECT max(seq) FROM events), 0);

-- name: prune
-- The oldest are at the front: no more rows are looked at than may go.
DELETE FROM events WHERE seq IN (
  SELECT seq FROM (SELECT seq, at FROM events ORDER BY seq LIMIT ?2)
  WHERE at < ?1 AND seq < (SELECT max(seq) FROM events)
) RETURNING 1;
