"""Make the committed examples anew from their specs; `git diff` then shows what a template changed."""

from __future__ import annotations

import shutil
from pathlib import Path

from featuregen.pipeline import Options, new
from featuregen.progress import Silent

EXAMPLES = Path(__file__).resolve().parent
OUTPUTS = {"payment/payment.yaml": "payment/payment-api"}


def main() -> None:
    for spec, output in OUTPUTS.items():
        shutil.rmtree(EXAMPLES / output, ignore_errors=True)
        new(EXAMPLES / spec, EXAMPLES / output, Options(verify=False), Silent())


if __name__ == "__main__":
    main()
