"""Rules of models: each is an expression over the model's own fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from featuregen.spec.draft import Draft
    from featuregen.spec.model import FeatureSpec


def check_rules(spec: FeatureSpec, draft: Draft) -> None:
    """Report what is no expression, at the part of it that is at fault."""
    if not any(model.rules for model in spec.models.values()):
        return  # importing the parser of expressions costs time
    from featuregen.spec.expressions import ExpressionError, parse_expression

    for model in spec.models.values():
        if (
            model.derived is not None
            or model.name not in draft.whole_models
            or len(model.fields) == 0
        ):
            continue
        fields = {field.name: field for field in model.fields}
        for index, rule in enumerate(model.rules):
            if not rule.check:
                continue
            try:
                parse_expression(rule.check, fields)
            except ExpressionError as error:
                offset = min(error.offset, max(len(rule.check) - 1, 0))
                path = ("models", model.name, "rules", index, "check")
                draft.findings.add(
                    "FG601", error.message, path, hint=error.hint, within=(rule.check, offset, 1)
                )
