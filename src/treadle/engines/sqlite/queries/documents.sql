-- Statements of the document store.

-- name: get
SELECT domain, kind, id, version, body, created_at, updated_at FROM documents WHERE domain = ? AND kind = ? AND id = ?;

-- name: list
SELECT domain, kind, id, version, body, created_at, updated_at FROM documents
WHERE domain = ? AND kind = ? AND id > ? ORDER BY id LIMIT ?;

-- name: versions
SELECT domain, kind, id, version, body, created_at, updated_at FROM document_versions
WHERE domain = ? AND kind = ? AND id = ? AND version <= coalesce(?, version) ORDER BY version DESC LIMIT ?;

-- name: newest_version
-- Also of a definition that was deleted: its number is not given out again.
SELECT coalesce(max(version), 0) FROM document_versions WHERE domain = ? AND kind = ? AND id = ?;

-- name: changed
-- Of runs, those whose jobs have another version than that in the list, or are gone.
SELECT value ->> 0 FROM json_each(?1)
WHERE NOT EXISTS (
  SELECT 1 FROM documents WHERE domain = value ->> 1 AND kind = ?2 AND id = value ->> 2 AND version = value ->> 3
);

-- name: put
INSERT INTO documents (domain, kind, id, version, body, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET version = excluded.version, body = excluded.body, updated_at = excluded.updated_at;

-- name: put_version
INSERT INTO document_versions (domain, kind, id, version, body, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: delete
DELETE FROM documents WHERE domain = ? AND kind = ? AND id = ? RETURNING version;

-- name: put_consumer
INSERT INTO consumers (domain, kind, id, type) VALUES (?, ?, ?, ?);

-- name: delete_consumer
DELETE FROM consumers WHERE domain = ? AND kind = ? AND id = ?;

-- name: naming
SELECT id, named, after FROM links
WHERE domain = ?1 AND kind = ?2 AND named IN (SELECT value FROM json_each(?3)) ORDER BY id, named, after LIMIT ?4;
