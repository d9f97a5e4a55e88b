"""Read a keepalived.conf as keepalived does: includes, definitions, `@host` conditions; each word has its place."""
