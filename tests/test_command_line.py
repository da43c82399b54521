"""The ``netcourse`` command: what its verbs say and do."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import pytest
from click.testing import CliRunner
from docker.errors import NotFound

from netcourse.cli import main
from netcourse.real.docker.broom import LAB
from tests.conftest import HAS_UNIX_SOCKETS

NETCOURSE = (sys.executable, "-c", "from netcourse.cli import main; main()")
ON_UNIX = pytest.mark.skipif(not HAS_UNIX_SOCKETS, reason="no unix sockets here")
LEAVING = [number for number in signal.Signals if number.name in ("SIGINT", "SIGTERM")
           or (number.name == "SIGHUP" and signal.getsignal(number) is not signal.SIG_IGN)]


@pytest.fixture
def runner(simulated_address: str) -> CliRunner:
    """Runs a verb where DOCKER_HOST is a simulated engine."""
    return CliRunner(env={"DOCKER_HOST": simulated_address})


@pytest.fixture
def lonely(tmp_path: Path) -> CliRunner:
    """Runs a verb where nobody listens at DOCKER_HOST."""
    if not HAS_UNIX_SOCKETS:
        pytest.skip("no unix sockets here")
    return CliRunner(env={"DOCKER_HOST": f"unix://{tmp_path / 'nobody.sock'}"})


@pytest.fixture
def client(simulated_address: str) -> Iterator[docker.DockerClient]:
    with_client = docker.DockerClient(base_url=simulated_address)
    yield with_client
    with_client.close()


@pytest.fixture
def left_behind(client: docker.DockerClient) -> docker.DockerClient:
    """An engine with what a lab has left, and with a container and a network of the learner's own."""
    client.networks.create("nc-left", labels={LAB: "x"})
    client.containers.create("busybox", name="nc-left-web", network="nc-left", labels={LAB: "x"})
    client.networks.create("nc-own")
    client.containers.create("busybox", name="nc-own-web", network="nc-own")
    return client


def things(client: docker.DockerClient) -> list[str]:
    found = [*client.containers.list(all=True), *client.networks.list()]
    return sorted(thing.name for thing in found if thing.name.startswith("nc-"))


@contextmanager
def running_engine(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """``netcourse engine`` in a process of its own, and the DOCKER_HOST that it prints."""
    process = subprocess.Popen([*NETCOURSE, "engine", *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True)
    assert process.stdout is not None
    try:
        said = "".join(iter(process.stdout.readline, "Ctrl-C ends it, and everything in it.\n"))
        yield process, re.findall(r"DOCKER_HOST=(\S+)", said)[0]
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("verb", ["engine", "doctor", "lab", "clean"])
def test_each_verb_tells_what_it_is_for(verb: str) -> None:
    result = CliRunner().invoke(main, [verb, "--help"])

    assert result.exit_code == 0
    assert f"Usage: main {verb} [OPTIONS]" in result.output
    assert verb in CliRunner().invoke(main, ["--help"]).output


def test_the_doctor_names_the_engine_that_answers(runner: CliRunner, simulated_address: str) -> None:
    result = runner.invoke(main, ["doctor"])

    assert result.exit_code == 0
    assert f"Docker Engine   28.5.2 at {simulated_address} (DOCKER_HOST)\n" in result.output
    assert "                the image nicolaka/netshoot is there\n" in result.output


def test_the_doctor_says_which_image_has_to_be_pulled(runner: CliRunner, client: docker.DockerClient) -> None:
    client.images.remove("nicolaka/netshoot")

    result = runner.invoke(main, ["doctor"])

    assert ("                the image nicolaka/netshoot isn't there yet: a lesson pulls it when it needs it\n"
            in result.output)


def test_the_doctor_says_why_no_engine_answers(lonely: CliRunner, tmp_path: Path) -> None:
    result = lonely.invoke(main, ["doctor"])

    assert result.exit_code == 0
    assert (f"Docker Engine   none: unix://{tmp_path / 'nobody.sock'} (DOCKER_HOST): no socket there\n"
            in result.output)


def test_clean_removes_what_labs_left_and_nothing_else(runner: CliRunner, left_behind: docker.DockerClient) -> None:
    result = runner.invoke(main, ["clean"], input="y\n")

    assert result.output == "Remove nc-left-web, nc-left? [y/N]: y\nRemoved nc-left-web, nc-left.\n"
    assert things(left_behind) == ["nc-own", "nc-own-web"]


def test_clean_removes_nothing_when_the_answer_is_no(runner: CliRunner, left_behind: docker.DockerClient) -> None:
    result = runner.invoke(main, ["clean"], input="n\n")

    assert result.exit_code == 1
    assert things(left_behind) == ["nc-left", "nc-left-web", "nc-own", "nc-own-web"]


def test_clean_does_not_ask_when_told_yes(runner: CliRunner, left_behind: docker.DockerClient) -> None:
    result = runner.invoke(main, ["clean", "--yes"])

    assert result.output == "Removed nc-left-web, nc-left.\n"
    assert things(left_behind) == ["nc-own", "nc-own-web"]


def test_clean_says_that_nothing_was_left(runner: CliRunner) -> None:
    assert runner.invoke(main, ["clean"]).output == "Nothing was left behind.\n"


def test_clean_says_that_no_engine_answers(lonely: CliRunner) -> None:
    result = lonely.invoke(main, ["clean"])

    assert result.exit_code == 1
    assert "No Docker Engine answers, so there is nothing to clean" in result.output


@ON_UNIX
@pytest.mark.parametrize("number", LEAVING)
def test_a_signal_ends_the_engine_and_leaves_no_file(number: signal.Signals, tmp_path: Path) -> None:
    path = tmp_path / "docker.sock"
    with running_engine("--socket", str(path)) as (process, address):
        process.send_signal(number)

        assert (address, process.wait(10)) == (f"unix://{path}", 0)

    assert list(tmp_path.iterdir()) == []


@ON_UNIX
def test_ctrl_c_ends_an_engine_in_the_background_of_a_script(tmp_path: Path) -> None:
    """Where a shell without job control has it ignored."""
    path = tmp_path / "docker.sock"
    script = f'"$@" > {tmp_path}/said & until test -S {path}; do sleep 0.1; done; kill -INT $!; wait $!'

    ended = subprocess.run(["sh", "-c", script, "sh", *NETCOURSE, "engine", "--socket", str(path)], check=False,
                           timeout=30)

    assert (ended.returncode, path.exists()) == (0, False)


@ON_UNIX
def test_a_path_that_is_taken_is_told_in_one_sentence(tmp_path: Path) -> None:
    taken = tmp_path / "notes.txt"
    taken.write_text("mine")

    result = CliRunner().invoke(main, ["engine", "--socket", str(taken)])

    assert (result.exit_code, taken.read_text()) == (1, "mine")
    assert result.output == f"Error: {taken} exists already: choose another path, or remove it if no engine uses it\n"


def test_an_engine_has_either_a_port_or_a_socket(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["engine", "--tcp", "--socket", str(tmp_path / "docker.sock")])

    assert result.exit_code == 2
    assert "--tcp and --socket exclude each other" in result.output


@pytest.fixture(scope="module")
def tcp_address() -> Iterator[str]:
    """DOCKER_HOST of ``netcourse engine --tcp``."""
    with running_engine("--tcp") as (_, address):
        yield address


@pytest.fixture
def tcp_client(tcp_address: str) -> Iterator[docker.DockerClient]:
    with_client = docker.DockerClient(base_url=tcp_address)
    yield with_client
    with_client.close()


def test_a_container_runs_on_an_engine_behind_a_port(tcp_client: docker.DockerClient) -> None:
    assert tcp_client.containers.run("busybox", "echo hello", remove=True) == b"hello\n"


def test_a_command_runs_in_a_container_behind_a_port(tcp_client: docker.DockerClient) -> None:
    container = tcp_client.containers.run("busybox", "sleep 1000", name="nc-web", detach=True)

    assert container.exec_run("echo hello") == (0, b"hello\n")

    container.remove(force=True)


def test_an_engine_behind_a_port_answers_only_who_knows_its_token(tcp_address: str) -> None:
    without_token = tcp_address.rpartition("/")[0]
    stranger = docker.APIClient(base_url=without_token, version="1.51")

    with pytest.raises(NotFound):
        stranger.ping()

    stranger.close()
