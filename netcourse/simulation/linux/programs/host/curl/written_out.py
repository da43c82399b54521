"""``curl --write-out``: a text with variables that tell of a transfer (src/tool_writeout.c)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from netcourse.simulation.linux.clock import SECOND
from netcourse.simulation.linux.process import Process
from netcourse.simulation.linux.programs.busybox.options import Complaint
from netcourse.simulation.linux.programs.host.curl.transfer import Progress

_ESCAPES = {r"\n": "\n", r"\t": "\t", r"\r": "\r"}
_UNSIMULATED = ("json", "header_json", "certs", "num_certs", "ftp_entry_path", "proxy_ssl_verify_result",
                "ssl_verify_result")


def write(process: Process, text: str, values: Mapping[str, str]) -> None:
    """Print ``text`` with its variables; %{stderr} and %{stdout} tell where what follows goes. Raises Complaint."""
    for typed, meant in _ESCAPES.items():
        text = text.replace(typed, meant)
    show: Callable[[str], None] = process.write
    ways: dict[str, Callable[[str], None]] = {"stdout": process.write,
                                              "stderr": lambda part: process.stderr.write(part.encode())}
    for part in re.split(r"(%\{\w+\}|%%)", text):
        name = part[2:-1] if part.startswith("%{") else ""
        if name in ways:
            show = ways[name]
        elif name in _UNSIMULATED:
            raise Complaint(f"curl: --write-out {part} is not simulated", 2)
        elif name and name not in values:
            process.complain(f"curl: unknown --write-out variable: '{name}'")
        elif part:
            show(values[name] if name else "%" if part == "%%" else part)


def variables(progress: Progress, *, name: str, url: str, number: int, failure: tuple[int, str]) -> dict[str, str]:
    """``name`` is that of the file that the page went to; ``failure`` the exit code and what is said of it."""
    response, end = progress.response, progress.times["total"]
    speeds = {direction: str(count * SECOND // max(end, 1))
              for direction, count in (("download", response.received), ("upload", progress.uploaded))}
    content = re.search(rb"(?im)^content-type: *([^\r\n]*)", response.head)
    version = re.match(rb"HTTP/([\d.]+)", response.head)
    times = {f"time_{key}": f"{value / SECOND:.6f}" for key, value in progress.times.items()}
    code, said = failure
    return times | {
        "http_code": f"{response.status:03}", "response_code": f"{response.status:03}", "http_connect": "000",
        "size_download": str(response.received), "size_upload": str(progress.uploaded),
        "size_header": str(progress.head_bytes), "size_request": str(progress.sent_bytes),
        "speed_download": speeds["download"], "speed_upload": speeds["upload"],
        "remote_ip": progress.remote[0] if progress.remote else "", "local_ip": progress.local[0],
        "remote_port": str(progress.remote[1]) if progress.remote else "0", "local_port": str(progress.local[1]),
        "content_type": content[1].decode() if content else "", "http_version": version[1].decode() if version else "0",
        "method": progress.method, "scheme": "HTTP", "num_connects": str(progress.connects),
        "num_redirects": str(progress.redirects), "redirect_url": progress.redirect_url, "referer": progress.referer,
        "num_headers": str(max(0, response.head.count(b"\n") - 2)), "filename_effective": "" if name == "-" else name,
        "url": url, "url_effective": progress.url, "urlnum": str(number), "exitcode": str(code), "errormsg": said}
