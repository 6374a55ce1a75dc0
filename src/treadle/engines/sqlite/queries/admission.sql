-- Statements of admission. Gates and runs travel in JSON lists (json_each). Runs wait for a lane by its place, for a rate by
-- its id.

-- name: waiting
SELECT json_group_array(json_array(seq, due_at, json(gates))) AS "rows"
FROM runs WHERE seq IN (SELECT value FROM json_each(?));

-- name: hold
-- Rows come as JSON [[seq, state, reason], …].
UPDATE runs SET state = t ->> 1, reason = t ->> 2
FROM (SELECT value AS t FROM json_each(?)) WHERE runs.seq = t ->> 0;

-- name: arrive
-- Runs stand before the first of their gates.
UPDATE runs
SET state = 'blocked', waits_for = coalesce((SELECT place FROM lanes WHERE id = gates ->> 0), gates ->> 0), reason = NULL
WHERE seq IN (SELECT value FROM json_each(?));

-- name: add_lane
INSERT INTO lanes (id, domain, key, declared) VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET declared = excluded.declared WHERE declared IS NULL RETURNING id;

-- name: put_lane
INSERT INTO lanes (id, domain, key, declared) VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET declared = excluded.declared WHERE declared IS NOT excluded.declared RETURNING id;

-- name: add_rate
INSERT INTO rates (id, domain, key, runs, window) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id;

-- name: put_rate
INSERT INTO rates (id, domain, key, runs, window) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET runs = excluded.runs, window = excluded.window
WHERE (runs, window) IS NOT (excluded.runs, excluded.window) RETURNING id;

-- name: forgotten
-- Of gates, those whose limits nobody has put down.
SELECT value FROM json_each(?)
WHERE NOT EXISTS (SELECT 1 FROM lanes WHERE id = value AND declared IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM rates WHERE id = value);

-- name: limits
SELECT domain, limits FROM runs WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq;

-- name: lanes
-- How many more each lets pass.
SELECT json_group_array(json_array(
         lanes.id, coalesce(by_hand, declared, 0) - (SELECT count(*) FROM slots WHERE gate = lanes.id))) AS "rows"
FROM json_each(?) CROSS JOIN lanes ON lanes.id = value;

-- name: rates
SELECT id, runs, window, used_until, (SELECT count(*) FROM slots WHERE gate = rates.id)
FROM rates WHERE id IN (SELECT value FROM json_each(?));

-- name: next_tokens
-- Rows come as JSON [[rate, when the first that waits may have a token], …].
UPDATE rates SET next_at = CASE WHEN EXISTS (SELECT 1 FROM runs WHERE waits_for = rates.id) THEN t ->> 1 END
FROM (SELECT value AS t FROM json_each(?)) WHERE rates.id = t ->> 0;

-- name: due_rates
SELECT id FROM rates WHERE next_at <= ?;

-- name: waiters
-- The best so many of each gate.
SELECT json_group_array(json_array(gate.value, rank, seq, json(gates)) ORDER BY rank, seq) AS "rows"
FROM json_each(?1) AS gate CROSS JOIN runs
WHERE seq IN (
  SELECT w.seq FROM runs AS w WHERE w.waits_for = coalesce((SELECT place FROM lanes WHERE id = gate.value), gate.value)
  ORDER BY w.rank, w.seq LIMIT ?2
);

-- name: contested
-- Gates before which a run waits that goes before one which is ready behind them.
SELECT value FROM json_each(?)
WHERE (SELECT rank, seq FROM runs WHERE waits_for = coalesce((SELECT place FROM lanes WHERE id = value), value)
       ORDER BY rank, seq LIMIT 1)
    < (SELECT slots.rank, run FROM slots CROSS JOIN runs ON seq = run WHERE gate = value AND state = 'ready'
       ORDER BY slots.rank DESC, run DESC LIMIT 1);

-- name: last_ready
-- Of the runs that are ready behind a gate, the one that goes last.
SELECT json_group_array(json_array(rank, run, json(gates))) AS "rows" FROM (
  SELECT slots.rank, run, gates FROM slots CROSS JOIN runs ON seq = run WHERE gate = ? AND state = 'ready'
  ORDER BY slots.rank DESC, run DESC LIMIT 1
);

-- name: take
-- Rows come as JSON [[gate, rank, seq], …].
INSERT INTO slots (gate, rank, run) SELECT value ->> 0, value ->> 1, value ->> 2 FROM jsonb_each(?);

-- name: let_in
UPDATE runs SET state = 'ready', waits_for = NULL, reason = NULL WHERE seq IN (SELECT value FROM json_each(?));

-- name: give_back
-- Rows come as JSON [[gate, rank, seq], …].
DELETE FROM slots WHERE (gate, rank, run) IN (SELECT value ->> 0, value ->> 1, value ->> 2 FROM jsonb_each(?));

-- name: wait_for
UPDATE runs SET state = 'blocked', waits_for = coalesce((SELECT place FROM lanes WHERE id = ?2), ?2) WHERE seq = ?1;

-- name: name_gates
-- What runs that stay blocked wait for, by name.
UPDATE runs SET reason = coalesce(
  (SELECT json_object('code', 'lane', 'subject', key) FROM lanes WHERE place = waits_for),
  (SELECT json_object('code', 'rate', 'subject', key) FROM rates WHERE id = waits_for))
WHERE seq IN (SELECT value FROM json_each(?)) AND waits_for IS NOT NULL;

-- name: count_blocked
-- What was ready and is no more has one event more.
UPDATE runs SET events = events + 1 WHERE seq IN (SELECT value FROM json_each(?)) AND state = 'blocked'
RETURNING domain, id, events, job_id, reason;

-- name: gated
SELECT json_group_array(json_array(rank, seq, json(gates))) AS "rows"
FROM runs WHERE seq IN (SELECT value FROM json_each(?)) AND gates IS NOT NULL;

-- name: new_gated
SELECT json_group_array(json_array(seq, json(gates))) AS "rows" FROM runs WHERE id IN (SELECT value FROM json_each(?));

-- name: consume
-- The tokens of runs that were claimed. Rows come as JSON [[gate, rank, seq], …].
DELETE FROM slots WHERE (gate, rank, run) IN (SELECT value ->> 0, value ->> 1, value ->> 2 FROM jsonb_each(?))
RETURNING gate;

-- name: has_rates
SELECT EXISTS (SELECT 1 FROM rates);

-- name: use_rate
UPDATE rates SET used_until = ?2 WHERE id = ?1;
