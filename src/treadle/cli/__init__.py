"""The command line: a module per noun, put together in `main`."""
