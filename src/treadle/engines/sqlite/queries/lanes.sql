-- Statements of the lane store. Counts and holders stop at a bound, so that no lane is too long to look at.

-- name: lanes
SELECT domain, key, declared, by_hand, (SELECT count(*) FROM slots WHERE gate = lanes.id),
       (SELECT json_group_array(id) FROM (SELECT runs.id FROM slots CROSS JOIN runs ON seq = run WHERE gate = lanes.id LIMIT ?1)),
       (SELECT count(*) FROM (SELECT 1 FROM runs WHERE waits_for = lanes.id LIMIT ?2))
FROM lanes WHERE {which} ORDER BY key;

-- name: rates
SELECT domain, key, runs, window, used_until, (SELECT count(*) FROM slots WHERE gate = rates.id),
       (SELECT count(*) FROM (SELECT 1 FROM runs WHERE waits_for = rates.id LIMIT ?1))
FROM rates WHERE domain = ?2 AND key IN (SELECT value FROM json_each(?3)) ORDER BY key;

-- name: set_limit
INSERT INTO lanes (id, domain, key, by_hand) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET by_hand = excluded.by_hand;

-- name: clear_limit
UPDATE lanes SET by_hand = NULL WHERE id = ? RETURNING declared;

-- name: forget
-- What nobody declares, holds or waits for.
DELETE FROM lanes WHERE id = ? AND declared IS NULL AND by_hand IS NULL;

-- name: waited_for
-- Gates before which runs wait, from the first beyond ?1, by leaping over the index from gate to gate.
WITH RECURSIVE leap (gate) AS (
  SELECT min(waits_for) FROM runs WHERE waits_for > ?1
  UNION ALL
  SELECT (SELECT min(waits_for) FROM runs WHERE waits_for > leap.gate) FROM leap WHERE leap.gate IS NOT NULL
)
SELECT gate FROM leap WHERE gate IS NOT NULL LIMIT ?2;
