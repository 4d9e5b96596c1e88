"""What the user has taken out of shared files: it stays out."""

from __future__ import annotations

from featuregen.lifecycle.known import Known, on_disk, pristine


def taken_out(known: Known) -> dict[str, tuple[str, ...]]:
    """Ids that were wired and no longer stand in their files, by feature."""
    from featuregen.wiring.wire import PATHS, wire_all

    base = pristine({p: item for p, item in known.project.files.items() if p in PATHS})
    ours = on_disk(known.root, base)
    texts: dict[str, str | None] = {}
    for path, state in ours.items():
        if state != base[path] and state.link is None:
            try:
                texts[path] = state.text.decode()
            except UnicodeDecodeError:
                continue
    if not texts:
        return {}
    contributions = known.contributions()
    previous = {each.feature: each for each in contributions}
    ledgers = {name: lock.wired for name, lock in known.features.items()}
    gone = set(wire_all(texts, contributions, previous=previous, ledgers=ledgers).removed_by_user)
    return {
        name: tuple(key for key in sorted(ledger) if key in gone)
        for name, ledger in ledgers.items()
    }
