"""What happens on the host: releases are prepared, probed, switched to and back. Standard library alone.

The Ansible modules `puerto_…` bring these files along; each release has them too, for its units and for people:
``cd /var/www/practica_flask/current && sudo python3 -m puerto --help``.
"""
