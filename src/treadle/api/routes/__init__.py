"""Routes, a file per noun: parse, call a service, answer."""
