"""The site: what one parameter file describes. The defaults are the chapter's lab, so that JupyterLab needs no file."""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    ValidationError,
    model_validator,
)

from runbook_lib.errors import ParameterError

FIXED_WEIGHT = 0
CHAPTER_WEIGHT = -20
SYSTEM = (
    "/bin/",
    "/boot/",
    "/dev/",
    "/etc/",
    "/lib/",
    "/proc/",
    "/run/",
    "/sbin/",
    "/sys/",
    "/usr/bin/",
    "/usr/lib/",
    "/usr/sbin/",
)
MEMBER = r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?:[0-9]{1,5}"
"""Goes into nginx.conf as it stands."""
SHORTEST_V3_S, LONGEST_V3_S = 0.01, 40.95
"""What VRRP version 3 can carry as its interval: 12 bits of centiseconds, none of them 0 (RFC 5798 5.2.7)."""
DISRUPTIONS = ("none", "faults", "demonstrations")


def _text(value: object) -> object:
    """YAML makes 1111 a number and 0111 an octal one: what was meant can't be known any more."""
    if value is not None and not isinstance(value, str):
        raise ValueError(f"YAML read this as {type(value).__name__} {value!r}: quote this value")
    return value


def _folder_of_its_own(path: str, program: str) -> str:
    """It is replaced as a whole, and taken away by notebook 90: nobody else's things may be in it."""
    parts = path.split("/")
    if parts[0] != "" or len(parts) < 3 or any(part in ("", ".", "..") for part in parts[1:]):
        raise ValueError("not an absolute path in its shortest form, with a folder above it")
    if path.startswith(SYSTEM):
        raise ValueError("a folder of the system's: take one below /usr/local or /opt")
    if not parts[-1].startswith(program) or not re.fullmatch(r"[A-Za-z0-9._/-]+", path):
        raise ValueError(f"{program} needs a folder of its own, whose name begins with {program}")
    return path


Text = Annotated[str, BeforeValidator(_text)]
OpenRestyFolder = Annotated[Text, AfterValidator(lambda path: _folder_of_its_own(path, "openresty"))]
KeepalivedFolder = Annotated[Text, AfterValidator(lambda path: _folder_of_its_own(path, "keepalived"))]
Name = Annotated[str, BeforeValidator(_text), Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
Variable = Annotated[str, BeforeValidator(_text), Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Integer = Annotated[int, Strict()]  # YAML's `on` is no number, and "80" is text
Seconds = Annotated[float, Strict(), Field(gt=0, le=255)]
Read = TypeVar("Read")


class Part(BaseModel):
    """A part of the site: frozen, and every key known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Ssh(Part):
    """How a machine of the ssh substrate is reached (the lab knows its own). Secrets: names of variables only."""

    address: Annotated[str, BeforeValidator(_text), Field(max_length=253)] | None = None
    """Where to connect, when it is not the machine's address on the segment."""
    port: Integer = Field(22, ge=1, le=65535)
    user: Text = "root"
    key_file: Text | None = None
    """A private key; None: the agent's keys and the usual files."""
    password_env: Variable | None = None
    """Name of the environment variable that holds the password."""
    fingerprint: Text | None = Field(None, pattern=r"^SHA256:[A-Za-z0-9+/]{43}$")
    """`SHA256:…` of the host key; None: known_hosts decides."""
    sudo: bool = False
    sudo_password_env: Variable | None = None


class Machine(Part):
    """A machine: its name, its address on the segment, how it is reached."""

    name: Name
    address: Text
    ssh: Ssh = Ssh()


class Node(Machine):
    """One of the HA pair (table 4.2)."""

    priority: Integer = Field(ge=1, le=254)
    """VRRP priority: 1-254; 255 is the address owner's, 0 is what a node sends when it leaves (RFC 3768 5.3.4)."""


class Nodes(Part):
    """The pair. MASTER is .129 and BACKUP is .128, as in table 4.2."""

    master: Node = Node(name="node129", address="192.168.42.129", priority=100)
    backup: Node = Node(name="node128", address="192.168.42.128", priority=50)

    @property
    def pair(self) -> tuple[Node, Node]:
        """MASTER, then BACKUP."""
        return self.master, self.backup


class Lab(Part):
    """Which embedded lab the site lives in."""

    name: Name = "chapter"
    release: Literal["bookworm", "trixie"] = "bookworm"


class Vrrp(Part):
    """The VRRP instance, equal on both nodes (chapter steps 7-8)."""

    instance: Annotated[str, BeforeValidator(_text), Field(pattern=r"^[A-Za-z0-9_.-]{1,32}$")] = "VI_1"
    version: Literal[2, 3] = 2
    router_id: Integer = Field(51, ge=1, le=255)
    advert_int: Seconds = 1.0
    """Seconds between advertisements; whole ones in version 2."""
    auth_pass: Annotated[str, BeforeValidator(_text), Field(pattern=r"^[!#%-\[\]-z|~]{1,8}$")] | None = "1111"
    """Clear text on the wire, so no secret; version 3 has none and ignores it.

    1-8 printable ASCII characters but `"`, `\\`, `$`, `{` and `}`, which keepalived's own parser trips over.
    """
    preempt: bool = True


class CheckTiming(Part):
    """When keepalived runs the check script, and how often it must fail (our script)."""

    interval: Integer = Field(2, ge=1, le=255)
    fall: Integer = Field(2, ge=1, le=255)


class OpenResty(Part):
    """The HTTP entry on both nodes."""

    port: Integer = Field(80, ge=1, le=65535)
    prefix: OpenRestyFolder = "/usr/local/openresty"
    unit: Text = Field("openresty.service", pattern=r"^[A-Za-z0-9][A-Za-z0-9@._-]*\.service$")
    restart_s: Annotated[float, Strict()] = Field(1.0, gt=0, le=60)
    """RestartSec of our unit."""


class Nacos(Part):
    """The three members behind the entries (table 4.2)."""

    members: tuple[Text, ...] = Field(
        ("192.168.42.128:8848", "192.168.42.128:8849", "192.168.42.128:8850"), min_length=1
    )


class Keepalived(Part):
    """What is built, and from where (chapter steps 1-3)."""

    version: Annotated[str, BeforeValidator(_text), Field(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")] = "2.1.5"
    archive: Text | None = None
    """A local source tarball; relative paths count from the repository's top."""
    sha256: Annotated[str, BeforeValidator(_text), Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """What the archive's SHA-256 must be; None: upstream's own is compared, and only warned about."""
    allow_substitute: bool | None = None
    """May the distribution's source stand in? None: in the lab yes, on ssh no."""
    prefix: KeepalivedFolder = "/usr/local/keepalived"


def _read(kind: Callable[[str], Read], said: str, what: str) -> Read:
    try:
        return kind(said)
    except ValueError as error:
        raise ValueError(f"{what}, {said!r}, is no IPv4 address: {error}") from error


class Site(Part):
    """One parameter file's `site:`. Cross-field rules: VRRP's own, and those that keepalived does not check."""

    substrate: Literal["lab", "ssh"] = "lab"
    lab: Lab = Lab()
    disruption: Literal["none", "faults", "demonstrations"] | None = None
    """What may be disturbed; None: `faults` in the lab, `none` on ssh."""
    nodes: Nodes = Nodes()
    interface: Text = Field("ens33", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$")
    vip: Text = "192.168.42.130/24"
    vrrp: Vrrp = Vrrp()
    check_script: Literal["chapter", "fixed"] = "fixed"
    weight: Integer | None = Field(None, ge=-253, le=253)
    """Of the check script; None: 0 with ours, -20 with the chapter's."""
    check: CheckTiming = CheckTiming()
    openresty: OpenResty = OpenResty()
    nacos: Nacos = Nacos()
    keepalived: Keepalived = Keepalived()
    observer: Literal["ssh", "controller", "none"] = "ssh"
    """Who measures: a third machine, this one, or nobody (then trials are SKIPPED: 09-11; 8.12, too)."""
    observer_machine: Machine | None = Machine(name="observer", address="192.168.42.131")
    client_machine: Machine | None = Machine(name="client", address="192.168.42.132")

    @model_validator(mode="before")
    @classmethod
    def _no_machine_of_the_labs(cls, said: Any) -> Any:
        """On ssh there is no observer and no client but those that are named: the lab's addresses may be anybody's."""
        if not isinstance(said, dict) or said.get("substrate") != "ssh":
            return said
        alone = {} if "observer_machine" in said else {"observer": "none"}
        return {"observer_machine": None, "client_machine": None, **alone, **said}

    @property
    def vip_address(self) -> str:
        """The VIP without its prefix length."""
        return self.vip.partition("/")[0]

    @property
    def effective_weight(self) -> int:
        """The check script's weight with its default resolved."""
        if self.weight is not None:
            return self.weight
        return FIXED_WEIGHT if self.check_script == "fixed" else CHAPTER_WEIGHT

    @property
    def may_substitute(self) -> bool:
        """Whether the distribution's keepalived source may stand in for upstream's."""
        allowed = self.keepalived.allow_substitute
        return self.substrate == "lab" if allowed is None else allowed

    @property
    def effective_disruption(self) -> str:
        """What the site allows, with its default resolved."""
        return self.disruption or ("faults" if self.substrate == "lab" else "none")

    def allows(self, disruption: Literal["faults", "demonstrations"]) -> bool:
        """Whether the site allows this much disruption: none < faults < demonstrations."""
        return DISRUPTIONS.index(disruption) <= DISRUPTIONS.index(self.effective_disruption)

    @property
    def machines(self) -> tuple[Machine, ...]:
        """Every machine of the site, the pair first, MASTER before BACKUP."""
        others = (self.observer_machine if self.observer == "ssh" else None, self.client_machine)
        return (*self.nodes.pair, *(m for m in others if m is not None))

    @model_validator(mode="after")
    def _priorities(self) -> Self:
        master, backup = self.nodes.pair
        if master.priority <= backup.priority:
            raise ValueError(
                f"nodes.master.priority ({master.priority}) must be above nodes.backup.priority ({backup.priority})"
            )
        return self

    @model_validator(mode="after")
    def _vip_beside_the_nodes(self) -> Self:
        vip = _read(ipaddress.IPv4Interface, self.vip, "vip")
        addresses = {m.name: _read(ipaddress.IPv4Address, m.address, f"the address of {m.name}") for m in self.machines}
        if not re.fullmatch(r"[0-9.]+/[0-9]{1,2}", self.vip) or vip.network.prefixlen < 8:
            raise ValueError(f"vip {self.vip} needs its prefix length, 8 to 32: 192.168.42.130/24")
        for name, address in addresses.items():
            if address == vip.ip:
                raise ValueError(f"vip {vip.ip} is the address of {name}: it must be a free one")
        for node in self.nodes.pair:
            if addresses[node.name] not in vip.network:
                raise ValueError(f"vip {self.vip} is not in the network of {node.name} ({node.address})")
        if vip.ip in (vip.network.network_address, vip.network.broadcast_address) and vip.network.prefixlen < 31:
            raise ValueError(f"vip {vip.ip} is the network's own or its broadcast address")
        return self

    @model_validator(mode="after")
    def _distinct_machines(self) -> Self:
        for field in ("name", "address"):
            values = [getattr(m, field) for m in self.machines]
            if twice := next((v for v in values if values.count(v) > 1), None):
                raise ValueError(f"two machines have the {field} {twice}")
        if self.observer == "ssh" and self.observer_machine is None:
            raise ValueError("observer: ssh needs an observer_machine (or say observer: none)")
        return self

    @model_validator(mode="after")
    def _vrrp_versions(self) -> Self:
        v = self.vrrp
        if v.version == 2 and (v.advert_int != int(v.advert_int) or v.advert_int < 1):
            raise ValueError(f"vrrp.advert_int {v.advert_int}: VRRP version 2 knows whole seconds only (version: 3)")
        if v.version == 3 and not SHORTEST_V3_S <= v.advert_int <= LONGEST_V3_S:
            carried = f"{SHORTEST_V3_S}-{LONGEST_V3_S} s"
            raise ValueError(f"vrrp.advert_int {v.advert_int}: version 3 carries {carried} (RFC 5798 5.2.7)")
        return self

    @model_validator(mode="after")
    def _members(self) -> Self:
        for member in self.nacos.members:
            host, _, port = member.rpartition(":")
            if not re.fullmatch(MEMBER, member) or not 0 < int(port) < 65536:
                raise ValueError(f"nacos.members: {member!r} is not ADDRESS:PORT")
            if host.lower() == "localhost" or host.startswith(("127.", "0.")):
                raise ValueError(f"nacos.members: {member!r} is another machine for each entry: give its LAN address")
            if member in {f"{n.address}:{self.openresty.port}" for n in self.nodes.pair}:
                raise ValueError(f"nacos.members: {member!r} is where OpenResty itself listens")
        if len(set(self.nacos.members)) < len(self.nacos.members):
            raise ValueError("nacos.members: the same member stands there twice")
        return self


def site_with(model: Site, parameters: Mapping[str, object]) -> Site:
    """The site with some parameters replaced, by their dotted names. Raises ParameterError. Pure."""
    values = model.model_dump()
    for name, value in parameters.items():
        *parts, last = name.split(".")
        place = values
        for part in parts:
            place = place[part]
        place[last] = value
    return parse_site(values)


def parse_site(values: object) -> Site:
    """The Site of what stood under `site:` (a mapping). Pure.

    Raises ParameterError, one sentence for the first thing wrong, the nearest known name for an unknown one.
    """
    if not isinstance(values, dict):
        raise ParameterError(f"site is {_kind(values)}, not a mapping.", "See parameters/lab.yaml for its shape.")
    try:
        return Site.model_validate(values)
    except ValidationError as error:
        raise ParameterError(*_explain(error)) from error


def _kind(value: object) -> str:
    return {"list": "a list", "NoneType": "empty", "str": "text"}.get(type(value).__name__, type(value).__name__)


def _explain(error: ValidationError) -> tuple[str, str]:
    """The first problem as a sentence, and what to do about it."""
    # A misspelt name is also a missing one: the misspelt one is what to say.
    first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        names = list(_names_at(first["loc"][:-1]))
        near = difflib.get_close_matches(str(first["loc"][-1]), names, n=1, cutoff=0.5)
        meant = f"Did you mean {near[0]!r}?" if near else f"Known here: {', '.join(names)}."
        return f"site.{where} is no parameter.", meant
    if first["type"] == "missing":
        return f"site.{where} is missing.", "See parameters/lab.yaml for every parameter."
    what = first["msg"].removeprefix("Value error, ")
    at = f"site.{where} = {first['input']!r}: " if where else ""
    more = len(error.errors()) - 1
    also = f" ({more} more after it.)" if more else ""
    return f"{at}{what}.", f"Correct it in the parameter file or the -p that set it.{also}"


def _names_at(path: tuple[int | str, ...]) -> Iterator[str]:
    """The names that the model knows at a dotted path."""
    model: Any = Site
    for part in path:
        annotation = model.model_fields[part].annotation
        model = next((a for a in getattr(annotation, "__args__", (annotation,)) if isinstance(a, type)), annotation)
    yield from model.model_fields
