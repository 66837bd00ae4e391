"""Rows into tables, plots, Markdown and HTML."""
