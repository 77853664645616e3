"""scripts/install-dependencies, with dpkg and apt replaced by recording fakes."""

import os
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCRIPT = os.path.join(ROOT, "scripts", "install-dependencies")


class Machine:
    """A PATH in which dpkg-query knows `installed` and every changing command is recorded."""

    def __init__(self, folder):
        self.calls = folder / "calls"
        self.calls.touch()
        self.installed = folder / "installed"
        self.installed.touch()
        self.path = folder / "bin"
        self.path.mkdir()
        self.add("dpkg-query", f'for package in $(cat "{self.installed}"); do '
                               'printf "installed:%s " "$package"; done')
        for name in ("apt-get", "sudo", "systemctl", "service", "update-rc.d"):
            self.add(name, f'echo "{name} $*" >> "{self.calls}"')
        for name in ("curl", "java", "mvn", "git"):
            self.add(name, "")

    def add(self, name, body):
        program = self.path / name
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)

    def run(self, *arguments):
        # Nobody's uid where that can be had: the script then goes through the fake sudo and
        # cannot change this machine.
        user = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        return subprocess.run(["bash", "-s", "--", *arguments], input=self.script(),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              cwd="/", env={"PATH": f"{self.path}:/usr/bin:/bin"},
                              check=False, **user)

    @staticmethod
    def script():
        with open(SCRIPT, encoding="utf-8") as file:
            return file.read()


@pytest.fixture(name="machine")
def machine_fixture(open_path):
    machine = Machine(open_path)
    machine.calls.chmod(0o666)
    return machine


def packages(*arguments):
    return subprocess.run([SCRIPT, "--list", *arguments], stdout=subprocess.PIPE, text=True,
                          check=True).stdout.split()


def test_does_nothing_where_nothing_is_missing(machine):
    machine.installed.write_text(" ".join(packages()))
    done = machine.run()
    assert done.returncode == 0, done.stdout
    assert machine.calls.read_text() == ""
    assert "are there" in done.stdout


def test_installs_only_what_is_missing(machine):
    machine.installed.write_text(" ".join(set(packages()) - {"kcat", "ninja-build"}))
    done = machine.run()
    assert done.returncode == 0, done.stdout
    installs = [line for line in machine.calls.read_text().splitlines() if " install " in line]
    assert len(installs) == 1
    assert installs[0].startswith("sudo env DEBIAN_FRONTEND=noninteractive apt-get ")
    assert installs[0].endswith("--no-install-recommends ninja-build kcat")


def test_keeps_the_services_of_new_packages_off(machine):
    machine.installed.write_text(" ".join(set(packages()) - {"prometheus"}))
    done = machine.run()
    assert done.returncode == 0, done.stdout
    calls = machine.calls.read_text()
    assert "disable" in calls and "prometheus" in calls
    assert "stay off: prometheus" in done.stdout


def test_leaves_services_that_were_there_alone(machine):
    machine.installed.write_text(" ".join(set(packages()) - {"kcat"}))
    machine.run()
    calls = machine.calls.read_text()
    assert "postgresql" not in calls and "prometheus" not in calls


def test_installs_no_second_java_or_maven(machine):
    machine.installed.write_text(" ".join(set(packages()) - {"kcat"}))
    machine.run()
    calls = machine.calls.read_text()
    assert "default-jre" not in calls and "maven" not in calls


def test_build_only_is_a_part_of_no_tests_and_that_of_all():
    build, run, everything = packages("--build-only"), packages("--no-tests"), packages()
    assert set(build) < set(run) < set(everything)
    assert "g++" in build and "postgresql" not in build
    assert "postgresql" in run and "prometheus" not in run


def test_an_unknown_option_is_a_usage_error(machine):
    assert machine.run("--wrong").returncode == 64
    assert machine.calls.read_text() == ""


def test_says_what_apt_could_not_install(machine):
    machine.installed.write_text(" ".join(set(packages()) - {"kcat"}))
    machine.add("sudo", 'case "$*" in *" install "*) exit 100 ;; esac')
    done = machine.run()
    assert done.returncode == 69
    assert "apt-get could not install: kcat" in done.stdout


def test_the_compiler_of_the_fuzz_targets_comes_only_where_it_is_asked_for():
    compilers = {"clang-14", "libclang-rt-14-dev"}
    assert compilers <= set(packages("--fuzz")) and not compilers & set(packages())
    assert set(packages()) <= set(packages("--fuzz"))
