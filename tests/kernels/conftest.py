import pytest

from nndsl.runtime import cache


@pytest.fixture(scope="session", autouse=True)
def kernels_of_this_session(tmp_path_factory):
    """Kernels are compiled by the tests that use them, whatever an earlier session left."""
    cache.configure(tmp_path_factory.mktemp("kernels"))
