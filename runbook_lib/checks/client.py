"""Checks of the chapter's last test: the application answers, is registered, and follows what Nacos holds."""

from __future__ import annotations

from runbook_lib.chapter.client import (
    PAGE,
    SENTENCE,
    UNIT,
    Instance,
    NewValue,
    ask_application,
    registered_instances,
)
from runbook_lib.chapter.client_jar import NAME
from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.hosts import OpenSite

LOG = f"journalctl -u {UNIT} -n 50"
NO_CLIENT = "the site has no client machine"


def client_answers(site: OpenSite, expect: NewValue | None = None) -> Check:
    """Check `client.answers`: /getConfig gives what Nacos holds: `expect`, or the chapter's sentence."""
    wanted = expect.info if expect else SENTENCE

    def observe() -> Verdict:
        if site.client is None:
            return Verdict.skipped(NO_CLIENT)
        return judge_answer(ask_application(site.client), wanted)

    return Check("client.answers", f"curl {PAGE} on the client gives {wanted!r}.", "08", observe)


def judge_answer(answer: str | None, wanted: str) -> Verdict:
    """FAILED for no answer and for another one, each with its own hint. Pure."""
    if answer is None:
        hint = f"Notebook 08 runs it; it starts within 10 s once Nacos answers through the VIP: {LOG}"
        return Verdict.failed("no answer", hint)
    if answer != wanted:
        hint = "It hears of a change by its long poll: at once, or 45 s after the VIP's holder was lost."
        return Verdict.failed(repr(answer), hint)
    return Verdict.passed(repr(answer))


def client_registered(site: OpenSite) -> Check:
    """Check `client.registered`: Nacos lists the application, healthy, with the client's address."""

    def observe() -> Verdict:
        if site.model.client_machine is None:
            return Verdict.skipped(NO_CLIENT)
        return judge_instances(registered_instances(site), site.model.client_machine.address)

    return Check("client.registered", f"Nacos lists {NAME}, healthy, at the client's address.", "08", observe)


def judge_instances(found: tuple[Instance, ...], address: str) -> Verdict:
    """FAILED while it isn't listed there, or not healthy. Pure."""
    observed = ", ".join(f"{i.ip}:{i.port} {'healthy' if i.healthy else 'not healthy'}" for i in found) or "no instance"
    if any(i.ip == address and i.healthy for i in found):
        return Verdict.passed(observed)
    return Verdict.failed(observed, f"Notebook 08 runs it; it registers when it has started, through the VIP: {LOG}")
