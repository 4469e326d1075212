"""Each generated file is as it would be generated now."""

import pytest

from deploy.base.paths import KIT
from deploy.generate.files import contents

FILES = contents()


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(KIT)))
def test_file_is_up_to_date(file):
    assert file.read_bytes() == FILES[file], "python3 -m deploy generate"
