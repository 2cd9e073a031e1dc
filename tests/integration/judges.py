# SPDX-License-Identifier: ISC
"""What ldns-verify-zone, dnssec-verify and kzonecheck say of a signed zone, given as the text of a master file."""

import pathlib
import re

from harness import run


def disagreement(zone, text, directory):
    """Who finds fault with it → what he says; {} when all three find it right. An unsigned zone is wrong."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{zone.strip('.')}.judged"
    path.write_text(text)
    # A zone with one kind of key: dnssec-verify would miss the other kind.
    both = re.search(r"\sDNSKEY\s+256 ", text) and re.search(r"\sDNSKEY\s+257 ", text)
    judges = {
        "ldns-verify-zone": [path],
        "dnssec-verify": [*([] if both else ["-z"]), "-o", zone, path],
        "kzonecheck": ["-d", "on", "-o", zone, path],
    }
    found = {}
    for judge, arguments in judges.items():
        done = run(judge, *arguments, check=False)
        if done.returncode != 0:
            found[judge] = done.stdout + done.stderr
    if not re.search(r"\sRRSIG\s", text):
        found["all"] = "there is no signature in it"
    return found
