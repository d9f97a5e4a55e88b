"""What a configuration promises: timers, bands, the exact moment, the distribution. Pure; knows no host."""
