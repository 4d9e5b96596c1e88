"""Sample values of a spec: valid ones, just valid ones, just invalid ones.

All values are JSON as it travels: decimals are strings, datetimes ISO 8601. Nothing here is random,
so that the same spec gives the same tests.
"""

from __future__ import annotations

from featuregen.plan.boundaries import Case, inside, outside
from featuregen.plan.normal import normalised, normalised_model
from featuregen.plan.rule_samples import minimal_model, sample_model, violations
from featuregen.plan.sample_values import sample, setting_sample

__all__ = [
    "Case",
    "inside",
    "minimal_model",
    "normalised",
    "normalised_model",
    "outside",
    "sample",
    "sample_model",
    "setting_sample",
    "violations",
]
