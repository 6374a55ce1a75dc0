-- Statements of admission.

-- name: waiting
SELECT seq, due_at FROM runs WHERE seq IN (SELECT value FROM json_each(?));

-- name: hold
-- Rows come as JSON [[seq, state, reason], …].
UPDATE runs SET state = t ->> 1, reason = t ->> 2
FROM (SELECT value AS t FROM json_each(?)) WHERE runs.seq = t ->> 0;
