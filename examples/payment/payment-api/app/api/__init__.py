"""The HTTP side of the features."""
