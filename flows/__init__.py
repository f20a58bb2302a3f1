"""Prefect flows: the library's stages as tasks, with retries, limits, reports and schedules."""
