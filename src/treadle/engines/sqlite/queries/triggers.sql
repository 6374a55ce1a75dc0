-- Statements of jobs that hang on others.

-- name: others
SELECT id, named FROM links WHERE domain = ? AND kind = ? AND id <> ?;

-- name: known
SELECT id FROM documents WHERE domain = ? AND kind = ? AND id IN (SELECT value FROM json_each(?));

-- name: unlink
DELETE FROM links WHERE domain = ? AND kind = ? AND id = ?;

-- name: link
INSERT INTO links (domain, kind, id, named, after) VALUES (?, ?, ?, ?, ?);

-- name: named_by
SELECT id FROM links WHERE domain = ? AND kind = ? AND named = ? ORDER BY id LIMIT 1;

-- name: any_after
SELECT EXISTS (SELECT 1 FROM links INDEXED BY links_named WHERE after = 1);

-- name: trigger
-- Runs being settled in this transaction that complete.
INSERT INTO triggers (domain, job_id, upstream, run_id)
SELECT runs.domain, links.id, runs.job_id, runs.id
FROM settling CROSS JOIN runs USING (seq)
CROSS JOIN links INDEXED BY links_named ON links.domain = runs.domain AND links.named = runs.job_id AND after = 1
WHERE settling.state = 'completed';

-- name: waiting
SELECT seq, domain, job_id, upstream, run_id FROM triggers ORDER BY seq LIMIT ?;

-- name: use
DELETE FROM triggers WHERE seq IN (SELECT value FROM json_each(?)) RETURNING seq;

-- name: standing_live
-- The newest live runs of a job.
SELECT id FROM runs INDEXED BY runs_job WHERE domain = ? AND job_id = ? ORDER BY id DESC LIMIT ?;

-- name: newest
SELECT id FROM history INDEXED BY history_job WHERE domain = ? AND job_id = ? ORDER BY id DESC LIMIT 1;
