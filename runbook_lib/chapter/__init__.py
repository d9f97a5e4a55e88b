"""What the book does, one module a subject: probe, plan, apply. `OPERATIONS` has all of it in the chapter's order."""

from runbook_lib.chapter.build import build_keepalived
from runbook_lib.chapter.check_script import install_check_script
from runbook_lib.chapter.clean_up import clean_up
from runbook_lib.chapter.client import install_client
from runbook_lib.chapter.config import write_configuration
from runbook_lib.chapter.daemon import start_keepalived
from runbook_lib.chapter.firewall import allow_vrrp, open_ports
from runbook_lib.chapter.openresty import install_openresty
from runbook_lib.chapter.operation import Operation
from runbook_lib.chapter.service import enable_service, register_service

OPERATIONS: tuple[Operation, ...] = (
    install_openresty,
    open_ports,
    build_keepalived,
    register_service,
    enable_service,
    allow_vrrp,
    write_configuration,
    install_check_script,
    start_keepalived,
    install_client,
    clean_up,
)
