"""Checks of chapter step 11 and figure 4.25: one holder, its answer through the VIP."""

from __future__ import annotations

from runbook_lib.chapter.vip import Answer, answer_through_vip, holds_vip, vip_holders
from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.errors import UnreachableError
from runbook_lib.hosts import Host, OpenSite


def one_vip_holder(site: OpenSite, expect: Host | None = None) -> Check:
    """Check `vip.one-holder`: exactly one node has the VIP; with `expect` that one, unless nobody preempts."""
    vip = site.model.vip
    expect = expect if site.model.vrrp.preempt else None
    who = f"{expect.name} holds" if expect else "exactly one node holds"
    name = expect.name if expect else None
    return Check("vip.one-holder", f"Of the pair {who} {vip}.", "07", lambda: judge_holders(vip_holders(site), name))


def judge_holders(holders: tuple[str, ...], expect: str | None) -> Verdict:
    """FAILED for none, for two, and for another one than expected, each with its own hint. Pure."""
    if not holders:
        return Verdict.failed(
            "nobody holds it",
            "After a start both wait 3A + skew; then: does keepalived run (notebook 07), does the script fail on both "
            "(run it by hand), is a cable out?",
        )
    if len(holders) > 1:
        return Verdict.failed(
            f"{' and '.join(holders)} both hold it",
            "They don't hear each other: the firewall drops VRRP (notebook 04), or their configurations differ "
            "(check config.agrees).",
        )
    if expect and holders != (expect,):
        return Verdict.failed(
            f"{holders[0]} holds it",
            f"{expect} gives it up when its cable is out, its script fails, its keepalived is stopped, or it has only "
            "just come back (it waits 3A + skew).",
        )
    return Verdict.passed(f"{holders[0]} holds it")


def vip_answers(site: OpenSite) -> Check:
    """Check `vip.answers`: a request through the VIP is answered by the node that holds it (figure 4.25)."""
    address = f"http://{site.vip_http}/entry"

    def observe() -> Verdict:
        answer, holders, lost = answer_through_vip(site), list[str](), dict[str, UnreachableError]()
        for node in site.nodes:
            try:
                holders += [node.name] if holds_vip(node, site.model.vip_address) else []
            except UnreachableError as error:
                lost[node.name] = error
        if lost and answer.entry not in holders:
            raise next(iter(lost.values()))
        return judge_answer(answer, tuple(holders), tuple(lost))

    return Check("vip.answers", f"{address} answers with 200, from the holder of the VIP.", "08", observe)


def judge_answer(answer: Answer, holders: tuple[str, ...], unasked: tuple[str, ...] = ()) -> Verdict:
    """FAILED for no answer, another status, and another answerer, each with its own hint. Pure.

    `unasked`: nodes that can't be reached; whether they hold the VIP too is not known.
    """
    holder = " and ".join(holders) or "nobody"
    said = answer.error or f"{answer.status} from {answer.entry or 'an entry that does not name itself'}"
    observed = f"asked from {answer.asker}: {said}"
    if not holders:
        return Verdict.failed(f"{observed}; nobody holds the VIP", "See why at vip.one-holder.")
    if not answer.status:
        return Verdict.failed(observed, f"OpenResty on {holder} and its firewall: notebook 01.")
    if answer.status != 200:
        return Verdict.failed(observed, f"OpenResty's error log on {holder}; notebook 01 writes its configuration.")
    if not answer.entry:
        return Verdict.warned(
            f"{observed}; {holder} holds the VIP", "Have each entry name itself: add_header X-Entry NAME always;"
        )
    if answer.entry not in holders:
        return Verdict.failed(
            f"{observed}; {holder} holds the VIP",
            f"A stale ARP entry on {answer.asker}, or a second machine with this address: ip neigh show there.",
        )
    unknown = "".join(f"; {name} can't be asked" for name in unasked)
    return Verdict.passed(f"{observed}, which holds the VIP{unknown}")
