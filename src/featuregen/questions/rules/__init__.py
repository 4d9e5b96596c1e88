"""The rules, by subject. Each asks one question; `catalog` says which there are."""
