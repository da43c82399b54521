"""How often another host may be told something: error messages and redirects are rationed for each (RFC 1812 4.3.2.8).

One account a host serves all three rations, as in the kernel (net/ipv4/inetpeer.c; net/ipv4/route.c, ip_error and
ip_rt_send_redirect).
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from netcourse.simulation.linux.clock import MILLISECOND, SECOND, Clock
from netcourse.simulation.linux.settings import Settings

REFUSAL_COST = SECOND
MOST_ERRORS, MOST_REFUSALS = 6, 5 * SECOND
REDIRECT_INTERVAL = 20 * MILLISECOND
MOST_REDIRECTS = 9
REDIRECT_SILENCE = REDIRECT_INTERVAL << 10
KEPT_PEERS = 4096


@dataclass(slots=True)
class _Account:
    """``savings`` are nanoseconds without a message, which pay for messages."""

    last: int
    savings: int = 0
    redirects: int = 0

    def pays(self, now: int, most: int, cost: int) -> bool:
        self.savings = min(self.savings + now - self.last, most)
        self.last = now
        if self.savings < cost:
            return False
        self.savings -= cost
        return True


class Peers:
    """The hosts that this namespace has sent errors to."""

    def __init__(self, clock: Clock, settings: Settings) -> None:
        self._clock, self._settings = clock, settings
        self._accounts: dict[IPv4Address, _Account] = {}

    def _account(self, host: IPv4Address) -> _Account:
        account = self._accounts.get(host)
        if account is None:
            if len(self._accounts) >= KEPT_PEERS:
                del self._accounts[next(iter(self._accounts))]
            account = self._accounts[host] = _Account(self._clock.now - 60 * SECOND)
        return account

    def may_get_error(self, host: IPv4Address) -> bool:
        """One a second, or six at once after some silence; another time than a second is set as icmp_ratelimit."""
        cost = self._settings.get("icmp_ratelimit") * MILLISECOND
        return not cost or self._account(host).pays(self._clock.now, MOST_ERRORS * cost, cost)

    def may_get_refusal(self, host: IPv4Address) -> bool:
        """Asked before it is told that there is no route; the message itself is asked for once more."""
        return self._account(host).pays(self._clock.now, MOST_REFUSALS, REFUSAL_COST)

    def may_get_redirect(self, host: IPv4Address) -> bool:
        """Each time after twice the wait; who has ignored nine of them gets no more."""
        account, now = self._account(host), self._clock.now
        if now > account.last + REDIRECT_SILENCE:
            account.savings = account.redirects = 0
        if account.redirects >= MOST_REDIRECTS:
            account.last = now
            return False
        if account.redirects and now <= account.last + (REDIRECT_INTERVAL << account.redirects):
            return False
        account.last, account.redirects = now, account.redirects + 1
        return True
