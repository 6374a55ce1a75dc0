-- Statements of the lane store. Counts and holders stop at a bound, so that no lane is too long to look at.

-- name: lanes
SELECT json_group_array(json_array(
         domain, key, declared, by_hand, (SELECT count(*) FROM slots WHERE gate = lanes.id),
         json((SELECT json_group_array(id) FROM (
           SELECT runs.id FROM slots CROSS JOIN runs ON seq = run WHERE gate = lanes.id LIMIT ?1))),
         (SELECT count(*) FROM (SELECT 1 FROM runs WHERE waits_for = lanes.place LIMIT ?2))) ORDER BY key) AS "rows"
FROM lanes WHERE domain = ?3 AND key IN (SELECT value FROM json_each(?4));

-- name: page
SELECT key FROM lanes WHERE domain = ? AND key > ? ORDER BY key LIMIT ?;

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

-- name: idle_lanes
-- Made from the inputs of runs (`key:…`), nobody holds them or waits for them, and nobody set their limit by hand.
SELECT id FROM lanes
WHERE key >= 'key:' AND key < 'key;' AND by_hand IS NULL
  AND NOT EXISTS (SELECT 1 FROM slots WHERE gate = lanes.id) AND NOT EXISTS (SELECT 1 FROM runs WHERE waits_for = lanes.place)
LIMIT ?;

-- name: idle_rates
-- The same, and all their tokens have come back.
SELECT id FROM rates
WHERE key >= 'key:' AND key < 'key;' AND (used_until IS NULL OR used_until < ?2)
  AND NOT EXISTS (SELECT 1 FROM slots WHERE gate = rates.id) AND NOT EXISTS (SELECT 1 FROM runs WHERE waits_for = rates.id)
LIMIT ?1;

-- name: forget_lanes
DELETE FROM lanes
WHERE id IN (SELECT value FROM json_each(?)) AND by_hand IS NULL
  AND NOT EXISTS (SELECT 1 FROM slots WHERE gate = lanes.id) AND NOT EXISTS (SELECT 1 FROM runs WHERE waits_for = lanes.place)
RETURNING 1;

-- name: forget_rates
DELETE FROM rates
WHERE id IN (SELECT value FROM json_each(?1)) AND (used_until IS NULL OR used_until < ?2)
  AND NOT EXISTS (SELECT 1 FROM slots WHERE gate = rates.id) AND NOT EXISTS (SELECT 1 FROM runs WHERE waits_for = rates.id)
RETURNING 1;

-- name: waited_for
-- Places before which runs wait, with their gates, from the first beyond ?1, by leaping over the index from one to the next.
WITH RECURSIVE leap (place) AS (
  SELECT min(waits_for) FROM runs WHERE waits_for > ?1
  UNION ALL
  SELECT (SELECT min(waits_for) FROM runs WHERE waits_for > leap.place) FROM leap WHERE leap.place IS NOT NULL
)
SELECT leap.place, coalesce(lanes.id, leap.place) FROM leap LEFT JOIN lanes USING (place)
WHERE leap.place IS NOT NULL AND NOT EXISTS (SELECT 1 FROM lines WHERE id = leap.place) LIMIT ?2;

-- name: strays
-- The next so many slots beyond the one given, and whether no run holds them.
WITH looked_at AS (
  SELECT gate, rank, run FROM slots WHERE (gate, rank, run) > (?1, ?2, ?3) ORDER BY gate, rank, run LIMIT ?4
)
SELECT gate, looked_at.rank, run,
       NOT EXISTS (SELECT 1 FROM runs WHERE seq = run AND runs.rank = looked_at.rank AND state IN ('ready', 'running'))
FROM looked_at;

-- name: remove_strays
DELETE FROM slots WHERE (gate, rank, run) IN (SELECT value ->> 0, value ->> 1, value ->> 2 FROM jsonb_each(?))
RETURNING gate;

-- name: stood_aside
-- Lines of which runs stand aside.
WITH RECURSIVE leap (gate) AS (
  SELECT min(waits_for) FROM runs WHERE waits_for IS NOT NULL
  UNION ALL
  SELECT (SELECT min(waits_for) FROM runs WHERE waits_for > leap.gate) FROM leap WHERE leap.gate IS NOT NULL
)
SELECT line.id, line.domain, line.queue, line.requires FROM leap CROSS JOIN lines AS line ON line.id = leap.gate;

-- name: aside
SELECT json_group_array(json_array(seq, json(gates))) AS "rows" FROM (
  SELECT seq, gates FROM runs WHERE waits_for = ? ORDER BY rank, seq LIMIT ?
);

-- name: ready_holders
SELECT json_group_array(json_array(gate, rank, run, json(gates), line)) AS "rows" FROM (
  SELECT gate, slots.rank, run, gates, line FROM slots CROSS JOIN runs ON seq = run
  WHERE gate IN (SELECT value FROM json_each(?)) AND state = 'ready' LIMIT ?
);

-- name: heads
-- The first so many before each gate.
SELECT json_group_array(json_array(gate.value, rank, seq, json(gates), line) ORDER BY rank, seq) AS "rows"
FROM json_each(?1) AS gate CROSS JOIN runs
WHERE seq IN (
  SELECT w.seq FROM runs AS w WHERE w.waits_for = coalesce((SELECT place FROM lanes WHERE id = gate.value), gate.value)
  ORDER BY w.rank, w.seq LIMIT ?2
);

-- name: lines
SELECT id, domain, queue, requires FROM lines WHERE id IN (SELECT value FROM json_each(?));

-- name: stand_aside
UPDATE runs SET state = 'blocked', waits_for = line, reason = json_object('code', 'line', 'subject', queue)
WHERE seq IN (SELECT value FROM json_each(?));

-- name: online
SELECT json_group_array(json_array(json(domains), json(queues), json(requires), traits)) AS "rows" FROM workers
WHERE state = 'online';
