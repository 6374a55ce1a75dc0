-- Statements of admission. A gate is looked at only under the lock on its row, taken by a statement before.

-- name: lock_lanes
-- In one order, so that those who wait for each other do so in a line.
SELECT id FROM treadle.lanes WHERE id = ANY ($1) ORDER BY id FOR UPDATE;

-- name: lock_rates
SELECT id FROM treadle.rates WHERE id = ANY ($1) ORDER BY id FOR UPDATE;

-- name: waiting
SELECT seq, due_at, gates FROM treadle.runs
WHERE seq = ANY ($1) AND state IN ('scheduled', 'blocked', 'ready') ORDER BY seq FOR UPDATE;

-- name: hold
UPDATE treadle.runs SET state = t.state, reason = t.reason
FROM unnest($1::bigint[], $2::text[], $3::text[]) AS t (seq, state, reason) WHERE runs.seq = t.seq;

-- name: arrive
-- Runs stand before the first of their gates.
UPDATE treadle.runs SET state = 'blocked', waits_for = gates[1], reason = NULL WHERE seq = ANY ($1);

-- name: add_lane
INSERT INTO treadle.lanes (id, domain, key, declared) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET declared = excluded.declared WHERE lanes.declared IS NULL RETURNING id;

-- name: put_lane
INSERT INTO treadle.lanes (id, domain, key, declared) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET declared = excluded.declared
WHERE lanes.declared IS DISTINCT FROM excluded.declared RETURNING id;

-- name: add_rate
INSERT INTO treadle.rates (id, domain, key, runs, span) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING RETURNING id;

-- name: put_rate
INSERT INTO treadle.rates (id, domain, key, runs, span) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET runs = excluded.runs, span = excluded.span
WHERE (rates.runs, rates.span) IS DISTINCT FROM (excluded.runs, excluded.span) RETURNING id;

-- name: forgotten
-- Of gates, those whose limits nobody has put down.
SELECT gate FROM unnest($1::bigint[]) AS g (gate)
WHERE NOT EXISTS (SELECT 1 FROM treadle.lanes WHERE id = gate AND declared IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM treadle.rates WHERE id = gate);

-- name: limits
SELECT domain, limits FROM treadle.runs WHERE seq = ANY ($1) ORDER BY seq;

-- name: lanes
SELECT id, coalesce(by_hand, declared, 0) - (SELECT count(*) FROM treadle.slots WHERE gate = lanes.id)
FROM treadle.lanes WHERE id = ANY ($1);

-- name: rates
SELECT id, runs, span, used_until, (SELECT count(*) FROM treadle.slots WHERE gate = rates.id)
FROM treadle.rates WHERE id = ANY ($1);

-- name: next_tokens
UPDATE treadle.rates
SET next_at = CASE WHEN EXISTS (SELECT 1 FROM treadle.runs WHERE waits_for = rates.id) THEN t.next_at END
FROM unnest($1::bigint[], $2::bigint[]) AS t (id, next_at) WHERE rates.id = t.id;

-- name: due_rates
SELECT id FROM treadle.rates WHERE next_at <= $1;

-- name: waiters
-- The best so many of each gate. One that somebody cancels at this moment is none.
SELECT gate, rank, seq, gates FROM unnest($1::bigint[]) AS g (gate) CROSS JOIN LATERAL (
  SELECT rank, seq, gates FROM treadle.runs WHERE waits_for = gate ORDER BY rank, seq LIMIT $2 FOR UPDATE SKIP LOCKED
) AS best
ORDER BY gate, rank, seq;

-- name: contested
-- Gates before which a run waits that goes before one which is ready behind them.
SELECT gate FROM unnest($1::bigint[]) AS g (gate)
WHERE EXISTS (
  SELECT 1 FROM
    (SELECT rank, seq FROM treadle.runs WHERE waits_for = gate ORDER BY rank, seq LIMIT 1) AS first,
    (SELECT slots.rank, run AS seq FROM treadle.slots JOIN treadle.runs ON runs.seq = run
     WHERE slots.gate = g.gate AND state = 'ready' ORDER BY slots.rank DESC, run DESC LIMIT 1) AS last
  WHERE (first.rank, first.seq) < (last.rank, last.seq)
);

-- name: last_ready
-- Of the runs that are ready behind a gate, the one that goes last; not one that is claimed at this moment.
SELECT slots.rank, run, gates FROM treadle.slots JOIN treadle.runs ON seq = run WHERE gate = $1 AND state = 'ready'
ORDER BY slots.rank DESC, run DESC LIMIT 1 FOR UPDATE OF runs SKIP LOCKED;

-- name: take
INSERT INTO treadle.slots (gate, rank, run) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]);

-- name: let_in
UPDATE treadle.runs SET state = 'ready', waits_for = NULL, reason = NULL WHERE seq = ANY ($1);

-- name: give_back
DELETE FROM treadle.slots WHERE (gate, rank, run) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]));

-- name: wait_for
UPDATE treadle.runs SET state = 'blocked', waits_for = $2 WHERE seq = $1;

-- name: name_gates
-- What runs that stay blocked wait for, by name.
UPDATE treadle.runs SET reason = coalesce(
  (SELECT json_build_object('code', 'lane', 'subject', key)::text FROM treadle.lanes WHERE id = waits_for),
  (SELECT json_build_object('code', 'rate', 'subject', key)::text FROM treadle.rates WHERE id = waits_for))
WHERE seq = ANY ($1) AND waits_for IS NOT NULL;

-- name: count_blocked
-- What was ready and is no more has one event more.
UPDATE treadle.runs SET events = events + 1 WHERE seq = ANY ($1) AND state = 'blocked'
RETURNING domain, id, events, job_id, reason;

-- name: gated
SELECT rank, seq, gates FROM treadle.runs WHERE seq = ANY ($1) AND gates IS NOT NULL;

-- name: new_gated
SELECT seq, gates FROM treadle.runs WHERE id = ANY ($1) ORDER BY seq;

-- name: consume
-- The tokens of runs that were claimed, with the runs' ranks.
DELETE FROM treadle.slots
WHERE (gate, rank, run) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])) RETURNING gate;

-- name: use_rate
UPDATE treadle.rates SET used_until = $2 WHERE id = $1;
