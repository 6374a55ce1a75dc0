-- Statements of the log store.

-- name: append
INSERT INTO treadle.logs (domain, run_id, token, attempt, at, stream, level, message, fields)
SELECT domain, run_id, token, attempt, at, stream, level, message, fields
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::integer[], $5::bigint[], $6::text[], $7::text[], $8::text[],
            $9::bytea[]) WITH ORDINALITY
  AS t (domain, run_id, token, attempt, at, stream, level, message, fields, place)
ORDER BY place;

-- name: read
SELECT seq, domain, run_id, token, attempt, at, stream, level, message, fields FROM treadle.logs
WHERE run_id = $1 AND seq > $2 AND domain = $3 ORDER BY seq LIMIT $4;

-- name: prune
-- Lines were written in the order of time: the oldest are at the front.
DELETE FROM treadle.logs
WHERE seq IN (SELECT seq FROM (SELECT seq, at FROM treadle.logs ORDER BY seq LIMIT $2) AS old WHERE at < $1)
RETURNING 1;
