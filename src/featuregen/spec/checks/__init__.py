"""What the parts of a spec must say together: one file for each subject."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.spec.checks.allowed import check_allowed
from featuregen.spec.checks.cycles import check_cycles
from featuregen.spec.checks.entities import check_entities
from featuregen.spec.checks.examples import check_examples
from featuregen.spec.checks.fields import check_fields
from featuregen.spec.checks.names import check_names
from featuregen.spec.checks.operations import check_operations
from featuregen.spec.checks.references import check_references
from featuregen.spec.checks.routes import check_routes
from featuregen.spec.checks.rows import check_rows
from featuregen.spec.checks.rules import check_rules
from featuregen.spec.checks.unused import check_unused
from featuregen.spec.checks.webhooks import check_webhooks

if TYPE_CHECKING:
    from featuregen.spec.draft import Draft
    from featuregen.spec.model import FeatureSpec


def check_all(spec: FeatureSpec, draft: Draft) -> None:
    """Every check; what they find goes to the draft's findings."""
    check_names(spec, draft)
    check_references(spec, draft)
    check_cycles(spec, draft)
    check_fields(spec, draft)
    check_entities(spec, draft)
    check_rules(spec, draft)
    check_routes(spec, draft)
    check_operations(spec, draft)
    check_rows(spec, draft)
    check_webhooks(spec, draft)
    check_examples(spec, draft)
    check_unused(spec, draft)
    check_allowed(spec, draft)
