-- Statements of the values of inputs by which runs are found.

-- name: put
INSERT INTO treadle.run_values (domain, path, value, run_id)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]);

-- name: forget
DELETE FROM treadle.run_values WHERE run_id = ANY ($1);
