-- Statements of the document store.

-- name: lock
-- Who saves or deletes a definition goes one after the other, also where there is none yet.
SELECT pg_advisory_xact_lock(hashtextextended('document' || $1 || chr(1) || $2 || chr(1) || $3, 0));

-- name: get
SELECT domain, kind, id, version, body, created_at, updated_at FROM treadle.documents
WHERE domain = $1 AND kind = $2 AND id = $3;

-- name: list
SELECT domain, kind, id, version, body, created_at, updated_at FROM treadle.documents
WHERE domain = $1 AND kind = $2 AND id > $3 ORDER BY id LIMIT $4;

-- name: versions
SELECT domain, kind, id, version, body, created_at, updated_at FROM treadle.document_versions
WHERE domain = $1 AND kind = $2 AND id = $3 AND version <= coalesce($4, version) ORDER BY version DESC LIMIT $5;

-- name: newest_version
-- Also of a definition that was deleted: its number is not given out again.
SELECT coalesce(max(version), 0) FROM treadle.document_versions WHERE domain = $1 AND kind = $2 AND id = $3;

-- name: changed
-- Of runs, those whose jobs have another version than that in the arrays, or are gone.
SELECT run.id FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS run (id, domain, job_id, job_version)
WHERE NOT EXISTS (
  SELECT 1 FROM treadle.documents AS job
  WHERE job.domain = run.domain AND job.kind = $5 AND job.id = run.job_id AND job.version = run.job_version
);

-- name: put
INSERT INTO treadle.documents (domain, kind, id, version, body, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (domain, kind, id)
DO UPDATE SET version = excluded.version, body = excluded.body, updated_at = excluded.updated_at;

-- name: put_version
INSERT INTO treadle.document_versions (domain, kind, id, version, body, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: delete
DELETE FROM treadle.documents WHERE domain = $1 AND kind = $2 AND id = $3 RETURNING version;

-- name: put_consumer
INSERT INTO treadle.consumers (domain, kind, id, type) VALUES ($1, $2, $3, $4);

-- name: delete_consumer
DELETE FROM treadle.consumers WHERE domain = $1 AND kind = $2 AND id = $3;

-- name: naming
SELECT id, named, follows FROM treadle.links
WHERE domain = $1 AND kind = $2 AND named = ANY ($3) ORDER BY id, named, follows LIMIT $4;
