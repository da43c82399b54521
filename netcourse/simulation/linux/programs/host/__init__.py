"""The programs of a machine (and of nicolaka/netshoot) that differ from busybox's, by name."""

from netcourse.simulation.linux.process import Program
from netcourse.simulation.linux.programs.host.iptables import iptables, iptables_save
from netcourse.simulation.linux.programs.host.ping import ping

PROGRAMS: dict[str, Program] = {"iptables": iptables, "iptables-save": iptables_save, "ping": ping}
