-- serves: 1
-- What people look at directly: docs/sql.md. In a schema of its own, so that readers can be let in here and nowhere else.
-- Live and finished runs are one; moments are timestamps, and JSON is jsonb (which cannot hold the character 0).

CREATE FUNCTION treadle.at(bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN timestamptz '1970-01-01 00:00:00+00' + $1 * interval '1 microsecond';

CREATE FUNCTION treadle.parse_json(text) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN replace($1, '\u0000', '\ufffd')::jsonb;

CREATE FUNCTION treadle.parse_json(bytea) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN treadle.parse_json(convert_from($1, 'UTF8'));

CREATE SCHEMA treadle_view;

CREATE VIEW treadle_view.jobs AS
SELECT id AS job_id, domain, version, job.body #>> '{spec,type}' AS type,
       coalesce(nullif(job.body #>> '{spec,name}', ''), id) AS name,
       job.body #>> '{spec,description}' AS description,
       coalesce((job.body #>> '{spec,enabled}')::boolean, true) AS enabled,
       job.body ->> 'source' AS source, job.body -> 'spec' AS spec,
       treadle.at(created_at) AS created_at, treadle.at(updated_at) AS updated_at
FROM treadle.documents CROSS JOIN LATERAL (SELECT treadle.parse_json(documents.body) AS body) AS job
WHERE kind = 'job';

CREATE VIEW treadle_view.runs AS
SELECT id, domain, job_id, job_version, state, queue, priority,
       failures + losses + CASE state WHEN 'running' THEN 1 ELSE 0 END AS attempt, failures, losses,
       treadle.parse_json(inputs) AS inputs, NULL::jsonb AS result, treadle.parse_json(error) AS error,
       treadle.parse_json(reason) AS reason, treadle.parse_json(depends) -> 'parents' AS depends_on,
       treadle.at(created_at) AS created_at, treadle.at(due_at) AS due_at,
       treadle.at(coalesce(started_at, claimed_at)) AS started_at, NULL::timestamptz AS finished_at,
       treadle.at(cancel_at) AS cancel_requested_at, worker_id, cause, schedule_id, treadle.at(slot) AS slot, retry_of,
       treadle.parse_json(work) AS work
FROM treadle.runs
UNION ALL
SELECT id, domain, job_id, job_version, state, queue, priority, attempt, failures, losses,
       treadle.parse_json(inputs), treadle.parse_json(result), treadle.parse_json(error), NULL,
       treadle.parse_json(depends) -> 'parents', treadle.at(created_at), treadle.at(due_at), treadle.at(started_at),
       treadle.at(finished_at), treadle.at(cancel_at), worker_id, cause, schedule_id, treadle.at(slot), retry_of,
       treadle.parse_json(work)
FROM treadle.history;

CREATE VIEW treadle_view.dead_letters AS
SELECT id, domain, job_id, queue, attempt, treadle.parse_json(inputs) AS inputs, treadle.parse_json(error) AS error,
       treadle.at(created_at) AS created_at, treadle.at(finished_at) AS finished_at
FROM treadle.history WHERE state = 'failed' AND resolution IS NULL;

CREATE VIEW treadle_view.attempts AS
SELECT run_id, domain, attempt, worker_id, event, treadle.parse_json(error) AS error, treadle.at(started_at) AS started_at,
       treadle.at(finished_at) AS finished_at
FROM treadle.attempts;

CREATE VIEW treadle_view.logs AS
SELECT seq, run_id, domain, attempt, treadle.at(at) AS at, stream, level, message, treadle.parse_json(fields) AS fields
FROM treadle.logs;

CREATE VIEW treadle_view.events AS
SELECT position << 20 | ordinal AS seq, domain, type, subject, job_id, treadle.at(at) AS at, treadle.parse_json(data) AS data
FROM treadle.event_batches JOIN treadle.events ON batch = id;

CREATE VIEW treadle_view.schedules AS
SELECT id, domain, job_id, enabled, treadle.at(next_at) AS next_at, treadle.at(last_slot) AS last_slot FROM treadle.schedules;

CREATE VIEW treadle_view.queues AS
SELECT name, domain, state, rate_runs, rate_window * interval '1 microsecond' AS rate_window FROM treadle.queues;

CREATE VIEW treadle_view.lanes AS
SELECT key, domain, coalesce(by_hand, declared) AS "limit", by_hand IS NOT NULL AS by_hand,
       (SELECT count(*) FROM treadle.slots WHERE gate = lanes.id) AS held,
       (SELECT count(*) FROM treadle.runs WHERE waits_for = lanes.id) AS waiting
FROM treadle.lanes;

CREATE VIEW treadle_view.workers AS
SELECT id, host, pid, state, slots, domains, queues, requires, version, treadle.at(registered_at) AS registered_at,
       treadle.at(seen_at) AS seen_at, treadle.at(lease_until) AS lease_until
FROM treadle.workers;

CREATE VIEW treadle_view.messages AS
SELECT id, domain, type, key, state, attempts, run_id, treadle.parse_json(payload) AS payload,
       treadle.parse_json(error) AS error, treadle.at(created_at) AS created_at, treadle.at(settled_at) AS settled_at
FROM treadle.messages;

-- The two tables of the Taiat job manager, by its names and columns. A run is its job, and a job is what names it.

CREATE VIEW treadle_view.taiat_jobs AS
SELECT runs.id::varchar AS id, coalesce(jobs.type, runs.work #>> '{executor,type}')::varchar AS job_type,
       coalesce(jobs.name, runs.job_id)::varchar AS name, jobs.description, runs.inputs AS payload,
       coalesce(runs.depends_on, '[]') AS dependencies, coalesce((runs.work #>> '{retry,max_retries}')::integer, 3) AS max_retries,
       runs.failures AS retry_count, CASE runs.state WHEN 'running' THEN 'running' ELSE 'pending' END::varchar AS status,
       runs.error ->> 'message' AS error_message, runs.result, runs.started_at AT TIME ZONE 'UTC' AS started_at,
       runs.finished_at AT TIME ZONE 'UTC' AS completed_at, runs.created_at AT TIME ZONE 'UTC' AS created_at,
       greatest(runs.created_at, runs.started_at, runs.cancel_requested_at) AT TIME ZONE 'UTC' AS updated_at
FROM treadle_view.runs LEFT JOIN treadle_view.jobs ON jobs.domain = runs.domain AND jobs.job_id = runs.job_id
WHERE runs.state IN ('scheduled', 'blocked', 'ready', 'running');

CREATE VIEW treadle_view.taiat_job_history AS
SELECT runs.id::varchar AS id, runs.id::varchar AS job_id,
       coalesce(jobs.type, runs.work #>> '{executor,type}')::varchar AS job_type,
       coalesce(jobs.name, runs.job_id)::varchar AS name, jobs.description, runs.inputs AS payload,
       coalesce(runs.depends_on, '[]') AS dependencies,
       CASE runs.state WHEN 'skipped' THEN 'cancelled' ELSE runs.state END::varchar AS status,
       runs.error ->> 'message' AS error_message, runs.result, runs.started_at AT TIME ZONE 'UTC' AS started_at,
       runs.finished_at AT TIME ZONE 'UTC' AS completed_at,
       floor(extract(epoch FROM runs.finished_at - runs.started_at))::integer AS duration_seconds,
       runs.created_at AT TIME ZONE 'UTC' AS created_at
FROM treadle_view.runs LEFT JOIN treadle_view.jobs ON jobs.domain = runs.domain AND jobs.job_id = runs.job_id
WHERE runs.state IN ('completed', 'failed', 'cancelled', 'skipped');
