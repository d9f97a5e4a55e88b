"""A fault, its outage and its prediction on one clock: trials, series, comparisons, and the checks that judge them."""
