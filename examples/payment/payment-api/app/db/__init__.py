"""The database: what columns and ids are, who opens it, and how it is asked."""
