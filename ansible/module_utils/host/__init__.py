"""The former name of ``puerto``, by which the units and timers on hosts call releases of either name."""
