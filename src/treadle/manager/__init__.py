"""`JobManager` and `JobWorker`: jobs and agents from a plain script, in one process, on the services that all share."""
