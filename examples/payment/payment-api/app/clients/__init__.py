"""Clients of other HTTP APIs, one module for each upstream."""
