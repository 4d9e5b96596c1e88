"""Make the examples anew from their specs; `git diff` then shows what a template changed.

The payment API is committed as it comes out. Of the others there is a list of files with their
hashes, `sha256sum --check` reads it: most of what they consist of is in the payment API, too.
"""

from __future__ import annotations

import shutil
import tempfile
from hashlib import sha256
from pathlib import Path

from featuregen.pipeline import Options, new
from featuregen.progress import Silent

EXAMPLES = Path(__file__).resolve().parent
WHOLE = {"payment"}


def specs() -> list[Path]:
    """Every example's spec."""
    return sorted(path for path in EXAMPLES.glob("*/*.yaml") if path.stem == path.parent.name)


def generate(spec: Path, folder: Path) -> Path:
    """Make the example's project, below `folder`."""
    root = folder / f"{spec.stem}-api"
    new(spec, root, Options(verify=False), Silent())
    return root


def manifest(root: Path) -> str:
    """The project's files with their hashes, as `sha256sum` writes them."""
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    return "".join(
        f"{sha256(path.read_bytes()).hexdigest()}  {path.relative_to(root.parent).as_posix()}\n"
        for path in paths
    )


def main() -> None:
    for spec in specs():
        if spec.stem in WHOLE:
            shutil.rmtree(spec.with_name(f"{spec.stem}-api"), ignore_errors=True)
            generate(spec, spec.parent)
            continue
        with tempfile.TemporaryDirectory() as folder:
            text = manifest(generate(spec, Path(folder)))
        spec.with_name(f"{spec.stem}-api.sha256").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
