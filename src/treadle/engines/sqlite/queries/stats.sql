-- Statements of the store of tallies. Keys travel in JSON lists (json_each).

-- name: position
-- Up to which event the log was gone through.
SELECT position FROM rollups WHERE name = 'runs';

-- name: advance
-- The compare-and-set by which each run is counted once, however many schedulers count.
INSERT INTO rollups (name, position) VALUES ('runs', ?2)
ON CONFLICT DO UPDATE SET position = excluded.position WHERE position = ?1 RETURNING 1;

-- name: window
-- How many events come next, and the position of the last of these.
SELECT count(*), max(seq) FROM (SELECT seq FROM events WHERE seq > ? ORDER BY seq LIMIT ?);

-- name: ended
-- The runs whose ends the events of a window tell.
SELECT h.id, h.domain, h.job_id, h.queue, h.state, h.token, h.due_at, h.started_at, h.finished_at,
       iif(h.state = 'failed', h.error, NULL)
FROM events AS e CROSS JOIN history AS h ON h.id = e.subject
WHERE e.seq > ?1 AND e.seq <= ?2 AND e.n > 0 AND e.type IN (SELECT value FROM json_each(?3));

-- name: known
SELECT domain, series, step, at, tally
FROM (SELECT value ->> 0 AS d, value ->> 1 AS s, value ->> 2 AS p, value ->> 3 AS a FROM json_each(?)) AS wanted
CROSS JOIN tallies ON domain = d AND series = s AND step = p AND at = a;

-- name: put
INSERT INTO tallies (domain, series, step, at, tally)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?) WHERE true
ON CONFLICT DO UPDATE SET tally = excluded.tally;

-- name: tallies
SELECT at, tally FROM tallies WHERE domain = ? AND series = ? AND step = ? AND at >= ? AND at < ? ORDER BY at;

-- name: recent
SELECT json_group_array(json_array(h.job_id, h.id, h.state, h.started_at, h.finished_at) ORDER BY h.id DESC) AS "rows"
FROM json_each(?2) AS wanted CROSS JOIN history AS h
WHERE h.seq IN (
  SELECT o.seq FROM history AS o INDEXED BY history_job
  WHERE o.domain = ?1 AND o.job_id = wanted.value ORDER BY o.id DESC LIMIT ?3
);

-- name: prune
DELETE FROM tallies WHERE (domain, series, step, at) IN (
  SELECT domain, series, step, at FROM tallies INDEXED BY tallies_age WHERE step = ? AND at < ? LIMIT ?
) RETURNING 1;
