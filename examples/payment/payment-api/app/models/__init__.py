"""Request and response models, one module for each feature."""
