-- Statements of the event log. A position is that of a batch, shifted by 20 bits, and the ordinal of the event in it.

-- name: append
INSERT INTO treadle.events (batch, ordinal, domain, type, subject, n, job_id, at, data)
SELECT $8, $9 + place - 1, domain, type, subject, n, job_id, at, data
FROM unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::bigint[], $7::bytea[])
  WITH ORDINALITY AS t (domain, type, subject, n, job_id, at, data, place);

-- name: new_batches
SELECT EXISTS (SELECT 1 FROM treadle.event_batches WHERE position IS NULL);

-- name: sequence
-- Under a lock, which is a statement of its own: this one then sees all that was given a position before. Numbers are
-- taken once and in order, whatever way the server finds to the rows.
WITH new AS MATERIALIZED (
  SELECT id, nextval('treadle.positions') AS position
  FROM (SELECT id FROM treadle.event_batches WHERE position IS NULL ORDER BY ended) AS waiting
)
UPDATE treadle.event_batches AS batch SET position = new.position FROM new WHERE batch.id = new.id;

-- name: read
SELECT position << 20 | ordinal, domain, type, subject, n, job_id, at, data
FROM treadle.event_batches AS b JOIN treadle.events AS e ON e.batch = b.id
WHERE position >= $1::bigint >> 20 AND (position << 20 | ordinal) > $1 AND ($2::text IS NULL OR domain = $2)
  AND {types}
ORDER BY position, ordinal LIMIT $3;

-- name: published
-- What the index `events_named` is for.
SELECT position << 20 | ordinal, domain, type, subject, n, job_id, at, data
FROM treadle.events JOIN treadle.event_batches ON id = batch AND position IS NOT NULL
WHERE domain = $1 AND type = $2 AND n = 0 AND (position << 20 | ordinal) > $3 AND at >= $4 ORDER BY 1 LIMIT $5;

-- name: position
SELECT position << 20 | $2::bigint FROM treadle.event_batches WHERE id = $1 AND position IS NOT NULL;

-- name: newest
SELECT position << 20 | ordinal, domain, type, subject, n, job_id, at, data
FROM treadle.events JOIN treadle.event_batches ON id = batch AND position IS NOT NULL
WHERE domain = $1 AND type = $2 AND n = 0 ORDER BY 1 DESC LIMIT $3;

-- name: bounds
SELECT coalesce((SELECT position << 20 | ordinal FROM treadle.event_batches JOIN treadle.events ON batch = id
                 WHERE position IS NOT NULL ORDER BY position, ordinal LIMIT 1), 0),
       coalesce((SELECT position << 20 | ordinal FROM treadle.event_batches JOIN treadle.events ON batch = id
                 WHERE position IS NOT NULL ORDER BY position DESC, ordinal DESC LIMIT 1), 0);

-- name: prune
-- The oldest are at the front: no more rows are looked at than may go. The newest stays.
WITH old AS (
  SELECT batch, ordinal, at, position FROM treadle.event_batches JOIN treadle.events ON batch = id
  WHERE position IS NOT NULL ORDER BY position, ordinal LIMIT $2
), newest AS (
  SELECT batch, ordinal FROM treadle.event_batches JOIN treadle.events ON batch = id
  WHERE position IS NOT NULL ORDER BY position DESC, ordinal DESC LIMIT 1
)
DELETE FROM treadle.events AS e USING old
WHERE e.batch = old.batch AND e.ordinal = old.ordinal AND old.at < $1
  AND (e.batch, e.ordinal) NOT IN (SELECT batch, ordinal FROM newest)
RETURNING e.batch;

-- name: prune_batches
DELETE FROM treadle.event_batches WHERE id = ANY ($1) AND NOT EXISTS (SELECT 1 FROM treadle.events WHERE batch = id);
