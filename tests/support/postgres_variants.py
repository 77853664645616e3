"""PostgreSQL servers that a fault needs: one with a full disk, one that follows another."""

import os
import signal
import subprocess

import psycopg2

from postgres_server import PostgresServer, program_folder
from supervised import ServerError, Supervised, wait_until


def restart_immediately(server):
    """SIGQUIT: no checkpoint, no goodbye; sessions end, the log is replayed at the start."""
    os.kill(server.pid, signal.SIGQUIT)
    wait_until(lambda: not server.alive, "the end of PostgreSQL", 30)
    server.stop()
    server.start()


class FullDiskServer(PostgresServer):
    """Has a tablespace `small` on a tmpfs of `size`, which fill() fills and empty() empties.

    The tmpfs is mounted in a mount namespace of the server's own: it goes with the server,
    whatever ends that.
    """

    def __init__(self, size="8m"):
        self._size = size
        super().__init__()
        self._small = os.path.join(self.folder, "small")
        os.mkdir(self._small)

    @staticmethod
    def reason_to_skip():
        """Why there cannot be one here, or None."""
        if os.geteuid() != 0:
            return "mounting a tmpfs needs root"
        done = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        return None if done.returncode == 0 else f"no tmpfs can be mounted: {done.stdout.strip()}"

    def start(self):
        user = self._user
        script = ('mount -t tmpfs -o size="$1",mode=700,uid="$2",gid="$3" tmpfs "$4" && shift &&'
                  ' exec setpriv --reuid "$1" --regid "$2" --clear-groups --pdeathsig QUIT'
                  ' "$4" -D "$5"')
        self._run = Supervised(
            ["unshare", "-m", "sh", "-c", script, "sh", self._size, str(user.pw_uid),
             str(user.pw_gid), self._small, os.path.join(program_folder(), "postgres"), self.data],
            log=self.log, stop="SIGINT", orphan_signal="SIGQUIT", remove=self._folders,
            ports=[self._port])
        wait_until(self._is_ready, f"PostgreSQL at 127.0.0.1:{self.port}", 60)
        self._query(f"CREATE TABLESPACE small LOCATION '{self._small}'")
        return self

    def _query(self, statement):
        connection = psycopg2.connect(self.url, connect_timeout=5)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()

    @property
    def _filler(self):
        # The server's own view of the folder.
        return f"/proc/{self.pid}/root{self._small}/filler"

    def fill(self):
        with open(self._filler, "wb", buffering=0) as file:
            try:
                while file.write(b"\0" * 4096):
                    pass
            except OSError as error:
                if error.errno != 28:  # ENOSPC
                    raise

    def empty(self):
        if os.path.exists(self._filler):
            os.remove(self._filler)


class ReplicaServer(PostgresServer):
    """A streaming replica of `primary`, made by pg_basebackup."""

    def __init__(self, primary):
        self._primary = primary
        super().__init__()
        self.password = primary.password
        self.url = self.database_url("postgres")

    def _initialise(self):
        done = subprocess.run(
            [os.path.join(program_folder(), "pg_basebackup"), "-D", self.data, "-R", "-X", "stream",
             "-c", "fast", "--no-sync", "-d", self._primary.url], cwd="/",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False, **self._as_server_user())
        if done.returncode != 0:
            raise ServerError(f"pg_basebackup ended with {done.returncode}:\n{done.stdout}")
        with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="utf-8") as file:
            file.write(f"port = {self.port}\nunix_socket_directories = '{self.sockets}'\n")

    def query(self, statement):
        connection = psycopg2.connect(self.url, connect_timeout=5)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def stop_following(self):
        """What the primary commits from now on does not come here any more."""
        self.query("ALTER SYSTEM SET primary_conninfo = ''")
        self.query("SELECT pg_reload_conf()")
        wait_until(lambda: not self.query("SELECT 1 FROM pg_stat_wal_receiver"),
                   "the end of the replication", 20)

    def promote(self):
        self.query("SELECT pg_promote(true, 60)")
        wait_until(lambda: self.query("SELECT pg_is_in_recovery()") == [(False,)],
                   "the promotion", 60)
