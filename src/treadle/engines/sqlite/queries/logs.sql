-- Statements of the log store.

-- name: append
INSERT INTO logs (domain, run_id, token, attempt, at, stream, level, message, fields) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: read
SELECT seq, domain, run_id, token, attempt, at, stream, level, message, fields FROM logs
WHERE run_id = ? AND seq > ? AND domain = ? ORDER BY seq LIMIT ?;

-- name: prune
-- Lines were written in the order of time: the oldest are at the front.
DELETE FROM logs WHERE seq IN (SELECT seq FROM (SELECT seq, at FROM logs ORDER BY seq LIMIT ?2) WHERE at < ?1)
RETURNING 1;
