-- Statements of the inbox. Messages lie in the order in which they were put, and keep their places until they are settled.

-- name: put
INSERT INTO treadle.messages (id, domain, type, key, payload, created_at)
SELECT id, domain, type, key, payload, created_at
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::bigint[]) WITH ORDINALITY
  AS t (id, domain, type, key, payload, created_at, place)
ORDER BY place;

-- name: runs
-- Whether a run still runs under a token; it is not settled before this transaction ends.
SELECT 1 FROM treadle.runs WHERE id = $1 AND state = 'running' AND token = $2 FOR NO KEY UPDATE;

-- name: take_line
-- Who takes messages of a type does so one after the other.
SELECT pg_advisory_xact_lock(hashtextextended('messages' || $1 || chr(1) || $2, 0));

-- name: has
SELECT seq FROM treadle.messages WHERE state = 'leased' AND run_id = $1 ORDER BY seq;

-- name: waiting
SELECT seq, key, attempts, length(payload) FROM treadle.messages
WHERE state = 'pending' AND domain = $1 AND type = $2 ORDER BY seq LIMIT $3 FOR UPDATE;

-- name: busy
SELECT DISTINCT key FROM treadle.messages WHERE state = 'leased' AND key <> '' AND domain = $1 AND type = $2;

-- name: lease
UPDATE treadle.messages SET state = 'leased', run_id = $2, token = $3, max_attempts = $4 WHERE seq = ANY ($1);

-- name: by_seq
SELECT id, domain, type, key, payload, created_at, state, attempts, max_attempts, error, run_id, token, settled_at
FROM treadle.messages WHERE seq = ANY ($1) ORDER BY seq;

-- name: settling
-- The messages of runs that are being settled; without their payloads.
SELECT seq, id, domain, type, key, ''::bytea, created_at, state, attempts, max_attempts, error, run_id, token, settled_at
FROM treadle.messages WHERE state = 'leased' AND run_id = ANY ($1) ORDER BY seq;

-- name: change
UPDATE treadle.messages SET state = m.state, attempts = m.attempts, error = m.error, settled_at = m.settled_at
FROM unnest($1::bigint[], $2::text[], $3::integer[], $4::text[], $5::bigint[])
  AS m (seq, state, attempts, error, settled_at)
WHERE messages.seq = m.seq;

-- name: get
SELECT id, domain, type, key, payload, created_at, state, attempts, max_attempts, error, run_id, token, settled_at
FROM treadle.messages WHERE domain = $1 AND id = ANY ($2) ORDER BY id;

-- name: list
SELECT id, domain, type, key, payload, created_at, state, attempts, max_attempts, error, run_id, token, settled_at
FROM treadle.messages WHERE domain = $1 AND state = $2 AND id < $3 ORDER BY id DESC LIMIT $4;

-- name: list_type
SELECT id, domain, type, key, payload, created_at, state, attempts, max_attempts, error, run_id, token, settled_at
FROM treadle.messages WHERE domain = $1 AND state = $2 AND id < $3 AND type = $4 ORDER BY id DESC LIMIT $5;

-- name: get_poison
SELECT seq, id, domain, type, key, payload, created_at, state, attempts, max_attempts, error, run_id, token, settled_at
FROM treadle.messages WHERE domain = $1 AND id = ANY ($2) AND state = 'poison' ORDER BY seq FOR UPDATE;

-- name: discard
DELETE FROM treadle.messages WHERE domain = $1 AND id = ANY ($2) AND state IN ('pending', 'poison') RETURNING id;

-- name: awaited
SELECT domain, id, type FROM treadle.consumers AS c
WHERE EXISTS (SELECT 1 FROM treadle.messages WHERE state = 'pending' AND domain = c.domain AND type = c.type)
  AND NOT EXISTS (SELECT 1 FROM treadle.runs WHERE domain = c.domain AND job_id = c.id)
ORDER BY domain, id LIMIT $1;

-- name: start_line
-- Who starts a consumer does so one after the other.
SELECT pg_advisory_xact_lock(hashtextextended('consumer' || $1 || chr(1) || $2, 0));

-- name: is_awaited
SELECT 1 FROM treadle.consumers AS c
WHERE domain = $1 AND id = $2
  AND EXISTS (SELECT 1 FROM treadle.messages WHERE state = 'pending' AND domain = c.domain AND type = c.type)
  AND NOT EXISTS (SELECT 1 FROM treadle.runs WHERE domain = c.domain AND job_id = c.id);

-- name: prune
DELETE FROM treadle.messages WHERE seq IN (
  SELECT seq FROM treadle.messages WHERE settled_at < $1 ORDER BY settled_at LIMIT $2
) RETURNING 1;
