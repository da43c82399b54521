"""The Engine API, v1.24 to v1.51: a table from method and path to handler, one module for each kind of thing."""
