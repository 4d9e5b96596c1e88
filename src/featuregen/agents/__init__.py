"""What coding agents need to find featuregen: a skill, a subagent, an MCP server, a note.

`targets` says which agent reads which file, `parts` how our part of a file is read and written, and
`installing` merges it all into a folder, as updates merge code: what a user has changed stays.
"""
