"""The later life of a feature: update, remove, rename, and what can be asked about it.

Every command here goes the same way: what the locks and the disk say (`known`), what the specs and
templates say now (`rendering`), the two brought together (`carrying`), proven, applied, told.
"""
