"""moto's server on a free loopback port, for as long as the test that started it lives.

Prints the port once it listens. Ends when standard input does: that pipe is held by the test process, so nothing is left
behind even if the test is killed.

Two things are mended that keep moto 5.2.5 from enforcing permissions on CloudFront: without a body it takes the request's
parsed parameters for the signed body, so that no signature of a GET is right; and it asks every permission on "*".
"""

import logging
import sys

from moto.cloudfront.responses import CloudFrontResponse
from moto.iam.access_control import IAMRequestBase
from moto.server import ThreadedMotoServer

sign = IAMRequestBase._calculate_signature


def signature_of_the_body(self):
    parameters, self._data = self._data, {}
    try:
        return sign(self)
    finally:
        self._data = parameters


def resource(self):
    """The distribution that the path names; "*" for a call on none."""
    _, kind, *name = self.raw_path.strip("/").split("/")
    if kind != "distribution" or not name:
        return "*"
    return f"arn:aws:cloudfront::{self.current_account}:distribution/{name[0]}"


IAMRequestBase._calculate_signature = signature_of_the_body
CloudFrontResponse._determine_resource = resource

logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
