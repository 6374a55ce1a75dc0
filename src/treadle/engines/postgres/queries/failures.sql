-- Statements of the store of failure groups.

-- name: known
SELECT domain, id, kind, place, title, count, first_at, last_at, run_id, state, said_at, until_at, said_by, why
FROM treadle.failure_groups WHERE (domain, id) IN (SELECT * FROM unnest($1::text[], $2::text[]));

-- name: put
INSERT INTO treadle.failure_groups (domain, id, kind, place, title, count, first_at, last_at, run_id, state, said_at,
                                    until_at, said_by, why)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[],
                     $9::text[], $10::text[], $11::bigint[], $12::bigint[], $13::text[], $14::text[])
ON CONFLICT (domain, id)
DO UPDATE SET title = excluded.title, count = excluded.count, first_at = excluded.first_at, last_at = excluded.last_at,
              run_id = excluded.run_id, state = excluded.state, said_at = excluded.said_at,
              until_at = excluded.until_at, said_by = excluded.said_by, why = excluded.why;

-- name: add_jobs
INSERT INTO treadle.failure_jobs AS j (domain, group_id, job_id, count, last_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[])
ON CONFLICT (domain, group_id, job_id)
DO UPDATE SET count = j.count + excluded.count, last_at = greatest(j.last_at, excluded.last_at);

-- name: find
SELECT domain, id, kind, place, title, count, first_at, last_at, run_id, state, said_at, until_at, said_by, why
FROM treadle.failure_groups AS g
WHERE domain = $1 AND (last_at, id) < ($2, $3) AND last_at > $4
  AND ($5::text[] IS NULL
       OR CASE WHEN state = 'snoozed' AND until_at <= $6::bigint THEN 'open' ELSE state END = ANY ($5))
  AND ($7::text[] IS NULL OR kind = ANY ($7))
  AND ($8::text[] IS NULL OR EXISTS (
    SELECT 1 FROM treadle.failure_jobs AS j WHERE j.domain = g.domain AND j.group_id = g.id AND j.job_id = ANY ($8)
  ))
ORDER BY last_at DESC, id DESC LIMIT $9;

-- name: jobs
SELECT group_id, job_id, count, last_at FROM treadle.failure_jobs
WHERE domain = $1 AND group_id = ANY ($2) ORDER BY group_id, last_at DESC, job_id;

-- name: old
SELECT domain, id FROM treadle.failure_groups WHERE last_at < $1 LIMIT $2;

-- name: forget_jobs
DELETE FROM treadle.failure_jobs WHERE (domain, group_id) IN (SELECT * FROM unnest($1::text[], $2::text[]));

-- name: forget
DELETE FROM treadle.failure_groups WHERE (domain, id) IN (SELECT * FROM unnest($1::text[], $2::text[]));
