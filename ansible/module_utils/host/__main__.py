"""``python3 -m host`` does what ``python3 -m puerto`` does."""

import runpy

runpy.run_module("puerto", run_name="__main__", alter_sys=True)
