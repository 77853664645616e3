"""Fresh databases in a PostgreSQL server, and queries against them."""

import dataclasses
import secrets
import urllib.parse

import psycopg2


@dataclasses.dataclass(frozen=True)
class Database:
    url: str

    @property
    def parts(self):
        """host, port, user, password, name: as the environment names of profiles want them."""
        url = urllib.parse.urlsplit(self.url)
        return {"host": url.hostname, "port": url.port, "user": url.username,
                "password": url.password, "name": url.path.lstrip("/")}

    def query(self, statement, *arguments):
        """Rows as tuples; numeric columns as decimal.Decimal. A transaction of its own. Rows of no
        column are none: the driver does not tell them from a statement that answers nothing."""
        connection = psycopg2.connect(self.url, connect_timeout=5)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement, arguments or None)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def value(self, statement, *arguments):
        """The one column of the one row."""
        (row,) = self.query(statement, *arguments)
        (value,) = row
        return value


def create_database(server_url):
    """An empty database with a name of its own in the server of that superuser's URL."""
    name = "test_" + secrets.token_hex(6)
    Database(server_url).query(f'CREATE DATABASE "{name}"')
    return Database(urllib.parse.urlsplit(server_url)._replace(path="/" + name).geturl())


def drop_database(server_url, database):
    Database(server_url).query(f'DROP DATABASE IF EXISTS "{database.parts["name"]}" WITH (FORCE)')
