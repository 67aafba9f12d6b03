"""moto's server on a free loopback port, for as long as the test that started it lives.

Prints the port once it listens. Ends when standard input does: that pipe is held by the test process, so nothing is left
behind even if the test is killed.
"""

import logging
import sys

from moto.server import ThreadedMotoServer

logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
