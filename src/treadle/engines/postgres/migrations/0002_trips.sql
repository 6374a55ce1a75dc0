-- serves: 1
-- The trips that are made most, each one call and one transaction: what is usual is done here, by the statements that the
-- rest of the engine uses too; whatever needs more is left to the engine, which is told so.
--
-- Functions keep their plans in the session of the server, whoever stands between. Their settings are set while they run:
-- plans are made once. That may be while a table is empty, so statements are such that no plan but the right one can be
-- made: what is known of rows comes by LATERAL or in an array, which leaves no other way than the index of what is asked;
-- and what would fit a partial index that is not meant is said so that it does not. Arrays are read by place: `unnest` of
-- many keeps each of them a second time.

-- Claims, a column each, so that a batch is one row.
CREATE TYPE treadle.claims AS (
  ids text[], domains text[], job_ids text[], queues text[], requires text[], priorities text[], tokens bigint[],
  failures integer[], losses integer[], solo_losses integer[], suspects boolean[], due_ats bigint[], created_ats bigint[],
  works bytea[], inputs bytea[], have_parents boolean[], stepped boolean[], lines bigint[], ranks bigint[], seqs bigint[]
);

-- Move running runs to the history, with their last events, each only under its token. Answers the places of those that
-- were moved. `plain` leaves out those whose end means more: a cancel was accepted, others wait for their slots, or they
-- have messages.
CREATE FUNCTION treadle.finish(
  event_batch bigint, first_ordinal integer, plain boolean,
  run_ids text[], run_tokens bigint[], ended_ats bigint[], began_ats bigint[], run_results bytea[],
  ways integer[], -- for each run the place of how it ended, in what follows
  final_states text[], run_errors text[], failed integer[], lost integer[], lost_alone integer[], doubtful boolean[],
  event_types text[], event_data bytea[]
) RETURNS integer[] LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
  moved integer[];
BEGIN
  WITH held AS MATERIALIZED (
    SELECT place, way, run.* FROM (
      SELECT run_ids[i] AS of_run, run_tokens[i] AS under, i AS place, ways[i] AS way FROM generate_series(1, cardinality(run_ids)) AS i
      ORDER BY of_run, place -- the order in which all lock runs
    ) AS done
    CROSS JOIN LATERAL (
      SELECT id, domain, job_id, job_version, queue, requires, priority, due_at, rank, created_at, token, failures, losses,
             cancel_at, worker_id, started_at, cause, schedule_id, slot, retry_of, limits, depends, work, inputs, seq, events
      FROM treadle.runs AS r
      WHERE r.id = of_run AND r.token = under AND r.state NOT IN ('ready', 'scheduled', 'blocked')
        AND (NOT plain OR r.cancel_at IS NULL AND r.gates IS NULL AND NOT EXISTS (
          SELECT 1 FROM treadle.messages AS m WHERE m.state = 'leased' AND m.run_id = r.id
        ))
      FOR UPDATE
    ) AS run
  ), gone AS (
    DELETE FROM treadle.runs WHERE seq = ANY (ARRAY (SELECT seq FROM held))
  ), told AS (
    INSERT INTO treadle.events (batch, ordinal, domain, type, subject, n, job_id, at, data)
    SELECT event_batch, first_ordinal + place - 1, domain, event_types[way], id, events + 1, job_id, ended_ats[place],
           event_data[way]
    FROM held
  ), tried AS ( -- of a first try the run itself tells all
    INSERT INTO treadle.attempts (run_id, domain, token, attempt, worker_id, started_at, finished_at, event, error)
    SELECT id, domain, token, failures + losses + 1, worker_id, began_ats[place], ended_ats[place], event_types[way],
           run_errors[way]
    FROM held WHERE token > 1
  ), kept AS (
    INSERT INTO treadle.history (id, domain, job_id, job_version, queue, requires, priority, state, due_at, rank,
                                 created_at, token, attempt, failures, losses, solo_losses, suspect, cancel_at, worker_id,
                                 started_at, finished_at, cause, schedule_id, slot, retry_of, limits, depends, error,
                                 result, work, inputs)
    SELECT id, domain, job_id, job_version, queue, requires, priority, final_states[way], due_at, rank,
           created_at, token, failures + losses + 1, failed[way], lost[way], lost_alone[way], doubtful[way],
           cancel_at, worker_id, coalesce(started_at, began_ats[place]), ended_ats[place], cause, schedule_id, slot,
           retry_of, limits, depends, run_errors[way], run_results[place], work, inputs
    FROM held
  )
  SELECT coalesce(array_agg(place), '{}') INTO moved FROM held;
  RETURN moved;
END
$$;

-- Claim the best runs of each line that no other claims at this moment, so many of each, with their events. Where there
-- are marks of lines, those runs that come after them.
CREATE FUNCTION treadle.claim(
  event_batch bigint, first_ordinal integer, worker text, at bigint, from_lines bigint[], most_of_each bigint[],
  mark_ranks bigint[], mark_seqs bigint[]
) RETURNS treadle.claims LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
  found treadle.claims;
BEGIN
  WITH picked AS MATERIALIZED (
    SELECT head.seq FROM unnest(from_lines, most_of_each, mark_ranks, mark_seqs) AS l (line, most, rank, seq) CROSS JOIN LATERAL (
      SELECT seq FROM treadle.runs
      WHERE state = 'ready' AND line = l.line AND (rank, seq) > (coalesce(l.rank, '-9223372036854775808'), coalesce(l.seq, 0))
      ORDER BY rank, seq LIMIT l.most
      FOR NO KEY UPDATE SKIP LOCKED -- whoever binds a child to a run does not keep it from being claimed
    ) AS head
  ), claimed AS (
    UPDATE treadle.runs AS r
    SET state = 'running', token = token + 1, worker_id = worker, claimed_at = claim.at, events = events + 1, reason = NULL
    WHERE seq = ANY (ARRAY (SELECT seq FROM picked))
    RETURNING id, domain, job_id, queue, requires, priority, token, failures, losses, solo_losses, suspect, due_at,
              created_at, work, inputs, depends IS NOT NULL AS has_parents, stepped, line, rank, seq, events
  ), sorted AS MATERIALIZED (
    SELECT * FROM claimed ORDER BY rank, seq
  ), told AS (
    INSERT INTO treadle.events (batch, ordinal, domain, type, subject, n, job_id, at, data)
    SELECT event_batch, first_ordinal - 1 + row_number() OVER (), domain, 'run.started', id, events, job_id, claim.at,
           convert_to('{"attempt":' || failures + losses + 1 || ',"token":' || token || '}', 'UTF8')
    FROM sorted
  )
  SELECT array_agg(id), array_agg(domain), array_agg(job_id), array_agg(queue), array_agg(requires), array_agg(priority),
         array_agg(token), array_agg(failures), array_agg(losses), array_agg(solo_losses), array_agg(suspect),
         array_agg(due_at), array_agg(created_at), array_agg(work), array_agg(inputs), array_agg(has_parents),
         array_agg(stepped), array_agg(line), array_agg(rank), array_agg(seq)
  INTO found FROM sorted;
  RETURN found;
END
$$;

-- The lines that have ready runs, by leaping over the index from line to line.
CREATE FUNCTION treadle.ready_lines() RETURNS bigint[] LANGUAGE sql
SET plan_cache_mode = force_generic_plan SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
  WITH RECURSIVE leap (line) AS (
    (SELECT line FROM treadle.runs WHERE state = 'ready' ORDER BY line LIMIT 1)
    UNION ALL
    SELECT (SELECT line FROM treadle.runs WHERE state = 'ready' AND line > leap.line ORDER BY line LIMIT 1)
    FROM leap WHERE leap.line IS NOT NULL
  )
  SELECT ARRAY (SELECT line FROM leap WHERE line IS NOT NULL)
$$;

-- A worker's trip: settle what has ended for good, and claim the next. Nothing is done where its lease is not `alive`.
-- Whatever is not usual is left to the engine, which goes on where not all was done: `whole` says that it was.
CREATE FUNCTION treadle.step(
  event_batch bigint, worker text, told_now bigint,
  run_ids text[], run_tokens bigint[], ended_ats bigint[], began_ats bigint[], run_results bytea[], ways integer[],
  final_states text[], run_errors text[], failed integer[], lost integer[], lost_alone integer[], doubtful boolean[],
  event_types text[], event_data bytea[], -- see the function `finish`
  want bigint, -- how many runs to claim
  open_lines bigint[], shut_lines bigint[], -- the lines from which the worker may take, and those from which it may not
  mark_lines bigint[], mark_ranks bigint[], mark_seqs bigint[], -- open lines with marks: no others are looked at then
  OUT alive boolean, OUT whole boolean, OUT settled integer[], OUT any_follow boolean, OUT moment bigint,
  OUT next_due bigint, OUT cancels text[], OUT look_took bigint, -- microseconds; NULL where there were marks
  OUT front_lines bigint[], OUT front_ranks bigint[], -- where several lines had runs: the best rank of each before the claim
  OUT claimed treadle.claims
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
  ending integer := cardinality(run_ids);
  lease record;
  ready bigint[];
  counts bigint[];
BEGIN
  whole := false;
  settled := '{}';
  any_follow := false;
  moment := coalesce(told_now, treadle.now());
  SELECT state, lease_until INTO lease FROM treadle.workers WHERE id = worker;
  alive := FOUND AND lease.state IN ('online', 'draining', 'disabled') AND lease.lease_until > moment;
  IF NOT alive THEN
    RETURN;
  END IF;
  IF want > 0 THEN -- see the statement `claim_alone`
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('worker' || worker, 0));
  END IF;

  IF ending > 0 THEN
    settled := treadle.finish(event_batch, 0, true, run_ids, run_tokens, ended_ats, began_ats, run_results, ways,
                              final_states, run_errors, failed, lost, lost_alone, doubtful, event_types, event_data);
    -- Looked for once the runs are gone: whoever binds a child to one of them holds it meanwhile, or comes too late.
    IF EXISTS (SELECT 1 FROM treadle.dependents) THEN
      INSERT INTO treadle.resolutions (parent)
      SELECT run_ids[place] FROM unnest(settled) AS place
      WHERE EXISTS (SELECT 1 FROM treadle.edges WHERE parent = run_ids[place] AND verdict IS NULL);
    END IF;
    IF EXISTS (SELECT 1 FROM treadle.links WHERE follows) THEN
      INSERT INTO treadle.triggers (domain, job_id, upstream, run_id)
      SELECT h.domain, links.id, h.job_id, h.id
      FROM treadle.history AS h JOIN treadle.links ON links.domain = h.domain AND links.named = h.job_id AND follows
      WHERE h.id IN (SELECT run_ids[place] FROM unnest(settled) AS place) AND h.state = 'completed'
      ORDER BY h.finished_at, h.id;
      any_follow := FOUND;
    END IF;
  END IF;

  -- What came before may have waited for locks: nobody is to begin a run by the time of then, or under a lease of then.
  moment := coalesce(told_now, treadle.now());
  SELECT least((SELECT min(due_at) FROM treadle.runs WHERE state = 'scheduled'),
               (SELECT min(next_at) FROM treadle.rates WHERE next_at IS NOT NULL),
               (SELECT min(timeout_at) FROM treadle.waits WHERE timeout_at IS NOT NULL)),
         ARRAY (SELECT id FROM treadle.runs WHERE worker_id = worker AND cancel_at IS NOT NULL)
  INTO next_due, cancels;
  whole := cardinality(settled) = ending AND lease.state = 'online' AND lease.lease_until > moment
    AND coalesce(next_due > moment, true)
    AND NOT EXISTS (SELECT 1 FROM treadle.resolutions) AND NOT EXISTS (SELECT 1 FROM treadle.rates)
    AND NOT EXISTS (SELECT 1 FROM treadle.runs WHERE worker_id = worker AND claimed_at IS NOT NULL AND suspect);
  IF whole THEN
    ready := mark_lines;
    IF cardinality(mark_lines) = 0 THEN
      look_took := treadle.now();
      ready := treadle.ready_lines();
      look_took := treadle.now() - look_took;
      whole := ready <@ (open_lines || shut_lines);
      ready := ARRAY (SELECT unnest(ready) INTERSECT SELECT unnest(open_lines));
    END IF;
    IF EXISTS (SELECT 1 FROM treadle.queues) THEN
      whole := whole AND NOT EXISTS (
        SELECT 1 FROM treadle.lines JOIN treadle.queues ON queues.domain = lines.domain AND queues.name = lines.queue
        WHERE lines.id = ANY (ready)
      );
    END IF;
  END IF;
  IF whole AND want > 0 THEN
    counts := ARRAY[want];
    IF cardinality(ready) > 1 THEN
      SELECT array_agg(line), array_agg(most), array_agg(rank), array_agg(seq), array_agg(line), array_agg(front)
      INTO ready, counts, mark_ranks, mark_seqs, front_lines, front_ranks FROM (
        SELECT line, rank, seq, count(*) FILTER (WHERE place <= want) AS most, min(head_rank) AS front FROM (
          SELECT l.*, head.rank AS head_rank, row_number() OVER (ORDER BY head.rank, head.seq) AS place
          FROM unnest(ready, mark_ranks, mark_seqs) AS l (line, rank, seq) CROSS JOIN LATERAL (
            SELECT rank, seq FROM treadle.runs
            WHERE state = 'ready' AND line = l.line AND (rank, seq) > (coalesce(l.rank, '-9223372036854775808'), coalesce(l.seq, 0))
            ORDER BY rank, seq LIMIT want
          ) AS head
        ) AS heads GROUP BY line, rank, seq
      ) AS counted;
    END IF;
    IF cardinality(ready) > 0 THEN
      claimed := treadle.claim(event_batch, ending, worker, moment, ready, counts, mark_ranks, mark_seqs);
    END IF;
  END IF;
  IF cardinality(settled) > 0 OR claimed.ids IS NOT NULL THEN
    INSERT INTO treadle.event_batches (id) VALUES (event_batch); -- last of all
  END IF;
END
$$;

-- Store new runs with their events, in their order. What several have in common comes once: `kinds` are the places of it.
-- Gates come as texts, each an array's: an array of arrays would have to be of equal lengths. Where an event's data is
-- missing, there is nothing to tell.
CREATE FUNCTION treadle.put_runs(
  event_batch bigint, first_ordinal integer,
  run_ids text[], run_ranks bigint[], due_ats bigint[], created_ats bigint[], run_inputs bytea[], kinds integer[],
  run_lines bigint[], run_states text[], run_domains text[], job_ids text[], job_versions bigint[], run_queues text[],
  all_require text[], priorities text[], causes text[], schedule_ids text[], slots bigint[], retries_of text[],
  run_limits text[], all_depend text[], run_gates text[], reasons text[], works bytea[], event_data bytea[]
) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET jit = off
AS $$
BEGIN
  INSERT INTO treadle.runs (id, line, state, rank, due_at, created_at, domain, job_id, job_version, queue, requires,
                            priority, cause, schedule_id, slot, retry_of, limits, depends, gates, reason, work, inputs)
  SELECT run_ids[i], run_lines[kinds[i]], run_states[kinds[i]], run_ranks[i], due_ats[i], created_ats[i],
         run_domains[kinds[i]], job_ids[kinds[i]], job_versions[kinds[i]], run_queues[kinds[i]], all_require[kinds[i]],
         priorities[kinds[i]], causes[kinds[i]], schedule_ids[kinds[i]], slots[kinds[i]], retries_of[kinds[i]],
         run_limits[kinds[i]], all_depend[kinds[i]], run_gates[kinds[i]]::bigint[], reasons[kinds[i]], works[kinds[i]],
         run_inputs[i]
  FROM generate_series(1, cardinality(run_ids)) AS i;
  INSERT INTO treadle.events (batch, ordinal, domain, type, subject, n, job_id, at, data)
  SELECT event_batch, first_ordinal + i - 1, run_domains[kinds[i]], 'run.queued', run_ids[i], 1, job_ids[kinds[i]],
         created_ats[i],
         coalesce(event_data[i], '{}')
  FROM generate_series(1, cardinality(run_ids)) AS i;
END
$$;

-- A submit of runs that depend on nothing, have no limits and no keys, and whose lines are there. Answers false, and stores
-- nothing, where one of their queues drains.
CREATE FUNCTION treadle.submit(
  event_batch bigint,
  run_ids text[], run_ranks bigint[], due_ats bigint[], created_ats bigint[], run_inputs bytea[], kinds integer[],
  run_lines bigint[], run_states text[], run_domains text[], job_ids text[], job_versions bigint[], run_queues text[],
  all_require text[], priorities text[], causes text[], schedule_ids text[], slots bigint[], retries_of text[],
  run_limits text[], all_depend text[], run_gates text[], reasons text[], works bytea[]
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM treadle.queues
    WHERE state = 'draining' AND (domain, name) IN (SELECT * FROM unnest(run_domains, run_queues))
  ) THEN
    RETURN false;
  END IF;
  PERFORM treadle.put_runs(event_batch, 0, run_ids, run_ranks, due_ats, created_ats, run_inputs, kinds, run_lines,
                           run_states, run_domains, job_ids, job_versions, run_queues, all_require, priorities, causes,
                           schedule_ids, slots, retries_of, run_limits, all_depend, run_gates, reasons, works, '{}');
  INSERT INTO treadle.event_batches (id) VALUES (event_batch); -- last of all
  RETURN true;
END
$$;
