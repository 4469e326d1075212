"""Runs on a host with its own Python: shakes hands with its Nginx for a name, prints what was agreed on as JSON.

Arguments: Nginx's address, the name, the only version of TLS that is offered ("": all). Prints null if nothing was
agreed on.
"""

import json
import socket
import ssl
import sys

nginx, name, version = sys.argv[1:4]
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
context.set_alpn_protocols(["h2", "http/1.1"])
if version:
    context.set_ciphers("ALL:@SECLEVEL=0")  # so that it isn't this side that refuses an old version
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
try:
    connection = context.wrap_socket(socket.create_connection((nginx, 443), 10), server_hostname=name)
except OSError:
    print("null")
else:
    certificate = ssl.DER_cert_to_PEM_cert(connection.getpeercert(binary_form=True))
    answer = {"protocol": connection.selected_alpn_protocol(), "version": connection.version()}
    print(json.dumps(answer | {"certificate": certificate}))
