"""The name that ``puerto`` had: units and timers on hosts call it, of releases that were made by either name."""
