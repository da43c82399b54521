"""The programs of a busybox container, by name."""

from netcourse.simulation.linux.process import Program
from netcourse.simulation.linux.programs.busybox import (
    arp,
    columns,
    conditions,
    grep,
    httpd,
    identity,
    ifconfig,
    ip,
    ls,
    moving,
    nc,
    netstat,
    nslookup,
    ping,
    route,
    sed,
    sort,
    starters,
    sysctl,
    system,
    text,
    traceroute,
    wget,
    words,
)
from netcourse.simulation.linux.programs.busybox.unsimulated import names, unsimulated
from netcourse.simulation.linux.shell import sh

PROGRAMS: dict[str, Program] = dict.fromkeys(names(), unsimulated) | {
    "[": conditions.test, "[[": conditions.test, "arp": arp.arp, "ash": sh, "basename": words.basename,
    "cat": text.cat, "cp": moving.copy, "cut": columns.cut, "date": words.date, "dirname": words.dirname,
    "dnsdomainname": system.dnsdomainname, "echo": text.echo, "egrep": grep.egrep, "env": starters.env,
    "false": system.false, "fgrep": grep.fgrep, "grep": grep.grep, "head": text.head, "hostname": system.hostname,
    "httpd": httpd.httpd, "id": identity.identity, "ifconfig": ifconfig.ifconfig, "ip": ip.ip, "ls": ls.ls,
    "mkdir": moving.make_directory, "mv": moving.move, "nc": nc.nc, "netstat": netstat.netstat,
    "nslookup": nslookup.nslookup, "ping": ping.ping, "ping6": ping.ping6, "printf": text.printf, "ps": system.ps,
    "pwd": system.pwd, "realpath": words.realpath, "rm": moving.remove, "rmdir": moving.remove_directory,
    "route": route.route, "sed": sed.sed, "seq": words.seq, "sh": sh, "sleep": system.sleep, "sort": sort.sort,
    "sysctl": sysctl.sysctl, "tail": text.tail, "tee": columns.tee, "test": conditions.test,
    "timeout": starters.timeout, "top": system.top, "touch": moving.touch, "tr": columns.tr,
    "traceroute": traceroute.traceroute, "true": system.true, "uname": system.uname, "uniq": columns.uniq,
    "wc": text.wc, "wget": wget.wget, "which": system.which, "whoami": identity.whoami, "xargs": starters.xargs,
    "yes": text.yes,
}
