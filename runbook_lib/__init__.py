"""A runbook that proves itself: two OpenResty entries, one floating IP, three Nacos nodes."""
