"""Checks what `concord --output json demo` printed: one object a line, every step ok, and none of those missing
that show what is promised.

Usage: check_demo.py FILE. Exit 1 with the offending line if it is not so.
"""

import json
import sys


# What the demo has to show, in this order.
EXPECTED = [
    "federation.built",
    "nodes.ready",
    "register.imported",
    "search.hit",
    "search.by_name",
    "search.no_hit",
    "search.refused",
    "search.unreachable",
    "search.back",
    "route.carried",
    "route.failover",
    "route.brokered",
    "route.vetted",
    "agreement.event-ends",
    "agreement.withdrawn",
    "ledger.verified",
]


def complaint(line: str) -> str | None:
    """What is wrong with one line, or None."""
    try:
        step = json.loads(line)
    except json.JSONDecodeError as error:
        return f"is not JSON: {error}"
    if not isinstance(step, dict):
        return "is not an object"
    if not isinstance(step.get("step"), str) or "." not in step["step"]:
        return "has no step of the form subject.what"
    if step.get("ok") is not True:
        return "is not ok"
    if not isinstance(step.get("took_ms"), (int, float)):
        return "has no took_ms"
    if not step.get("says"):
        return "says nothing"
    return None


def main(path: str) -> int:
    with open(path, encoding="utf-8") as file:
        lines = [line.strip() for line in file]
    for number, line in enumerate(lines, start=1):
        if wrong := complaint(line):
            print(f"demo: line {number} {wrong}: {line}", file=sys.stderr)
            return 1
    steps = [json.loads(line)["step"] for line in lines]
    if (shown := [step for step in steps if step in EXPECTED]) != EXPECTED:
        print(f"demo: shows {shown} and not {EXPECTED}", file=sys.stderr)
        return 1
    print(f"demo: {len(steps)} steps, all ok")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
