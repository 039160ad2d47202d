"""The optional C extension; everything else is in pyproject.toml.

Without a compiler, or with one that fails, the installation goes on without it and the digest engine
runs on hashlib (`kho doctor` says so).
"""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "repository.digest._native",
            ["repository/digest/_native.c"],
            extra_compile_args=["-O3", "-Wall", "-Wextra", "-Wno-psabi", "-pthread"],
            extra_link_args=["-pthread"],
            py_limited_api=True,
            optional=True,
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
