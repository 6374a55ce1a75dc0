-- Statements of admission. Gates and runs travel in JSON lists (json_each). Runs wait for a lane by its place, for a rate by
-- its id.

-- name: waiting
SELECT seq, due_at, gates FROM runs WHERE seq IN (SELECT value FROM json_each(?));

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
-- How many more each lets pass, as JSON [[gate, count], …].
SELECT json_group_array(json_array(
         lanes.id, coalesce(by_hand, declared, 0) - (SELECT count(*) FROM slots WHERE gate = lanes.id)))
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
-- The best so many of each gate, as JSON [[gate, [[rank, seq, gates], …]], …].
SELECT json_group_array(json_array(value, json((SELECT json_group_array(json_array(rank, seq, gates)) FROM (
  SELECT rank, seq, gates FROM runs WHERE waits_for = coalesce((SELECT place FROM lanes WHERE id = value), value)
  ORDER BY rank, seq LIMIT ?2)))))
FROM json_each(?1);

-- name: first
SELECT rank, seq, gates FROM runs WHERE waits_for = coalesce((SELECT place FROM lanes WHERE id = ?1), ?1)
ORDER BY rank, seq LIMIT 1;

-- name: contested
-- Gates before which a run waits that goes before one which is ready behind them.
SELECT value FROM json_each(?)
WHERE (SELECT rank, seq FROM runs WHERE waits_for = coalesce((SELECT place FROM lanes WHERE id = value), value)
       ORDER BY rank, seq LIMIT 1)
    < (SELECT slots.rank, run FROM slots CROSS JOIN runs ON seq = run WHERE gate = value AND state = 'ready'
       ORDER BY slots.rank DESC, run DESC LIMIT 1);

-- name: last_ready
-- Of the runs that are ready behind a gate, the one that goes last.
SELECT slots.rank, run, gates FROM slots CROSS JOIN runs ON seq = run WHERE gate = ? AND state = 'ready'
ORDER BY slots.rank DESC, run DESC LIMIT 1;

-- name: take
-- Rows come as JSON [[gate, rank, seq], …].
INSERT INTO slots (gate, rank, run) SELECT value ->> 0, value ->> 1, value ->> 2 FROM jsonb_each(?);

-- name: let_in
-- The runs of slots that were taken.
UPDATE runs SET state = 'ready', waits_for = NULL, reason = NULL WHERE seq IN (SELECT value ->> 2 FROM jsonb_each(?));

-- name: give_back
-- Rows come as JSON [[gate, rank, seq], …].
DELETE FROM slots WHERE (gate, rank, run) IN (SELECT value ->> 0, value ->> 1, value ->> 2 FROM jsonb_each(?));

-- name: wait_for
UPDATE runs SET state = 'blocked', waits_for = coalesce((SELECT place FROM lanes WHERE id = ?2), ?2) WHERE seq = ?1;

-- name: name_gate
-- What runs that stay blocked wait for, by name.
UPDATE runs SET reason = coalesce(
  (SELECT json_object('code', 'lane', 'subject', key) FROM lanes WHERE place = waits_for),
  (SELECT json_object('code', 'rate', 'subject', key) FROM rates WHERE id = waits_for))
WHERE seq IN (SELECT value FROM json_each(?)) AND waits_for IS NOT NULL;

-- name: tell_blocked
-- What was ready and is no more.
INSERT INTO events (domain, type, subject, n, job_id, at, data)
SELECT domain, ?2, id, events + 1, job_id, ?3, CAST(json_object('reason', json(reason)) AS BLOB)
FROM runs WHERE seq IN (SELECT value FROM json_each(?1)) AND state = 'blocked';

-- name: count_blocked
UPDATE runs SET events = events + 1 WHERE seq IN (SELECT value FROM json_each(?)) AND state = 'blocked';

-- name: gated
SELECT rank, seq, gates FROM runs WHERE seq IN (SELECT value FROM json_each(?)) AND gates IS NOT NULL;

-- name: new_gated
SELECT seq, gates FROM runs WHERE id IN (SELECT value FROM json_each(?));

-- name: consume
-- The tokens of runs that were claimed, rate by rate: their ids are odd.
DELETE FROM slots WHERE (gate, rank, run) IN (
  SELECT gate.value, rank, seq
  FROM json_each(?) AS claimed CROSS JOIN runs ON seq = claimed.value CROSS JOIN json_each(gates) AS gate
  WHERE gate.value & 1
) RETURNING gate;

-- name: has_rates
SELECT EXISTS (SELECT 1 FROM rates);

-- name: rate
SELECT runs, window, used_until FROM rates WHERE id = ?;

-- name: use_rate
UPDATE rates SET used_until = ?2 WHERE id = ?1;
