-- Statements of the store of failure groups. Names and rows travel in JSON lists (json_each).

-- name: known
SELECT domain, id, kind, place, title, count, first_at, last_at, run_id, state, said_at, until_at, said_by, why
FROM (SELECT value ->> 0 AS d, value ->> 1 AS g FROM json_each(?)) AS wanted
CROSS JOIN failure_groups ON domain = d AND id = g;

-- name: put
INSERT INTO failure_groups (domain, id, kind, place, title, count, first_at, last_at, run_id, state, said_at, until_at,
                            said_by, why)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8,
       value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13
FROM json_each(?) WHERE true
ON CONFLICT DO UPDATE SET title = excluded.title, count = excluded.count, first_at = excluded.first_at,
                          last_at = excluded.last_at, run_id = excluded.run_id, state = excluded.state,
                          said_at = excluded.said_at, until_at = excluded.until_at, said_by = excluded.said_by,
                          why = excluded.why;

-- name: add_jobs
INSERT INTO failure_jobs (domain, group_id, job_id, count, last_at)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?) WHERE true
ON CONFLICT DO UPDATE SET count = count + excluded.count, last_at = max(last_at, excluded.last_at);

-- name: find
SELECT domain, id, kind, place, title, count, first_at, last_at, run_id, state, said_at, until_at, said_by, why
FROM failure_groups AS g INDEXED BY failure_groups_last
WHERE domain = ?1 AND (last_at, id) < (?2, ?3) AND last_at > ?4
  AND (?5 IS NULL OR iif(state = 'snoozed' AND until_at <= ?6, 'open', state) IN (SELECT value FROM json_each(?5)))
  AND (?7 IS NULL OR kind IN (SELECT value FROM json_each(?7)))
  AND (?8 IS NULL OR EXISTS (
    SELECT 1 FROM failure_jobs AS j
    WHERE j.domain = g.domain AND j.group_id = g.id AND j.job_id IN (SELECT value FROM json_each(?8))
  ))
ORDER BY last_at DESC, id DESC LIMIT ?9;

-- name: jobs
SELECT group_id, job_id, count, last_at FROM failure_jobs
WHERE domain = ? AND group_id IN (SELECT value FROM json_each(?)) ORDER BY group_id, last_at DESC, job_id;

-- name: old
SELECT domain, id FROM failure_groups INDEXED BY failure_groups_age WHERE last_at < ? LIMIT ?;

-- name: forget_jobs
DELETE FROM failure_jobs
WHERE (domain, group_id) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?));

-- name: forget
DELETE FROM failure_groups
WHERE (domain, id) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?));
