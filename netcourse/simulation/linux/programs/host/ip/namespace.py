"""``ip netns``: namespaces that have a name, and programs within them."""

from __future__ import annotations

from netcourse.simulation.linux.live_files import LiveFile
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.process import Process, ProgramNotFound
from netcourse.simulation.linux.programs.busybox.options import Complaint
from netcourse.simulation.linux.programs.host.entering import fellow, run_inside
from netcourse.simulation.linux.programs.host.ip import printing, words
from netcourse.simulation.linux.programs.host.ip.words import Request

FOLDER = "/run/netns"


def named(process: Process, name: str) -> Namespace:
    """Raises Complaint."""
    if name not in process.files.namespaces:
        raise Complaint(f'Cannot open network namespace "{name}": No such file or directory', words.WRONG_WORD)
    return process.files.namespaces[name]


def target(request: Request, word: str) -> Namespace:
    """What ``netns WORD`` of ``ip link`` means: a name, or the process with this id. Raises Complaint."""
    if word in request.process.files.namespaces:
        return request.process.files.namespaces[word]
    process = fellow(request.process, int(word)) if word.isdigit() else None
    if process is None:
        raise words.wrong_argument(word, 'Invalid "netns" value')
    return process.namespace


def show(request: Request, _: list[str]) -> None:
    records = []
    for name, namespace in request.process.files.namespaces.items():
        number = request.namespace.known_number_of(namespace)
        records.append({"name": name} | ({} if number is None else {"id": number}))
    if "json" in request.options:
        printing.write_json(request, records)
        return
    for record in records:
        request.process.write(f"{record['name']}" + (f" (id: {record['id']})" if "id" in record else "") + "\n")


def add(request: Request, rest: list[str]) -> None:
    name = _only(rest)
    request.need_privilege()
    if name in request.process.files.namespaces:
        raise Complaint(f'Cannot create namespace file "{FOLDER}/{name}": File exists')
    new = Namespace(name, request.process.machine)
    new.forwarding = request.process.machine.root.forwarding
    files = request.process.files
    files.namespaces[name] = new
    files.mount_tree(FOLDER, lambda: {each: LiveFile(lambda: b"") for each in files.namespaces})


def refuse(verb: str, _: Request, __: list[str]) -> None:
    """Raises Complaint."""
    raise words.not_simulated(f"netns {verb}")


def delete(request: Request, rest: list[str]) -> None:
    name = _only(rest)
    request.need_privilege()
    if name not in request.process.files.namespaces:
        raise Complaint(f'Cannot remove namespace file "{FOLDER}/{name}": No such file or directory')
    request.process.machine.release(request.process.files.namespaces.pop(name))


def _only(rest: list[str]) -> str:
    if not rest:
        raise Complaint("No netns name specified", words.WRONG_WORD)
    return rest[0]


async def execute(request: Request, rest: list[str]) -> int:
    """``ip netns exec NAME PROGRAM ...``. Raises Complaint."""
    if len(rest) < 2:
        raise Complaint("No netns name specified" if not rest else "No command specified", words.WRONG_WORD)
    namespace = named(request.process, rest[0])
    request.need_privilege()
    try:
        return await run_inside(request.process, rest[1:], namespace, with_devices=True)
    except ProgramNotFound:
        raise Complaint(f'exec of "{rest[1]}" failed: No such file or directory') from None


def identify(request: Request, rest: list[str]) -> None:
    process = fellow(request.process, int(rest[0])) if rest and rest[0].isdigit() else request.process
    home = process.namespace if process is not None else None
    names = [name for name, namespace in request.process.files.namespaces.items() if namespace is home]
    request.process.write(("\n".join(names) or "") + "\n")


def pids(request: Request, rest: list[str]) -> None:
    namespace = named(request.process, _only(rest))
    for process in request.process.machine.processes.values():
        if process.namespace is namespace:
            request.process.write(f"{process.pid}\n")
