"""What a notebook's cells call: open the site, show a thing, verify a claim, watch the pair."""

from runbook_lib.notebook.live import watch
from runbook_lib.notebook.open_site import open_site
from runbook_lib.notebook.show import show
from runbook_lib.notebook.verify import verify

__all__ = ["open_site", "show", "verify", "watch"]
