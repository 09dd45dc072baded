"""How a gateway listens: one frozen value, checked when it is made. Picklable, for workers.

What names callers may use is in the configuration's `[gateway]` table instead, which is reloaded
with it (`config/schema.py`).
"""

import ipaddress
from dataclasses import dataclass, field

from ..errors import ConfigError

__all__ = ["GatewaySettings", "is_loopback"]

WORKERS_MAX = 64


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """
    token              what callers must send as their API key; "" lets every caller of this
                       machine in, and is refused for any other address
    body_bytes_max     larger requests are answered 413
    calls_max          as many calls may be under way in one worker; others are answered 503
    send_stall_s       a caller that takes nothing for so long is given up
    graceful_s         how long calls may still run after SIGTERM
    access_log         one line a call, without its content
    """

    host: str = "127.0.0.1"
    port: int = 4010
    workers: int = 1
    token: str = field(default="", repr=False)
    body_bytes_max: int = 32 * 1024 * 1024
    calls_max: int = 1000
    send_stall_s: float = 60.0
    graceful_s: float = 30.0
    access_log: bool = False

    def __post_init__(self) -> None:
        if not self.token and not is_loopback(self.host):
            raise ConfigError(
                f"{self.host} can be reached from other machines, and anybody there could spend"
                " money: give --token (or LLMSIM_GATEWAY_TOKEN), or listen on 127.0.0.1"
            )
        for name in ("body_bytes_max", "calls_max", "send_stall_s", "graceful_s"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"{name} is {getattr(self, name)}; it must be more than 0")
        if not 1 <= self.workers <= WORKERS_MAX:
            raise ConfigError(f"workers is {self.workers}; it is from 1 to {WORKERS_MAX}")
