"""PostgreSQL as an engine: any number of processes on any number of machines. Only this package imports its driver."""
