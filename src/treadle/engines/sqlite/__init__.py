"""SQLite as an engine. Nobody but this package opens its file: a second SQLite library in the process, on closing it,
would drop the locks of the first."""
