"""All use of what other packages do not document; a module a package, each use with a test that says what moved."""
