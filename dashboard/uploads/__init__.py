"""Classifiers from outside: checked, described and run in a sandbox, never in the app itself."""
