"""Write the files that a Nacos member has removed and then left unwritten.

Nacos 1.4.1 removes the files that it serves at each attempt of its first dump, and then takes what it remembers of the
attempt before, or of its Raft log, for unchanged: "config data not exist" for good (alibaba/nacos issue 7593). Its
database has them all. Here each is put back, unless the member has written it meanwhile.

Runs on the machine, in the member's home, beside the member at port PORT; on standard input its config-dump.log:

    … [dump-ignore] ignore to save cache file. groupKey=DATA_ID+GROUP+NAMESPACE, md5=…
"""

import http.client
import json
import os
import re
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

LEFT_OUT = re.compile(r"\[dump-ignore\].* groupKey=([^,]+),")
DATA = Path("data")


def from_database(port: int, data_id: str, group: str, namespace: str) -> str | None:
    """The configuration's content, once the member answers; None where its database has none (any more)."""
    asked = {"show": "all", "dataId": data_id, "group": group, "tenant": namespace}
    url = f"http://127.0.0.1:{port}/nacos/v1/cs/configs?{urllib.parse.urlencode(asked)}"
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                shown = answer.read()
            return json.loads(shown)["content"] if shown else None
        except (OSError, http.client.HTTPException):
            time.sleep(0.5)


def put_back(port: int, group_key: str) -> None:
    """Write the file of the configuration DATA_ID+GROUP+NAMESPACE (+ and % escaped), unless there is one."""
    data_id, group, namespace = [urllib.parse.unquote(part) for part in f"{group_key}+".split("+")[:3]]
    file = DATA.joinpath(*(["tenant-config-data", namespace] if namespace else ["config-data"]), group, data_id)
    content = None if file.exists() else from_database(port, data_id, group, namespace)
    if content is None:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    whole = DATA / "put-back"
    whole.write_text(content, encoding="utf-8", newline="")
    try:
        os.link(whole, file)  # whole at once, and never over what the member has written meanwhile
    except FileExistsError:
        pass
    finally:
        whole.unlink()


if __name__ == "__main__":
    for line in sys.stdin:
        if found := LEFT_OUT.search(line):
            put_back(int(sys.argv[1]), found[1])
