"""The app's own OpenAPI document: responses are checked against it, and what of it the scenarios cover is counted."""
