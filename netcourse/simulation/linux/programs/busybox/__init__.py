"""The programs of a busybox container, by name."""

from netcourse.simulation.linux.process import Program
from netcourse.simulation.linux.programs.busybox import (
    arp,
    columns,
    grep,
    httpd,
    identity,
    ifconfig,
    ip,
    ls,
    nc,
    netstat,
    nslookup,
    ping,
    route,
    sed,
    sort,
    sysctl,
    system,
    text,
    traceroute,
    wget,
)
from netcourse.simulation.linux.programs.busybox.unsimulated import names, unsimulated
from netcourse.simulation.linux.shell import sh

PROGRAMS: dict[str, Program] = dict.fromkeys(names(), unsimulated) | {
    "[": system.test, "arp": arp.arp, "ash": sh, "cat": text.cat, "cut": columns.cut,
    "dnsdomainname": system.dnsdomainname, "echo": text.echo, "egrep": grep.egrep, "env": system.env,
    "false": system.false, "fgrep": grep.fgrep, "grep": grep.grep, "head": text.head, "hostname": system.hostname,
    "httpd": httpd.httpd, "id": identity.identity, "ifconfig": ifconfig.ifconfig, "ip": ip.ip, "ls": ls.ls,
    "mkdir": system.make_directory, "nc": nc.nc, "netstat": netstat.netstat, "nslookup": nslookup.nslookup,
    "ping": ping.ping, "ping6": ping.ping6, "printf": text.printf, "ps": system.ps, "rm": system.remove,
    "route": route.route, "sed": sed.sed, "seq": system.seq, "sh": sh, "sleep": system.sleep, "sort": sort.sort,
    "sysctl": sysctl.sysctl, "tail": text.tail, "tee": columns.tee, "test": system.test, "top": system.top,
    "touch": system.touch, "tr": columns.tr, "traceroute": traceroute.traceroute, "true": system.true,
    "uname": system.uname, "uniq": columns.uniq, "wc": text.wc, "wget": wget.wget, "which": system.which,
    "whoami": identity.whoami, "yes": text.yes,
}
