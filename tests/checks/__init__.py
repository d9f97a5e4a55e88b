"""A package: tests/chapter has tests of the same names."""
