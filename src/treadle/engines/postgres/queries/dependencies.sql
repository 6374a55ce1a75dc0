-- Statements of dependencies between runs. What is decided under locks is read in a statement after the one that locks.

-- name: standing_live
-- Which of the runs named are live. They do not end before this transaction does.
SELECT id FROM treadle.runs WHERE domain = $1 AND id = ANY ($2) ORDER BY id FOR KEY SHARE;

-- name: live
SELECT id FROM treadle.runs WHERE domain = $1 AND id = ANY ($2);

-- name: standing_ended
SELECT id FROM treadle.history WHERE domain = $1 AND id = ANY ($2)
UNION ALL
SELECT id FROM treadle.tombstones WHERE domain = $1 AND id = ANY ($2);

-- name: put_edges
INSERT INTO treadle.edges (parent, child, condition) SELECT * FROM unnest($1::text[], $2::text[], $3::text[]);

-- name: put_dependents
INSERT INTO treadle.dependents (child, seq, join_on, on_failure, pending)
SELECT id, seq, join_on, on_failure, pending
FROM unnest($1::text[], $2::text[], $3::text[], $4::integer[]) AS t (child, join_on, on_failure, pending)
JOIN treadle.runs ON id = child;

-- name: resolve_later
INSERT INTO treadle.resolutions (parent) SELECT unnest($1::text[]);

-- name: resolve_settled
-- Of runs that end in this transaction, those that others wait for.
INSERT INTO treadle.resolutions (parent)
SELECT id FROM unnest($1::text[]) AS t (id)
WHERE EXISTS (SELECT 1 FROM treadle.edges WHERE parent = id AND verdict IS NULL);

-- name: resolve_waiting
INSERT INTO treadle.resolutions (parent)
SELECT id FROM treadle.runs WHERE seq = ANY ($1)
  AND EXISTS (SELECT 1 FROM treadle.edges WHERE parent = runs.id AND verdict IS NULL);

-- name: next_resolutions
SELECT seq, parent FROM treadle.resolutions ORDER BY seq LIMIT $1 FOR UPDATE SKIP LOCKED;

-- name: still_live
-- Of runs, those that have not ended, and whether they cannot before this transaction does: somebody may be at it.
WITH stand AS MATERIALIZED (SELECT id FROM treadle.runs WHERE id = ANY ($1) FOR KEY SHARE SKIP LOCKED)
SELECT id, id IN (SELECT id FROM stand) FROM treadle.runs WHERE id = ANY ($1);

-- name: next_edges
-- The unresolved edges of parents that ended, which nobody else resolves then.
SELECT parent, child FROM treadle.edges WHERE parent = ANY ($1) AND verdict IS NULL ORDER BY parent, child LIMIT $2
FOR UPDATE;

-- name: lock_children
SELECT seq FROM treadle.runs WHERE id = ANY ($1) ORDER BY id FOR UPDATE;

-- name: read_edges
-- Edges with how their parents ended. A result is read only where a condition asks for it.
SELECT e.parent, e.child, join_on, coalesce(history.state, tombstones.state), coalesce(history.error, tombstones.error),
       condition, CASE WHEN condition IS NOT NULL THEN result END
FROM unnest($1::text[], $2::text[]) AS t (parent, child)
JOIN treadle.edges AS e ON e.parent = t.parent AND e.child = t.child
LEFT JOIN treadle.history ON history.id = e.parent LEFT JOIN treadle.tombstones ON tombstones.id = e.parent
LEFT JOIN treadle.dependents ON dependents.child = e.child;

-- name: set_verdicts
UPDATE treadle.edges SET verdict = t.verdict
FROM unnest($1::text[], $2::text[], $3::text[]) AS t (parent, child, verdict)
WHERE edges.parent = t.parent AND edges.child = t.child;

-- name: tally
UPDATE treadle.dependents AS d
SET pending = d.pending - t.met - t.unmet - t.failed,
    met = d.met + t.met, unmet = d.unmet + t.unmet, failed = d.failed + t.failed,
    failed_by = least(d.failed_by, t.failed_by), unmet_by = least(d.unmet_by, t.unmet_by)
FROM unnest($1::text[], $2::integer[], $3::integer[], $4::integer[], $5::text[], $6::text[])
  AS t (child, met, unmet, failed, failed_by, unmet_by)
WHERE d.child = t.child
RETURNING d.child, d.seq, d.join_on, d.on_failure, d.pending, d.met, d.unmet, d.failed, d.failed_by, d.unmet_by;

-- name: condition
SELECT condition FROM treadle.edges WHERE parent = $1 AND child = $2;

-- name: resolved
DELETE FROM treadle.resolutions WHERE seq = ANY ($1);

-- name: forget_dependents
DELETE FROM treadle.dependents WHERE child = ANY ($1);

-- name: forget_ended
DELETE FROM treadle.dependents
WHERE child IN (SELECT id FROM treadle.runs WHERE seq = ANY ($1) AND depends IS NOT NULL);

-- name: held
SELECT seq, due_at, priority FROM treadle.runs WHERE seq = ANY ($1);

-- name: let_go
UPDATE treadle.runs SET due_at = t.due_at, rank = t.rank
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS t (seq, due_at, rank) WHERE runs.seq = t.seq;

-- name: awaited
-- Those of some runs that others name as their parents.
SELECT DISTINCT parent FROM treadle.edges WHERE parent = ANY ($1);

-- name: waiting_for_retry
-- The children that a failed run keeps waiting until it is repeated.
SELECT edges.child FROM treadle.edges JOIN treadle.dependents ON dependents.child = edges.child
WHERE parent = $1 AND on_failure = 'wait' AND join_on <> 'always'
  AND (verdict = 'failed'
       OR verdict IS NULL
       AND EXISTS (SELECT 1 FROM treadle.history WHERE id = $1 AND state IN ('failed', 'cancelled')))
ORDER BY edges.child FOR UPDATE OF edges, dependents;

-- name: reopen
UPDATE treadle.dependents SET pending = pending + 1, failed = failed - 1
WHERE child IN (SELECT child FROM treadle.edges WHERE parent = $1 AND verdict = 'failed') AND child = ANY ($2);

-- name: replace_parent
UPDATE treadle.edges SET parent = $2, verdict = NULL WHERE parent = $1 AND child = ANY ($3);

-- name: rename_parent
-- Ids are found as what they are in JSON: texts between quotation marks.
UPDATE treadle.runs
SET depends = replace(depends, '"' || $1 || '"', '"' || $2 || '"'),
    reason = replace(reason, '"' || $1 || '"', '"' || $2 || '"')
WHERE id = ANY ($3);

-- name: depends
SELECT depends FROM treadle.runs WHERE id = $1 AND domain = $2
UNION ALL
SELECT depends FROM treadle.history WHERE id = $1 AND domain = $2;

-- name: parents
-- How runs stand, those that are still known: id, state, result, error.
SELECT id, state, NULL::bytea, NULL FROM treadle.runs WHERE domain = $1 AND id = ANY ($2)
UNION ALL
SELECT id, state, CASE WHEN $3::boolean THEN result END, error FROM treadle.history WHERE domain = $1 AND id = ANY ($2)
UNION ALL
SELECT id, state, NULL, error FROM treadle.tombstones WHERE domain = $1 AND id = ANY ($2);

-- name: children
SELECT child FROM treadle.edges
WHERE parent = $2 AND child > $3
  AND (EXISTS (SELECT 1 FROM treadle.runs WHERE id = $2 AND domain = $1)
       OR EXISTS (SELECT 1 FROM treadle.history WHERE id = $2 AND domain = $1))
ORDER BY child LIMIT $4;

-- name: young
-- Of finished runs, those that ended lately.
SELECT id, domain, state, error, finished_at FROM treadle.history WHERE id = ANY ($1) AND finished_at > $2;

-- name: bury
INSERT INTO treadle.tombstones (id, domain, state, error, finished_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[]) ON CONFLICT DO NOTHING;

-- name: unbury
DELETE FROM treadle.tombstones WHERE id IN (SELECT id FROM treadle.tombstones WHERE finished_at <= $1 LIMIT $2);

-- name: prune_edges
DELETE FROM treadle.edges WHERE child = ANY ($1);
