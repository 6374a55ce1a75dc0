-- Statements of the values of inputs by which runs are found.

-- name: put
INSERT INTO run_values (domain, path, value, run_id)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1);

-- name: forget
DELETE FROM run_values WHERE run_id IN (SELECT value FROM json_each(?));
