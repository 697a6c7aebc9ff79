"""How the starter model is made: a miniature of the SDXL architecture, from openly licensed art.

Run ``python -m recipes.starter`` from the repository root; README.md tells what it costs.
"""
