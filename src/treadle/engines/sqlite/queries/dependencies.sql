-- Statements of dependencies between runs.

-- name: standing_live
-- Which of the runs named are live.
SELECT id FROM runs WHERE +domain = ? AND id IN (SELECT value FROM json_each(?));

-- name: standing_ended
SELECT id FROM history WHERE +domain = ?1 AND id IN (SELECT value FROM json_each(?2))
UNION ALL
SELECT id FROM tombstones WHERE +domain = ?1 AND id IN (SELECT value FROM json_each(?2));

-- name: put_edges
-- Rows come as JSON [[parent, child, condition], …].
INSERT INTO edges (parent, child, condition) SELECT t ->> 0, t ->> 1, t ->> 2
FROM (SELECT value AS t FROM json_each(?));

-- name: put_dependents
-- Rows come as JSON [[child, join, on failure, pending], …].
INSERT INTO dependents (child, seq, join_on, on_failure, pending) SELECT id, seq, t ->> 1, t ->> 2, t ->> 3
FROM (SELECT value AS t FROM json_each(?)) CROSS JOIN runs ON id = t ->> 0;

-- name: resolve_later
INSERT OR IGNORE INTO resolutions (parent) SELECT value FROM json_each(?);

-- name: resolve_settled
-- Those being settled in this transaction that end, and that others wait for.
INSERT OR IGNORE INTO resolutions (parent)
SELECT runs.id FROM settling CROSS JOIN runs USING (seq)
WHERE settling.state IN ('completed', 'failed', 'cancelled', 'skipped')
  AND EXISTS (SELECT 1 FROM edges INDEXED BY edges_pending WHERE parent = runs.id AND verdict IS NULL);

-- name: resolve_waiting
INSERT OR IGNORE INTO resolutions (parent)
SELECT id FROM runs WHERE seq IN (SELECT value FROM json_each(?))
  AND EXISTS (SELECT 1 FROM edges INDEXED BY edges_pending WHERE parent = runs.id AND verdict IS NULL);

-- name: any_dependents
SELECT EXISTS (SELECT 1 FROM dependents);

-- name: next_resolutions
SELECT seq, parent FROM resolutions ORDER BY seq LIMIT ?;

-- name: still_live
-- Of runs, those that have not ended; none can before this transaction does.
SELECT id, 1 FROM runs WHERE id IN (SELECT value FROM json_each(?));

-- name: next_edges
-- The unresolved edges of parents that ended.
SELECT parent, child FROM edges INDEXED BY edges_pending
WHERE parent IN (SELECT value FROM json_each(?)) AND verdict IS NULL LIMIT ?;

-- name: read_edges
-- Edges, as JSON [[parent, child], …], with how their parents ended. A result is read only where a condition asks for it.
SELECT edges.parent, edges.child, join_on, coalesce(history.state, tombstones.state),
       coalesce(history.error, tombstones.error), condition, iif(condition IS NULL, NULL, result)
FROM (SELECT value ->> 0 AS parent, value ->> 1 AS child FROM json_each(?)) AS t
CROSS JOIN edges ON edges.parent = t.parent AND edges.child = t.child
LEFT JOIN history ON history.id = edges.parent LEFT JOIN tombstones ON tombstones.id = edges.parent
LEFT JOIN dependents ON dependents.child = edges.child;

-- name: set_verdicts
-- Rows come as JSON [[parent, child, verdict], …].
UPDATE edges SET verdict = t ->> 2
FROM (SELECT value AS t FROM json_each(?)) WHERE edges.parent = t ->> 0 AND edges.child = t ->> 1;

-- name: tally
-- Rows come as JSON [[child, met, unmet, failed, first that failed, first that was unmet], …].
UPDATE dependents
SET pending = pending - (t ->> 1) - (t ->> 2) - (t ->> 3),
    met = met + (t ->> 1), unmet = unmet + (t ->> 2), failed = failed + (t ->> 3),
    failed_by = min(coalesce(failed_by, t ->> 4), coalesce(t ->> 4, failed_by)),
    unmet_by = min(coalesce(unmet_by, t ->> 5), coalesce(t ->> 5, unmet_by))
FROM (SELECT value AS t FROM json_each(?)) WHERE dependents.child = t ->> 0
RETURNING child, seq, join_on, on_failure, pending, met, unmet, failed, failed_by, unmet_by;

-- name: condition
SELECT condition FROM edges WHERE parent = ? AND child = ?;

-- name: resolved
DELETE FROM resolutions WHERE seq IN (SELECT value FROM json_each(?));

-- name: forget_dependents
DELETE FROM dependents WHERE child IN (SELECT value FROM json_each(?));

-- name: forget_ended
DELETE FROM dependents
WHERE child IN (SELECT id FROM runs WHERE seq IN (SELECT value FROM json_each(?)) AND depends IS NOT NULL);

-- name: held
SELECT seq, due_at, priority FROM runs WHERE seq IN (SELECT value FROM json_each(?));

-- name: let_go
-- Rows come as JSON [[seq, due at, rank], …].
UPDATE runs SET due_at = t ->> 1, rank = t ->> 2
FROM (SELECT value AS t FROM json_each(?)) WHERE runs.seq = t ->> 0;

-- name: awaited
-- Those of some runs that others name as their parents.
SELECT DISTINCT parent FROM edges WHERE parent IN (SELECT value FROM json_each(?));

-- name: waiting_for_retry
-- The children that a failed run keeps waiting until it is repeated.
SELECT child FROM edges JOIN dependents USING (child)
WHERE parent = ?1 AND on_failure = 'wait' AND join_on <> 'always'
  AND (verdict = 'failed'
       OR verdict IS NULL AND EXISTS (SELECT 1 FROM history WHERE id = ?1 AND state IN ('failed', 'cancelled')));

-- name: reopen
UPDATE dependents SET pending = pending + 1, failed = failed - 1
WHERE child IN (SELECT child FROM edges WHERE parent = ?1 AND verdict = 'failed')
  AND child IN (SELECT value FROM json_each(?2));

-- name: replace_parent
UPDATE edges SET parent = ?2, verdict = NULL WHERE parent = ?1 AND child IN (SELECT value FROM json_each(?3));

-- name: rename_parent
-- Ids are found as what they are in JSON: texts between quotation marks.
UPDATE runs
SET depends = replace(depends, '"' || ?1 || '"', '"' || ?2 || '"'),
    reason = replace(reason, '"' || ?1 || '"', '"' || ?2 || '"')
WHERE id IN (SELECT value FROM json_each(?3));

-- name: depends
SELECT depends FROM runs WHERE id = ?1 AND domain = ?2
UNION ALL
SELECT depends FROM history WHERE id = ?1 AND domain = ?2;

-- name: parents
-- How runs stand, those that are still known: id, state, result, error.
SELECT id, state, NULL, NULL FROM runs WHERE +domain = ?1 AND id IN (SELECT value FROM json_each(?2))
UNION ALL
SELECT id, state, iif(?3, result, NULL), error FROM history WHERE +domain = ?1 AND id IN (SELECT value FROM json_each(?2))
UNION ALL
SELECT id, state, NULL, error FROM tombstones WHERE +domain = ?1 AND id IN (SELECT value FROM json_each(?2));

-- name: children
SELECT child FROM edges JOIN (
  SELECT id FROM runs WHERE id = ?2 AND domain = ?1
  UNION ALL SELECT id FROM history WHERE id = ?2 AND domain = ?1
) ON parent = id
WHERE child > ?3 ORDER BY child LIMIT ?4;

-- name: young
-- Of finished runs, those that ended lately.
SELECT id, domain, state, error, finished_at FROM history WHERE id IN (SELECT value FROM json_each(?1)) AND finished_at > ?2;

-- name: bury
-- What is known of pruned runs for a while.
INSERT OR IGNORE INTO tombstones (id, domain, state, error, finished_at)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?);

-- name: unbury
DELETE FROM tombstones WHERE id IN (SELECT id FROM tombstones WHERE finished_at <= ?1 LIMIT ?2);

-- name: prune_edges
DELETE FROM edges WHERE child IN (SELECT value FROM json_each(?));
