-- Statements of the store of tallies.

-- name: lock
-- Who counts, or says something of what was counted, does so alone.
SELECT pg_advisory_xact_lock(hashtextextended('treadle stats', 0));

-- name: position
-- Up to which event the log was gone through.
SELECT position FROM treadle.rollups WHERE name = 'runs';

-- name: advance
-- The compare-and-set by which each run is counted once, however many schedulers count.
INSERT INTO treadle.rollups AS r (name, position) VALUES ('runs', $2)
ON CONFLICT (name) DO UPDATE SET position = excluded.position WHERE r.position = $1 RETURNING 1;

-- name: window
-- How many events come next, and the position of the last of these.
SELECT count(*), max(at) FROM (
  SELECT position << 20 | ordinal AS at FROM treadle.event_batches JOIN treadle.events ON batch = id
  WHERE position >= $1::bigint >> 20 AND (position << 20 | ordinal) > $1 ORDER BY position, ordinal LIMIT $2
) AS next;

-- name: ended
-- The runs whose ends the events of a window tell. The moment of the end leads to the one week in which it is.
SELECT h.id, h.domain, h.job_id, h.queue, h.state, h.token, h.due_at, h.started_at, h.finished_at,
       CASE h.state WHEN 'failed' THEN h.error END
FROM treadle.event_batches AS b JOIN treadle.events AS e ON e.batch = b.id
CROSS JOIN LATERAL (
  SELECT * FROM treadle.history AS f WHERE f.id = e.subject AND f.finished_at = e.at LIMIT 1
) AS h
WHERE b.position >= $1::bigint >> 20 AND b.position <= $2::bigint >> 20
  AND (b.position << 20 | e.ordinal) > $1 AND (b.position << 20 | e.ordinal) <= $2
  AND e.n > 0 AND e.type = ANY ($3);

-- name: known
SELECT domain, series, step, at, tally FROM treadle.tallies
JOIN unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS wanted (domain, series, step, at)
USING (domain, series, step, at);

-- name: put
INSERT INTO treadle.tallies (domain, series, step, at, tally)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[])
ON CONFLICT (domain, series, step, at) DO UPDATE SET tally = excluded.tally;

-- name: tallies
SELECT at, tally FROM treadle.tallies
WHERE domain = $1 AND series = $2 AND step = $3 AND at >= $4 AND at < $5 ORDER BY at;

-- name: recent
SELECT last.job_id, last.id, last.state, last.started_at, last.finished_at
FROM unnest($2::text[]) AS wanted (job_id) CROSS JOIN LATERAL (
  SELECT h.job_id, h.id, h.state, h.started_at, h.finished_at FROM treadle.history AS h
  WHERE h.domain = $1 AND h.job_id = wanted.job_id ORDER BY h.id DESC LIMIT $3
) AS last
ORDER BY last.id DESC;

-- name: prune
DELETE FROM treadle.tallies AS t
USING (SELECT domain, series, step, at FROM treadle.tallies WHERE step = $1 AND at < $2 LIMIT $3) AS old
WHERE (t.domain, t.series, t.step, t.at) = (old.domain, old.series, old.step, old.at) RETURNING 1;
