-- Statements of the periods of history.

-- name: lock
SELECT pg_advisory_xact_lock(1953654116, 2048);

-- name: standing
-- Where each begins: tables are told by their bounds.
SELECT start FROM (
  SELECT substring(pg_get_expr(relpartbound, pg_class.oid) FROM 'FROM \(''?(-?\d+)')::bigint AS start
  FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'treadle.history'::regclass
) AS bounds
WHERE start IS NOT NULL ORDER BY start;

-- name: be_brief
-- Who waits for the lock on a table that somebody reads for long keeps everybody else waiting.
SET LOCAL lock_timeout = '500ms';

-- name: in_rest
SELECT EXISTS (SELECT 1 FROM treadle.history_rest WHERE finished_at >= $1 AND finished_at < $2);

-- name: next_of_week
SELECT id FROM treadle.{table} WHERE id > $1 ORDER BY id LIMIT $2;

-- name: waited_for
SELECT EXISTS (SELECT 1 FROM treadle.{table} JOIN treadle.resolutions ON parent = id);
