"""The chapter's defects, each shown and then cured on the site, which is as before then.

A demonstration runs with `disruption: demonstrations` only. It touches nothing, or records its undo on the node first,
and counts as no change.
"""

from runbook_lib.demonstrations.clear_text import clear_text_shown, show_clear_text
from runbook_lib.demonstrations.combinations import combinations_shown, show_combinations
from runbook_lib.demonstrations.control_group import control_group_shown, show_control_group
from runbook_lib.demonstrations.direct_rule import direct_rule_shown, show_direct_rule
from runbook_lib.demonstrations.include_order import include_order_shown, show_include_order
from runbook_lib.demonstrations.init_script import init_script_shown, show_init_script
from runbook_lib.demonstrations.not_executable import not_executable_shown, show_not_executable
from runbook_lib.demonstrations.priorities import priorities_shown, show_priorities
from runbook_lib.demonstrations.process_count import process_count_shown, show_process_count
from runbook_lib.demonstrations.script_security import script_security_shown, show_script_security
from runbook_lib.demonstrations.stale_arp import show_stale_arp, stale_arp_shown
from runbook_lib.demonstrations.without_killall import show_without_killall, without_killall_shown

__all__ = [
    "clear_text_shown",
    "combinations_shown",
    "control_group_shown",
    "direct_rule_shown",
    "include_order_shown",
    "init_script_shown",
    "not_executable_shown",
    "priorities_shown",
    "process_count_shown",
    "script_security_shown",
    "show_clear_text",
    "show_combinations",
    "show_control_group",
    "show_direct_rule",
    "show_include_order",
    "show_init_script",
    "show_not_executable",
    "show_priorities",
    "show_process_count",
    "show_script_security",
    "show_stale_arp",
    "show_without_killall",
    "stale_arp_shown",
    "without_killall_shown",
]
