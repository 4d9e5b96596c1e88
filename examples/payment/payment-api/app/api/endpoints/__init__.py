"""The routers, one module for each feature."""
