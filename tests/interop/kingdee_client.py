"""The vendor's own client of 星空, in a process of its own: one step per line of standard input.

A step is ``["Save", form, data]`` as JSON; each answer goes to standard output as one line. The
client is foreign code that prints and warns as it likes: here it cannot disturb a test.
"""

from __future__ import annotations

import json
import sys

from k3cloud_webapi_sdk.main import K3CloudApiSdk


def main() -> None:
    url, acct_id, user, app_id, secret = sys.argv[1:]
    client = K3CloudApiSdk(url)
    client.InitConfig(acct_id, user, app_id, secret, url, lcid=2052, org_num=0)
    for line in sys.stdin:
        operation, *arguments = json.loads(line)
        try:
            told = json.loads(getattr(client, operation)(*arguments))
        except RuntimeError as error:
            told = {"failed": str(error)}
        print("ANSWER " + json.dumps(told), flush=True)


main()
