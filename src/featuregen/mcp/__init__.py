"""featuregen for coding agents, over the Model Context Protocol.

`work` does what the tools do, as plain data and without the SDK; `server` puts the protocol around
it. Both are leaves like `cli`: they parse, call the pipeline, and answer.
"""
