"""The side of the sandbox that meets a stranger's file. Only the worker process imports it."""
