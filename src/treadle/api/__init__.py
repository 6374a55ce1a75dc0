"""HTTP: routes, schemas, streams. Routes parse and authorise; they hold no logic."""
