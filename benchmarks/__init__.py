"""Claims about speed, measured: each module prints ratios against what a user would pick instead."""
