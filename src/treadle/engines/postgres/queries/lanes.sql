-- Statements of the lane store. Counts and holders stop at a bound, so that no lane is too long to look at.

-- name: lanes
SELECT domain, key, declared, by_hand, (SELECT count(*) FROM treadle.slots WHERE gate = lanes.id),
       ARRAY (SELECT runs.id FROM treadle.slots JOIN treadle.runs ON seq = run WHERE gate = lanes.id ORDER BY run LIMIT $1),
       (SELECT count(*) FROM (SELECT 1 FROM treadle.runs WHERE waits_for = lanes.id LIMIT $2) AS waiting)
FROM treadle.lanes WHERE domain = $3 AND key = ANY ($4) ORDER BY key;

-- name: page
SELECT key FROM treadle.lanes WHERE domain = $1 AND key > $2 ORDER BY key LIMIT $3;

-- name: rates
SELECT domain, key, runs, span, used_until, (SELECT count(*) FROM treadle.slots WHERE gate = rates.id),
       (SELECT count(*) FROM (SELECT 1 FROM treadle.runs WHERE waits_for = rates.id LIMIT $1) AS waiting)
FROM treadle.rates WHERE domain = $2 AND key = ANY ($3) ORDER BY key;

-- name: set_limit
INSERT INTO treadle.lanes (id, domain, key, by_hand) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET by_hand = excluded.by_hand;

-- name: clear_limit
UPDATE treadle.lanes SET by_hand = NULL WHERE id = $1 RETURNING declared;

-- name: forget
-- What nobody declares, holds or waits for.
DELETE FROM treadle.lanes WHERE id = $1 AND declared IS NULL AND by_hand IS NULL;

-- name: idle_lanes
-- Made from the inputs of runs (`key:…`), nobody holds them or waits for them, and nobody set their limit by hand.
SELECT id FROM treadle.lanes
WHERE key >= 'key:' AND key < 'key;' AND by_hand IS NULL
  AND NOT EXISTS (SELECT 1 FROM treadle.slots WHERE gate = lanes.id)
  AND NOT EXISTS (SELECT 1 FROM treadle.runs WHERE waits_for = lanes.id)
LIMIT $1;

-- name: idle_rates
-- The same, and all their tokens have come back.
SELECT id FROM treadle.rates
WHERE key >= 'key:' AND key < 'key;' AND (used_until IS NULL OR used_until < $2)
  AND NOT EXISTS (SELECT 1 FROM treadle.slots WHERE gate = rates.id)
  AND NOT EXISTS (SELECT 1 FROM treadle.runs WHERE waits_for = rates.id)
LIMIT $1;

-- name: forget_lanes
DELETE FROM treadle.lanes
WHERE id = ANY ($1) AND by_hand IS NULL
  AND NOT EXISTS (SELECT 1 FROM treadle.slots WHERE gate = lanes.id)
  AND NOT EXISTS (SELECT 1 FROM treadle.runs WHERE waits_for = lanes.id)
RETURNING 1;

-- name: forget_rates
DELETE FROM treadle.rates
WHERE id = ANY ($1) AND (used_until IS NULL OR used_until < $2)
  AND NOT EXISTS (SELECT 1 FROM treadle.slots WHERE gate = rates.id)
  AND NOT EXISTS (SELECT 1 FROM treadle.runs WHERE waits_for = rates.id)
RETURNING 1;

-- name: waited_for
-- Gates before which runs wait, by their places and ids, which are one here, from the first beyond $1, by leaping over the
-- index from gate to gate.
WITH RECURSIVE leap (gate) AS (
  (SELECT waits_for FROM treadle.runs WHERE waits_for > $1 ORDER BY waits_for LIMIT 1)
  UNION ALL
  SELECT (SELECT waits_for FROM treadle.runs WHERE waits_for > leap.gate ORDER BY waits_for LIMIT 1)
  FROM leap WHERE leap.gate IS NOT NULL
)
SELECT gate, gate FROM leap
WHERE gate IS NOT NULL AND NOT EXISTS (SELECT 1 FROM treadle.lines WHERE id = gate) LIMIT $2;

-- name: strays
-- The next so many slots beyond the one given, and whether no run holds them.
WITH looked_at AS (
  SELECT gate, rank, run FROM treadle.slots WHERE (gate, rank, run) > ($1::bigint, $2::bigint, $3::bigint)
  ORDER BY gate, rank, run LIMIT $4
)
SELECT gate, looked_at.rank, run, NOT EXISTS (
  SELECT 1 FROM treadle.runs WHERE seq = run AND runs.rank = looked_at.rank AND state IN ('ready', 'running')
)
FROM looked_at ORDER BY gate, rank, run;

-- name: remove_strays
DELETE FROM treadle.slots AS s
WHERE (gate, rank, run) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])) AND NOT EXISTS (
  SELECT 1 FROM treadle.runs WHERE seq = s.run AND runs.rank = s.rank AND state IN ('ready', 'running')
)
RETURNING gate;

-- name: stood_aside
-- Lines of which runs stand aside.
WITH RECURSIVE leap (gate) AS (
  (SELECT waits_for FROM treadle.runs WHERE waits_for IS NOT NULL ORDER BY waits_for LIMIT 1)
  UNION ALL
  SELECT (SELECT waits_for FROM treadle.runs WHERE waits_for > leap.gate ORDER BY waits_for LIMIT 1)
  FROM leap WHERE leap.gate IS NOT NULL
)
SELECT line.id, line.domain, line.queue, line.requires FROM leap JOIN treadle.lines AS line ON line.id = leap.gate;

-- name: aside
SELECT seq, gates FROM treadle.runs WHERE waits_for = $1 ORDER BY rank, seq LIMIT $2 FOR UPDATE SKIP LOCKED;

-- name: ready_holders
-- None that is claimed at this moment.
SELECT gate, slots.rank, run, gates, line FROM treadle.slots JOIN treadle.runs ON seq = run
WHERE gate = ANY ($1) AND state = 'ready' LIMIT $2 FOR UPDATE OF runs SKIP LOCKED;

-- name: heads
-- The first so many before each gate.
SELECT gate, rank, seq, gates, line FROM unnest($1::bigint[]) AS g (gate) CROSS JOIN LATERAL (
  SELECT rank, seq, gates, line FROM treadle.runs WHERE waits_for = gate ORDER BY rank, seq LIMIT $2
  FOR UPDATE SKIP LOCKED
) AS best
ORDER BY gate, rank, seq;

-- name: lines
SELECT id, domain, queue, requires FROM treadle.lines WHERE id = ANY ($1);

-- name: stand_aside
UPDATE treadle.runs
SET state = 'blocked', waits_for = line, reason = json_build_object('code', 'line', 'subject', queue)::text
WHERE seq = ANY ($1);

-- name: online
SELECT domains, queues, requires, traits FROM treadle.workers WHERE state = 'online';
