"""Claims about speed, measured: ratios against what a user would pick instead, in one run."""
