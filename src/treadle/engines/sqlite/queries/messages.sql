-- Statements of the inbox. Messages lie in the order in which they were put, and keep their places until they are settled.

-- name: put
INSERT INTO messages (id, domain, type, key, payload, created_at) VALUES (?, ?, ?, ?, ?, ?);

-- name: runs
-- Whether a run still runs under a token.
SELECT 1 FROM runs WHERE id = ? AND state = 'running' AND token = ?;

-- name: has
SELECT seq FROM messages WHERE state = 'leased' AND run_id = ? ORDER BY seq;

-- name: waiting
SELECT seq, key, attempts, length(payload) FROM messages
WHERE state = 'pending' AND domain = ? AND type = ? ORDER BY seq LIMIT ?;

-- name: busy
SELECT DISTINCT key FROM messages WHERE state = 'leased' AND key <> '' AND domain = ? AND type = ?;

-- name: lease
UPDATE messages SET state = 'leased', run_id = ?2, token = ?3, max_attempts = ?4
WHERE seq IN (SELECT value FROM json_each(?1));

-- name: by_seq
SELECT id, domain, type, key, payload, created_at, state, attempts, max_attempts, error, run_id, token, settled_at
FROM messages WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq;

-- name: any_leased
SELECT EXISTS (SELECT 1 FROM messages WHERE state = 'leased');

-- name: settling
-- The messages of the runs that are being settled, with the way that each run goes; without their payloads.
SELECT messages.seq, settling.state, settling.event, messages.id, messages.domain, messages.type, messages.key, x'',
       messages.created_at, messages.state, messages.attempts, messages.max_attempts, messages.error, messages.run_id,
       messages.token, messages.settled_at
FROM settling CROSS JOIN runs USING (seq) CROSS JOIN messages ON messages.state = 'leased' AND messages.run_id = runs.id
ORDER BY messages.seq;

-- name: change
-- Rows come as JSON [[seq, state, attempts, error, settled at], …].
UPDATE messages SET state = m ->> 1, attempts = m ->> 2, error = m ->> 3, settled_at = m ->> 4
FROM (SELECT value AS m FROM json_each(?)) WHERE messages.seq = m ->> 0;

-- name: get
-- Here and below the plus keeps the planner, which knows no numbers of rows, from reading all messages of the domain.
SELECT id, domain, type, key, payload, created_at, state, attempts, max_attempts, error, run_id, token, settled_at
FROM messages WHERE +domain = ? AND id IN (SELECT value FROM json_each(?)) ORDER BY id;

-- name: list
SELECT id, domain, type, key, payload, created_at, state, attempts, max_attempts, error, run_id, token, settled_at
FROM messages INDEXED BY messages_state WHERE domain = ? AND state = ? AND id < ? ORDER BY id DESC LIMIT ?;

-- name: list_type
SELECT id, domain, type, key, payload, created_at, state, attempts, max_attempts, error, run_id, token, settled_at
FROM messages INDEXED BY messages_type WHERE domain = ? AND state = ? AND id < ? AND type = ? ORDER BY id DESC LIMIT ?;

-- name: get_poison
SELECT seq, id, domain, type, key, payload, created_at, state, attempts, max_attempts, error, run_id, token, settled_at
FROM messages WHERE +domain = ? AND id IN (SELECT value FROM json_each(?)) AND +state = 'poison';

-- name: discard
DELETE FROM messages
WHERE +domain = ? AND id IN (SELECT value FROM json_each(?)) AND +state IN ('pending', 'poison') RETURNING id;

-- name: awaited
SELECT domain, id, type FROM consumers AS c
WHERE EXISTS (SELECT 1 FROM messages WHERE state = 'pending' AND domain = c.domain AND type = c.type)
  AND NOT EXISTS (SELECT 1 FROM runs WHERE domain = c.domain AND job_id = c.id)
ORDER BY domain, id LIMIT ?;

-- name: is_awaited
SELECT 1 FROM consumers AS c
WHERE domain = ? AND id = ?
  AND EXISTS (SELECT 1 FROM messages WHERE state = 'pending' AND domain = c.domain AND type = c.type)
  AND NOT EXISTS (SELECT 1 FROM runs WHERE domain = c.domain AND job_id = c.id);

-- name: prune
DELETE FROM messages WHERE seq IN (
  SELECT seq FROM messages WHERE settled_at < ? ORDER BY settled_at LIMIT ?
) RETURNING 1;
