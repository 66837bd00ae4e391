"""An example of a package that brings an implementation of a known suite, and a suite of its own."""
