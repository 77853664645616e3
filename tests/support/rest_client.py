"""REST as a client sees it: status, headers, body; numbers exact."""

import dataclasses
import decimal
import http.client
import json


@dataclasses.dataclass(frozen=True)
class Answer:
    status: int
    headers: dict  # Names in lower case.
    body: bytes

    def json(self):
        """Numbers with a point become decimal.Decimal: no digit is lost."""
        return json.loads(self.body, parse_float=decimal.Decimal)


class RestClient:
    """A connection for each request; a proxy of the environment is not used."""

    def __init__(self, port, host="127.0.0.1", timeout=10):
        self._address = (host, port)
        self._timeout = timeout

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(*self._address, timeout=self._timeout)
        try:
            if body is not None and not isinstance(body, (bytes, str)):
                body = json.dumps(body)
                headers = {"Content-Type": "application/json", **(headers or {})}
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())
        finally:
            connection.close()

    def get(self, path, headers=None):
        return self.request("GET", path, headers=headers)

    def post(self, path, body, headers=None):
        return self.request("POST", path, body, headers)
