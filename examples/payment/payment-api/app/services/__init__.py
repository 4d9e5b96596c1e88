"""Business logic, one module for each feature. No HTTP in here."""
