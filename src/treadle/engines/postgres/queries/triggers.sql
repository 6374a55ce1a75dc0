-- Statements of jobs that hang on others.

-- name: lock
-- Who changes what definitions name does so one after the other, in a domain: or two could close a circle together.
SELECT pg_advisory_xact_lock(hashtextextended('links' || $1, 0));

-- name: others
SELECT id, named FROM treadle.links WHERE domain = $1 AND kind = $2 AND id <> $3;

-- name: known
SELECT id FROM treadle.documents WHERE domain = $1 AND kind = $2 AND id = ANY ($3);

-- name: unlink
DELETE FROM treadle.links WHERE domain = $1 AND kind = $2 AND id = $3;

-- name: link
INSERT INTO treadle.links (domain, kind, id, named, follows)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[]);

-- name: named_by
SELECT id FROM treadle.links WHERE domain = $1 AND kind = $2 AND named = $3 ORDER BY id LIMIT 1;

-- name: trigger
-- Of runs that complete in this transaction.
INSERT INTO treadle.triggers (domain, job_id, upstream, run_id)
SELECT t.domain, links.id, t.job_id, t.id
FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS t (domain, job_id, id, place)
JOIN treadle.links ON links.domain = t.domain AND links.named = t.job_id AND follows
ORDER BY place
RETURNING 1;

-- name: waiting
SELECT seq, domain, job_id, upstream, run_id FROM treadle.triggers ORDER BY seq LIMIT $1;

-- name: use
DELETE FROM treadle.triggers WHERE seq = ANY ($1) RETURNING seq;

-- name: live
SELECT id FROM treadle.runs WHERE domain = $1 AND job_id = $2 ORDER BY id DESC LIMIT $3;

-- name: standing_live
-- The newest live runs of a job. They do not end before this transaction does.
SELECT id FROM treadle.runs WHERE domain = $1 AND job_id = $2 ORDER BY id DESC LIMIT $3 FOR KEY SHARE;

-- name: newest
SELECT id FROM treadle.history WHERE domain = $1 AND job_id = $2 ORDER BY id DESC LIMIT 1;
