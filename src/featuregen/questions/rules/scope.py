"""Who uses the feature, how fast it must be, when it is done, which rules bind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featuregen.questions.model import Choice, Gap
from featuregen.questions.rules.personal import is_personal
from featuregen.questions.survey import spoken
from featuregen.spec.edit import Append

if TYPE_CHECKING:
    from collections.abc import Iterator

    from featuregen.questions.survey import Survey


def users(survey: Survey) -> Iterator[Gap]:
    """Nothing says who uses it."""
    if survey.spec.requirements.users:
        return
    path = ("requirements", "users")
    signed_in = Choice("signed-in users", (Append(path, "signed-in users, each for themselves"),))
    anyone = Choice("anyone", (Append(path, "anyone, without signing in"),))
    is_open = all(one.auth == "none" for one in survey.spec.operations.values())
    first, second = (anyone, signed_in) if is_open else (signed_in, anyone)
    staff = Choice("staff", (Append(path, "staff who hold the permissions below"),))
    services = Choice("other services", (Append(path, "other services, each with its own token"),))
    yield Gap(path, "Who uses this feature?", (first, staff, services, second))


def performance(survey: Survey) -> Iterator[Gap]:
    """Nothing says how fast it must be."""
    if survey.spec.requirements.performance:
        return
    path = ("requirements", "performance")
    of_upstream = " plus the upstream's own time" if survey.calls else ""
    target = Append(path, f"95% of requests answer within 300 ms{of_upstream}")
    none = Append(path, "no target: best effort")
    choices = (Choice("95% within 300 ms", (target,)), Choice("no target", (none,)))
    yield Gap(path, "How fast must it answer?", choices)


def acceptance(survey: Survey) -> Iterator[Gap]:
    """Neither acceptance criteria nor examples."""
    if survey.spec.requirements.acceptance or survey.spec.examples:
        return
    path = ("requirements", "acceptance")
    first = next(iter(survey.spec.operations.values()), None)
    done = "A signed event is applied once"
    if first is not None:
        named = first.summary or spoken(first.name).capitalize()
        done = f"{named}: a valid request answers {first.status}"
    valid = Append(path, done)
    invalid = Append(path, f"A request that breaks a bound answers {survey.spec.validation_status}")
    choice = Choice("a valid request succeeds, an invalid one is refused", (valid, invalid))
    agreed = Append(path, "To be agreed with whoever wrote the ticket")
    yield Gap(path, "When is it done?", (choice, Choice("to be agreed", (agreed,))))


def compliance(survey: Survey) -> Iterator[Gap]:
    """Personal data, and nothing that says which rules bind it."""
    if survey.spec.requirements.compliance:
        return
    found = next((one for one in survey.seen() if is_personal(one.field)), None)
    if found is None:
        return
    path = ("requirements", "compliance")
    passed_on = Append(path, "personal data is passed on, not stored, and never logged")
    erased = Append(path, "personal data is erased within 30 days of a request")
    name = spoken(found.field.name)
    choices = (
        Choice("it is passed on only", (passed_on,)),
        Choice("it is stored, and erased on request", (erased,)),
    )
    yield Gap(path, f"How long is personal data ({name}) kept, and under which rules?", choices)
