"""The programs of a machine (and of nicolaka/netshoot) that differ from busybox's, by name."""

from netcourse.simulation.linux.process import Program
from netcourse.simulation.linux.programs.host.bridge import bridge
from netcourse.simulation.linux.programs.host.curl import curl
from netcourse.simulation.linux.programs.host.dig import dig
from netcourse.simulation.linux.programs.host.entering import nsenter
from netcourse.simulation.linux.programs.host.ip import ip
from netcourse.simulation.linux.programs.host.iptables import iptables, iptables_restore, iptables_save
from netcourse.simulation.linux.programs.host.ping import ping

PROGRAMS: dict[str, Program] = {"bridge": bridge, "curl": curl, "dig": dig, "ip": ip, "iptables": iptables,
                                "iptables-restore": iptables_restore, "iptables-save": iptables_save,
                                "nsenter": nsenter, "ping": ping}
