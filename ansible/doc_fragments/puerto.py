"""Options that several modules share, for ansible-doc."""


class ModuleDocFragment:
    DOCUMENTATION = """
options:
  root:
    description: The application's folder.
    type: str
    required: true
  unit:
    description: The unit's name, without .service.
    type: str
    required: true
"""

    OPERATOR = """
options:
  operator:
    description: Who deploys, C(name), and from where, C(origin).
    type: dict
"""

    LOCK = """
options:
  on_conflict:
    description: What to do if another operator is deploying.
    type: str
    choices: [refuse, wait, break]
    default: refuse
"""
