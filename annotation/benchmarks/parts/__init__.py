"""What suites are put together from."""
