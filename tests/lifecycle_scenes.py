"""Three small features and what the tests of their later life do with them."""

from __future__ import annotations

from pathlib import Path

from featuregen.lifecycle.removing import remove
from featuregen.lifecycle.updating import check_update, update
from featuregen.merge.state import ConflictMode
from featuregen.pipeline import Options, new
from featuregen.progress import Silent
from featuregen.results import RunResult

QUICK = Options(verify=False)

GREETING = """\
featuregen: 1
feature: greeting
models:
  Greeting:
    fields:
      text: {type: string, max_length: 80}
operations:
  say_hello: {method: GET, path: /hello, response: Greeting, auth: none, hook: say_hello}
  say_goodbye: {method: GET, path: /goodbye, response: Greeting, auth: none, hook: say_goodbye}
"""

TICKET = """\
featuregen: 1
feature: ticket
settings:
  desk_url: {type: url, example: "https://desk.example.com"}
  desk_key: {type: secret, example: key-of-the-desk}
errors:
  DeskError: {status: 503, title: Desk unavailable}
upstreams:
  desk:
    base_url: desk_url
    auth: {bearer: desk_key}
    errors: {other: {raise: DeskError}}
models:
  TicketRequest:
    fields:
      subject: {type: string, min_length: 1, max_length: 120}
      urgency: {type: enum, values: [low, high], default: low}
  Ticket:
    fields:
      ticket_id: {type: string, min_length: 1, max_length: 40}
      subject: {type: string, max_length: 120}
operations:
  open_ticket:
    method: POST
    path: /
    request: TicketRequest
    response: Ticket
    status: 201
    call:
      method: POST
      path: /tickets
      send: {title: subject, urgency: urgency}
      receive: {ticket_id: id, subject: title}
  get_ticket:
    method: GET
    path: /{ticket_id}
    response: Ticket
    permission: tickets.read
    call:
      method: GET
      path: /tickets/{ticket_id}
      receive: {ticket_id: id, subject: title}
"""

POLL = """\
featuregen: 1
feature: poll
settings:
  poll_size: {type: int, default: 20, description: Choices in a poll}
errors:
  PollClosedError: {status: 409, title: Poll closed}
models:
  Vote:
    fields:
      choice: {type: int, ge: 1, le: 20}
      weight: {type: decimal, gt: 0, le: 1, decimal_places: 2}
  Result:
    fields:
      votes: {type: int, ge: 0}
operations:
  vote:
    method: POST
    path: /votes
    request: Vote
    response: Result
    auth: none
    rate_limit: 5/minute
    errors: [PollClosedError]
    hook: count_vote
"""

SHELF = """\
featuregen: 1
feature: shelf
entities:
  Shelf:
    fields:
      label: {type: string, max_length: 40}
crud: {entity: Shelf, only: [create, get]}
"""

SPECS = {"greeting": GREETING, "poll": POLL, "ticket": TICKET}
STORING = {"shelf": SHELF}


def add(root: Path, *features: str) -> None:
    """Bring features in, one run for each."""
    for feature in features:
        spec = root.parent / f"{feature}.yaml"
        spec.write_text({**SPECS, **STORING}[feature])
        new(spec, root, QUICK, Silent())


def update_now(
    root: Path, *features: str, conflicts: ConflictMode = "inline", dry_run: bool = False
) -> RunResult:
    """`featuregen update --no-verify`."""
    return update(
        root, features, QUICK, Silent(), conflicts=conflicts, dry_run=dry_run, diffs=dry_run
    )


def remove_now(root: Path, feature: str, *, force: bool = False) -> RunResult:
    """`featuregen remove --no-verify`."""
    return remove(root, feature, QUICK, Silent(), force=force)


def is_due(root: Path) -> bool:
    """Whether `featuregen update --check` fails."""
    return check_update(root, (), Silent()).outcome == "due"


def edit(root: Path, path: str, old: str, new: str) -> None:
    """Edit a file as a person would; the old text must be there once."""
    place = root / path
    text = place.read_bytes().decode()
    assert text.count(old) == 1, f"{path} has {text.count(old)} times {old!r}"
    place.write_bytes(text.replace(old, new).encode())


def edit_spec(root: Path, feature: str, old: str, new: str) -> None:
    """Edit the spec that lies with the code."""
    edit(root, f"features/{feature}.yaml", old, new)


def tree(root: Path) -> dict[str, tuple[str, int, bytes]]:
    """All there is below a folder: kind, mode, content; folders too, so that empty ones count."""
    found: dict[str, tuple[str, int, bytes]] = {}
    for place in sorted(root.rglob("*")) if root.exists() else ():
        if place.name == "__pycache__" or place.parent.name == "__pycache__":
            continue
        path = place.relative_to(root).as_posix()
        mode = place.lstat().st_mode & 0o777
        if place.is_symlink():
            found[path] = ("link", 0, str(place.readlink()).encode())
        elif place.is_dir():
            found[path] = ("folder", mode, b"")
        else:
            found[path] = ("file", mode, place.read_bytes())
    return found


def times(root: Path) -> dict[str, int]:
    """When each file was written last."""
    return {
        str(place.relative_to(root)): place.stat().st_mtime_ns
        for place in sorted(root.rglob("*"))
        if place.is_file()
    }
