#!/bin/sh
# Written by runbook (chapter step 9). It only reports: status 0 when OpenResty answers here, another one when it doesn't.
# Starting OpenResty again is systemd's task (its unit says Restart=always), and moving the VIP is keepalived's.
# A request sees what `ps` can't: an OpenResty that hangs. It must end within keepalived's interval (2 s).
ENTRY="${ENTRY:-http://127.0.0.1:80/entry}"
exec curl --silent --fail --max-time 1 --output /dev/null "$ENTRY"
