"""The command line: parse, call `pipeline`, print. No logic."""
