-- Statements of the log store.

-- name: append
INSERT INTO logs (domain, run_id, token, attempt, at, stream, level, message, fields) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: read
SELECT seq, domain, run_id, token, attempt, at, stream, level, message, fields FROM logs
WHERE run_id = ? AND seq > ? AND domain = ? ORDER BY seq LIMIT ?;

-- name: prune
-- Lines were written in the order of time: the oldest are at the front.
DELETE FROM logs WHERE seq IN (SELECT seq FROM logs WHERE seq <= (SELECT min(seq) + ?2 FROM logs) AND at < ?1 LIMIT ?2)
RETURNING 1;
