"""A real PostgreSQL cluster of Debian's package for one test run."""

import glob
import os
import pwd
import secrets
import shutil
import subprocess

from ports import Port
from supervised import ServerError, Supervised, SupervisedServer, tail, temporary_folder, wait_until

START_TIMEOUT_S = 60
USER = "tradepulse"

CONFIGURATION = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{sockets}'
max_connections = 200
logging_collector = off
log_line_prefix = '%m [%p] '
"""


def program_folder():
    """Debian keeps initdb and postgres out of PATH, one folder for each major version."""
    folders = glob.glob("/usr/lib/postgresql/*/bin")
    if not folders:
        raise ServerError("PostgreSQL is not installed: run scripts/install-dependencies")
    return max(folders, key=lambda path: int(path.split("/")[-2]))


def server_user():
    """PostgreSQL refuses to run as root; everybody else runs it as themselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServerError("neither the user postgres nor nobody exists")


class PostgresServer(SupervisedServer):
    """Guarantees: after start() returns, `url` is a superuser's and answers queries.

    Listens on 127.0.0.1 and on a unix socket in `sockets`. Asks for the password in `url`,
    so that other users of the machine cannot become superuser of it.
    """

    def __init__(self):
        self._port = Port()
        self._user = server_user()
        self.folder = temporary_folder("tradepulse-postgres-", self._user)
        self.sockets = self.folder
        self._folders = [self.folder]
        if len(self.folder) > 80:  # The path of a unix socket ends at 107 bytes.
            self.sockets = self._short_folder()
            self._folders.append(self.sockets)
        self.data = os.path.join(self.folder, "data")
        self.log = os.path.join(self.folder, "postgres.log")
        self.password = secrets.token_hex(8)
        self.port = self._port.number
        self.url = self.database_url("postgres")
        self._run = None
        self._initialise()

    def _short_folder(self):
        # Without TMPDIR, which is what made the path long.
        import tempfile
        folder = tempfile.mkdtemp(prefix="tradepulse-", dir="/tmp")
        if self._user is not None:
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        return folder

    def database_url(self, database):
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def _as_server_user(self):
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}

    def _initialise(self):
        password_file = os.path.join(self.folder, "password")
        with open(password_file, "w", encoding="utf-8") as file:
            file.write(self.password + "\n")
        if self._user is not None:
            os.chown(password_file, self._user.pw_uid, self._user.pw_gid)
        done = subprocess.run(
            [os.path.join(program_folder(), "initdb"), "-D", self.data, "-U", USER, "-E", "UTF8",
             "--locale=C.UTF-8", "-A", "scram-sha-256", "--pwfile", password_file, "--no-sync"],
            cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, check=False, **self._as_server_user())
        if done.returncode != 0:
            raise ServerError(f"initdb ended with {done.returncode}:\n{done.stdout}")
        with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(port=self.port, sockets=self.sockets))

    def start(self):
        # SIGINT is PostgreSQL's fast shutdown, SIGQUIT the immediate one: that one still
        # removes the shared memory, which SIGKILL would leave behind.
        self._run = Supervised(
            [os.path.join(program_folder(), "postgres"), "-D", self.data], log=self.log,
            stop="SIGINT", orphan_signal="SIGQUIT", user=self._user, remove=self._folders,
            ports=[self._port])
        wait_until(self._is_ready, f"PostgreSQL at 127.0.0.1:{self.port}", START_TIMEOUT_S)
        return self

    def _is_ready(self):
        import psycopg2
        if not self._run.alive:
            raise ServerError(f"PostgreSQL ended by itself:\n{tail(self.log)}")
        try:
            psycopg2.connect(self.url, connect_timeout=2).close()
            return True
        except psycopg2.OperationalError:
            return False

    def close(self):
        self.stop()
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)
        self._port.close()
