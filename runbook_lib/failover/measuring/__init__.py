"""What was seen: the probe, the capture, the addresses, and, pure, the timeline that they make."""
