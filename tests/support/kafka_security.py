"""A Kafka whose clients log in by a password or come over TLS, and what they need for that."""

import os
import subprocess

from kafka_server import KafkaServer

USER, PASSWORD = "reader", "right-password"


class SecureKafka(KafkaServer):
    """Listeners beside the open one: LOGIN (SASL_PLAINTEXT, PLAIN) and TLS (SSL).

    `authority` is the certificate that signed the broker's, `stranger` one that did not.
    """

    def __init__(self):
        super().__init__({"LOGIN": "SASL_PLAINTEXT", "TLS": "SSL"})
        self.authority = self._authority("authority")
        self.stranger = self._authority("stranger")
        self.configure(
            "sasl.enabled.mechanisms=PLAIN\n"
            "listener.name.login.plain.sasl.jaas.config="
            "org.apache.kafka.common.security.plain.PlainLoginModule required "
            f'user_{USER}="{PASSWORD}";\n'
            "listener.name.tls.ssl.keystore.type=PEM\n"
            f"listener.name.tls.ssl.keystore.location={self._broker_key()}\n")

    def _path(self, name):
        return os.path.join(self.folder, name)

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)

    def _authority(self, name):
        certificate = self._path(name + ".pem")
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout",
                      self._path(name + ".key"), "-out", certificate)
        return certificate

    def _broker_key(self):
        request, names, whole = (self._path(name) for name in ("broker.csr", "broker.ext",
                                                               "broker.pem"))
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-subj", "/CN=broker", "-keyout", self._path("broker.key"), "-out", request)
        with open(names, "w", encoding="utf-8") as file:
            file.write("subjectAltName=IP:127.0.0.1\n")
        self._openssl("x509", "-req", "-in", request, "-days", "2", "-CA", self.authority,
                      "-CAkey", self._path("authority.key"), "-CAcreateserial", "-extfile", names,
                      "-out", self._path("broker.crt"))
        with open(whole, "w", encoding="utf-8") as file:
            for part in ("broker.key", "broker.crt"):
                with open(self._path(part), encoding="utf-8") as source:
                    file.write(source.read())
        return whole

    def by_login(self, password=PASSWORD):
        """Settings of a tradepulse that logs in."""
        return {"kafka.brokers": self.address["LOGIN"], "kafka.properties": {
            "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN",
            "sasl.username": USER, "sasl.password": password}}

    def by_tls(self, trusted=None):
        """Settings of a tradepulse that comes over TLS."""
        return {"kafka.brokers": self.address["TLS"], "kafka.properties": {
            "security.protocol": "SSL", "ssl.ca.location": trusted or self.authority}}
