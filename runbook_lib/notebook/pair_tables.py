"""What `runbook lint` and `runbook predict` print of two keepalived.conf files. Pure."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

from runbook_lib.checks.config_findings import Finding
from runbook_lib.failover.theory.band import Band
from runbook_lib.failover.theory.pair import Pair
from runbook_lib.failover.theory.predictions import THEORIES, predict_outage
from runbook_lib.outward import outward_json

LONGEST = 500
WRAPPED = textwrap.TextWrapper(100, initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False)


def render_findings(findings: Sequence[Finding]) -> str:
    """Two lines a finding, the first as compilers say it: FILE:LINE: LEVEL rule: text. Pure."""
    lines = []
    for found in findings:
        first, *others = found.places
        also = f" (and {', '.join(map(str, others))})" if others else ""
        lines += [_shown(f"{first}: {found.level} {found.rule}: {found.text}{also}"), f"    -> {_shown(found.cure)}"]
    return "\n".join(lines) or "No finding."


def _shown(text: str) -> str:
    """What a file says, fit for a terminal: nothing in it moves the cursor, and nothing fills the screen."""
    plain = "".join(c if c.isprintable() else "�" for c in text)
    return plain if len(plain) <= LONGEST else f"{plain[:LONGEST]}…"


def render_findings_json(findings: Sequence[Finding]) -> str:
    """The same for programs. Pure."""
    values = [
        {
            "rule": found.rule,
            "level": found.level,
            "file": found.places[0].file,
            "line": found.places[0].line,
            "also": [{"file": place.file, "line": place.line} for place in found.places[1:]],
            "why": found.text,
            "cure": found.cure,
        }
        for found in findings
    ]
    return outward_json(values)


def render_predictions(pairs: Sequence[Pair]) -> str:
    """A heading for each instance, then each fault with its outage, and the parts of that. Pure."""
    return "\n\n".join(map(_table, pairs))


def _table(pair: Pair) -> str:
    instance = pair.holder.instance
    held = f"{pair.holder.name} holds {' '.join(instance.vips) or 'no VIP'}, {pair.standby.name} stands by"
    wire = f"VRRP version {pair.version}, an advertisement every {pair.advert_s:g} s"
    lines = [_shown(f"{instance.name}: {held}; {wire}")]
    wide = max(map(len, THEORIES))
    for fault in THEORIES:
        band = predict_outage(pair, fault)
        lines.append(f"{fault:<{wide}}  {band}")
        for part in band.parts:
            lines += WRAPPED.wrap(part.words)
    return "\n".join(lines)


def render_predictions_json(pairs: Sequence[Pair]) -> str:
    """The same for programs: a list of objects, milliseconds, null where only the undo ends the outage. Pure."""
    values = [
        {"instance": pair.holder.instance.name, "fault": fault, **_values(predict_outage(pair, fault))}
        for pair in pairs
        for fault in THEORIES
    ]
    return outward_json(values)


def _values(band: Band) -> dict[str, object]:
    parts = [{"name": p.name, "low_ms": _ms(p.low_s), "high_ms": _ms(p.high_s), "words": p.words} for p in band.parts]
    return {"low_ms": _ms(band.low_s), "high_ms": _ms(band.high_s), "because": band.because, "parts": parts}


def _ms(seconds: float) -> float | None:
    return None if math.isinf(seconds) else round(seconds * 1e3, 1)
