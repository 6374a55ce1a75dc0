"""How people write jobs in Python: `@job`, what a handler is given, and finding the files in a `tasks/` folder."""
