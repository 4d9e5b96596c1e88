"""Keep a project of today's version, so that later ones are held to updating it.

It is a payment feature beside a feature with hooks, edited as people edit: see `EDITS`.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from featuregen.lock import parse_lock
from featuregen.pipeline import Options, new
from featuregen.progress import Silent
from featuregen.version import VERSION

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
SPECS = (
    REPOSITORY / "tests/cases/ok/payment-upstream.yaml",
    REPOSITORY / "tests/cases/ok/quote.yaml",
)
EDITS: tuple[tuple[str, str, str], ...] = (
    (
        "app/services/payment_service.py",
        '        log.info("create_payment")\n',
        '        log.info("create_payment")\n        self.edited_by_a_person += 1\n',
    ),
    (
        "app/services/payment_service.py",
        "    def __init__(self",
        "    edited_by_a_person = 0  # payments since the start\n\n    def __init__(self",
    ),
    (
        "app/services/quote_hooks.py",
        '    raise NotImplementedYetError("forget_quotes")\n',
        "    edited_by_a_person: set[str] = {article}\n    edited_by_a_person.clear()\n",
    ),
    ("app/main.py", "    return app\n", "    app.state.edited_by_a_person = True\n    return app\n"),
    ("README.md", "## Layout\n", "## Who\n\nEdited by a person.\n\n## Layout\n"),
    (".env.example", "LOG_LEVEL", "EDITED_BY_A_PERSON=1\n# LOG_LEVEL"),
)
DELETED = ("tests/test_conformance.py",)


def record(version: str, into: Path) -> None:
    """Write the folder of one version."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "shop-api"
        new(SPECS, root, Options(verify=False), Silent())
        for path in DELETED:
            (root / path).unlink()
        for path, old, text in EDITS:
            place = root / path
            before = place.read_text()
            if before.count(old) != 1:
                raise SystemExit(f"{path} has {before.count(old)} times {old!r}")
            place.write_text(before.replace(old, text))
        shutil.rmtree(into, ignore_errors=True)
        for name in (".featuregen", "features"):
            shutil.copytree(root / name, into / name)
        _keep_edited(root, into)
    (into / "deleted.txt").write_text("".join(f"{path}\n" for path in DELETED))
    if version != VERSION:
        for place in into.glob(".featuregen/*.*"):
            place.write_text(place.read_text().replace(f'"{VERSION}"', f'"{version}"'))


def _keep_edited(root: Path, into: Path) -> None:
    for lock in root.glob(".featuregen/*.lock"):
        for path, pristine in parse_lock(lock.read_text(), lock.stem).files.items():
            place = root / path
            if place.is_file() and place.read_bytes() != pristine.text:
                (into / "edited" / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(place, into / "edited" / path)


if __name__ == "__main__":
    chosen = sys.argv[1] if len(sys.argv) > 1 else VERSION
    record(chosen, HERE / chosen)
