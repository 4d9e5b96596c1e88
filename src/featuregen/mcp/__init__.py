"""featuregen for coding agents, over the Model Context Protocol.

`work` does what the tools do, as plain data and without the SDK; `server` puts the protocol around
it. Both are leaves beside `cli`: they parse, call the pipeline, and answer.
"""
